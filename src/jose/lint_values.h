/*
** lint_values.h - members that look like secrets or personal data, by their
** name and by the shape of their value.
*/
#ifndef JWT_LINT_VALUES_H
#define JWT_LINT_VALUES_H

#include "json_value.h"

enum lint_kind {
    LOOKS_HARMLESS,
    LOOKS_LIKE_PASSWORD, /* also hashes of them */
    LOOKS_LIKE_SECRET,   /* API keys, private keys, tokens of other systems */
    LOOKS_LIKE_CARD_NUMBER,
    LOOKS_LIKE_NATIONAL_ID,
    LOOKS_LIKE_EMAIL,
    LOOKS_LIKE_PHONE,
    LOOKS_LIKE_BIRTH_DATE,
};

/* What a member looks like. `name` is a JSON_STRING; the worse of name and value decides. */
enum lint_kind lint_member_kind(struct json_value name, struct json_value value);

/* What a string alone looks like, by its shape. */
enum lint_kind lint_value_kind(struct json_value value);

#endif
