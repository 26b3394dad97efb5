/*
** lint.h - the mistakes that guides warn of, found in a token or in a payload
** before it is signed. Says nothing about validity, and reads no clock.
*/
#ifndef JWT_LINT_H
#define JWT_LINT_H

#include "fault.h"
#include "key.h"

enum lint_severity { LINT_INFO, LINT_WARNING, LINT_ERROR };

#define LINT_SUBJECT_MAX 64 /* bytes of a member's raw name; longer ones are not repeated */

/* What a rule found. All texts are static, but for the subject: a copy, because a token's text is gone when it is shown. */
struct lint_finding {
    enum lint_severity severity;
    const char *rule; /* its stable name, "exp-missing" */
    const char *message;
    const char *reference; /* an RFC section, "RFC 8725 3.1" */
    /* The raw JSON name of the member, or "a member" for a long one; of length 0: it is about none. */
    size_t subject_length;
    char subject[LINT_SUBJECT_MAX];
};

#define LINT_FINDINGS_MAX 64 /* more members than this with a finding each: the rest is not told */

struct lint_report {
    struct lint_finding findings[LINT_FINDINGS_MAX];
    size_t count;
};

/*
** Looks at `length` bytes: a compact token, or (where the first character that
** is not white space is '{') a payload. `keys`: the key that would verify or
** sign it, or NULL; `key_fault`: why the key argument could not be read, or
** NULL. Findings come worst first, then in the order of the rules. False when
** memory runs out.
*/
bool lint_text(struct lint_report *report, const char *text, size_t length,
    const struct key_set *keys, const struct fault *key_fault);

/* "error", "warning", "info". Static. */
const char *lint_severity_name(enum lint_severity severity);

#endif
