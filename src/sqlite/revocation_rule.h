/*
** revocation_rule.h - what a rule of a revocation table is: the claims that it
** names, and the one text that identifies it.
**
** A rule names one or more of seven match columns, or is a cut-off (it has an
** `issued_before`), or both. Which of these it is, is its kind: a bit a
** column, and one for the cut-off. The kind with the named values is the
** natural key of the rule.
*/
#ifndef JWT_REVOCATION_RULE_H
#define JWT_REVOCATION_RULE_H

#include "../jose/json_value.h"
#include "../jose/text.h"

/* In the order of the columns of the virtual table and of the shadow table's key. */
enum match_column {
    MATCH_JTI,
    MATCH_SID,
    MATCH_SUB,
    MATCH_CLIENT_ID,
    MATCH_AUD,
    MATCH_KID,
    MATCH_ISS,
    MATCH_COUNT,
};

#define KIND_OF(column) (1u << (column))
#define KIND_MATCH_MASK (KIND_OF(MATCH_COUNT) - 1)
#define KIND_CUT_OFF KIND_OF(MATCH_COUNT)
#define KIND_COUNT 256

/* The column's name, "client_id". Static. */
const char *match_column_name(enum match_column column);

/* Bytes that somebody else owns; `bytes` NULL: there are none. UTF-8, no NUL. */
struct rule_text {
    const char *bytes;
    size_t length;
};

/* A rule's natural key. Columns whose bit is not in `kind` are not looked at. */
struct rule_key {
    unsigned kind;
    struct rule_text match[MATCH_COUNT];
};

/*
** Appends the canonical text of a key: a JSON object of the columns that are
** set, in their order, then "issued_before":true for a cut-off.
*/
void rule_key_write(const struct rule_key *key, struct text *text);

/* A canonical text that was read; the key points into it and into the text. */
struct rule_reading {
    struct rule_key key;
    struct json_object object;
    char *decoded; /* memory_new(), or NULL */
};

enum rule_result { RULE_FINE, RULE_NONE, RULE_NO_MEMORY };

/*
** Reads what rule_key_write() wrote; RULE_NONE for any other text. `bytes` must
** outlive the reading; rule_reading_release() is due in every case.
*/
enum rule_result rule_key_read(struct rule_reading *reading, const char *bytes, size_t length);
void rule_reading_release(struct rule_reading *reading);

/* True where the bytes are what a claim can hold: UTF-8 without NUL, and not empty. */
bool rule_text_is_possible(const char *bytes, size_t length, bool *no_memory);

#endif
