/*
** status.c - see status.h.
*/
#include "status.h"

static const struct {
    const char *name;
    const char *remedy;
} statuses[STATUS_COUNT] = {
    [STATUS_OK] = { "ok", "nothing to do" },
    [STATUS_MALFORMED] = { "malformed",
        "pass a compact JWS: three base64url segments without padding, two dots, nothing else" },
    [STATUS_TOO_LARGE] = { "too_large",
        "refuse it, or raise option max_length if such tokens are expected" },
    [STATUS_BAD_HEADER] = { "bad_header", "the issuer must send a strict JSON header with alg" },
    [STATUS_CRIT_UNSUPPORTED] = { "crit_unsupported",
        "name the extension in option crit only if the application implements it" },
    [STATUS_ALG_NOT_ALLOWED] = { "alg_not_allowed",
        "use the key's own algorithm, or name another of its family in option alg" },
    [STATUS_KEY_MISSING] = { "key_missing", "pass a key: the key argument is NULL" },
    [STATUS_KEY_NOT_FOUND] = { "key_not_found",
        "load the issuer's current key set, or refuse a token of a key that was removed" },
    [STATUS_KEY_AMBIGUOUS] = { "key_ambiguous",
        "give each key of the set its own kid, and let the issuer send it" },
    [STATUS_KEY_UNUSABLE] = { "key_unusable", "see jwk_each(jwks).problem, and replace the key" },
    [STATUS_BAD_SIGNATURE] = { "bad_signature",
        "refuse it: it was changed, or another key signed it" },
    [STATUS_BAD_PAYLOAD] = { "bad_payload", "the issuer must sign a strict JSON object" },
    [STATUS_MISSING_CLAIM] = { "missing_claim", "let the issuer add the claim" },
    [STATUS_BAD_CLAIM] = { "bad_claim", "let the issuer send the claim with its registered type" },
    [STATUS_EXPIRED] = { "expired", "get a new token (refresh, or log in again)" },
    [STATUS_NOT_YET_VALID] = { "not_yet_valid", "wait, or compare clocks and set option leeway" },
    [STATUS_ISSUED_IN_FUTURE] = { "issued_in_future", "compare clocks and set option leeway" },
    [STATUS_TOO_OLD] = { "too_old", "log in again: option max_age demands a recent one" },
    [STATUS_ISS_MISMATCH] = { "iss_mismatch", "refuse it, or add the issuer to option iss" },
    [STATUS_AUD_MISMATCH] = { "aud_mismatch", "refuse it: it was issued for somebody else" },
    [STATUS_SUB_MISMATCH] = { "sub_mismatch", "refuse it: it speaks of another subject" },
    [STATUS_TYP_MISMATCH] = { "typ_mismatch", "refuse it: it is another kind of token" },
    [STATUS_CLAIM_MISMATCH] = { "claim_mismatch", "refuse it, or correct option claims" },
    [STATUS_SCOPE_MISSING] = { "scope_missing", "ask for a token with that scope" },
    [STATUS_CNF_MISMATCH] = { "cnf_mismatch",
        "check the proof of possession and pass its thumbprint in option jkt" },
    [STATUS_REVOKED] = { "revoked", "log in again" },
    [STATUS_REVOCATION_UNKNOWN] = { "revocation_unknown",
        "check the revocation table, and what it was made to require" },
};

const char *status_name(enum status status)
{
    return statuses[status].name;
}

const char *status_remedy(enum status status)
{
    return statuses[status].remedy;
}
