/*
** status.h - the verdicts: their codes (sql-surface: jwt_status) and remedies.
*/
#ifndef JWT_STATUS_H
#define JWT_STATUS_H

enum status {
    STATUS_OK,
    STATUS_MALFORMED,
    STATUS_TOO_LARGE,
    STATUS_BAD_HEADER,
    STATUS_CRIT_UNSUPPORTED,
    STATUS_ALG_NOT_ALLOWED,
    STATUS_KEY_MISSING,
    STATUS_KEY_NOT_FOUND,
    STATUS_KEY_AMBIGUOUS,
    STATUS_KEY_UNUSABLE,
    STATUS_BAD_SIGNATURE,
    STATUS_BAD_PAYLOAD,
    STATUS_MISSING_CLAIM,
    STATUS_BAD_CLAIM,
    STATUS_EXPIRED,
    STATUS_NOT_YET_VALID,
    STATUS_ISSUED_IN_FUTURE,
    STATUS_TOO_OLD,
    STATUS_ISS_MISMATCH,
    STATUS_AUD_MISMATCH,
    STATUS_SUB_MISMATCH,
    STATUS_TYP_MISMATCH,
    STATUS_CLAIM_MISMATCH,
    STATUS_SCOPE_MISSING,
    STATUS_CNF_MISMATCH,
    STATUS_REVOKED,
    STATUS_REVOCATION_UNKNOWN,
    STATUS_COUNT,
};

/* The code, "bad_signature". Static. */
const char *status_name(enum status status);

/* What a person can do about it, one sentence. Static. */
const char *status_remedy(enum status status);

#endif
