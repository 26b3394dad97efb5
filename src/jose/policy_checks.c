/*
** policy_checks.c - policy_checks_asked() of policy.h.
*/
#include "policy.h"

#define BIT(check) POLICY_CHECK_BIT(POLICY_CHECK_##check)

/* Types and times are checked whatever the options say. */
unsigned policy_checks_asked(const struct policy *policy)
{
    const struct {
        bool given;
        unsigned checks;
    } facts[] = {
        { policy->require.text != NULL, BIT(REQUIRED) },
        { policy->profile != PROFILE_NONE,
            BIT(REQUIRED) | BIT(PROFILE) | BIT(TYP) | BIT(AZP) | BIT(CNF) },
        { policy->has_max_age, BIT(REQUIRED) | BIT(MAX_AGE) },
        { policy->iss.text != NULL, BIT(ISS) },
        { policy->aud.text != NULL, BIT(AUD) },
        { policy->sub.text != NULL, BIT(SUB) },
        { policy->typ.text != NULL, BIT(TYP) },
        { policy->client_id.text != NULL, BIT(CLIENT_ID) },
        { policy->nonce.text != NULL, BIT(NONCE) },
        { policy->claims.text != NULL, BIT(CLAIMS) },
        { policy->scope.text != NULL, BIT(SCOPE) },
        { policy->jkt.text != NULL, BIT(CNF) },
    };
    unsigned checks = BIT(TYPES) | BIT(EXP) | BIT(NBF) | BIT(IAT);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (facts[i].given) checks |= facts[i].checks;
    }
    return checks;
}
