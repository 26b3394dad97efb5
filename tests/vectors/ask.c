/*
** ask.c - see ask.h.
*/
#include "ask.h"

#include <stdlib.h>
#include <string.h>

#include "jose/signature.h"

/* Every token of the vectors fits the most that option max_length admits. */
#define LONGEST "{\"max_length\":1048576}"

/* The answer under a pretence; false where the extension is to be asked. */
static bool pretend(struct run *run, enum answer *answer)
{
    if (run->pretence == HONEST) return false;
    *answer = run->pretence == ACCEPTS_ALL ? ACCEPTED : REFUSED;
    sqlite3_snprintf(sizeof run->said, run->said, "made up");
    return true;
}

static bool is_given(sqlite3_value *value)
{
    return value != NULL && sqlite3_value_type(value) != SQLITE_NULL;
}

/*
** Runs `sql`, which answers a status and then whether each other function says
** the same. Functions that disagree stop the run: no count could say it.
*/
static enum answer ask_status(struct run *run, const char *sql, sqlite3_value *token,
    sqlite3_value *key, sqlite3_value *options)
{
    enum answer answer = REFUSED;
    sqlite3_stmt *row = run_prepare(run, sql);
    sqlite3_bind_value(row, 1, token);
    sqlite3_bind_value(row, 2, key);
    if (is_given(options)) {
        sqlite3_bind_value(row, 3, options);
    } else {
        sqlite3_bind_text(row, 3, LONGEST, -1, SQLITE_STATIC);
    }
    if (sqlite3_step(row) == SQLITE_ROW) {
        const char *status = run_text(row, 0);
        if (status == NULL) run_stop(run, "a status is NULL: %s", sql);
        sqlite3_snprintf(sizeof run->said, run->said, "%s", status);
        answer = strcmp(status, "ok") == 0 ? ACCEPTED : REFUSED;
        for (int i = 1; i < sqlite3_column_count(row); i++) {
            if (sqlite3_column_int(row, i) != 1) {
                run_stop(run, "functions disagree about a token (%s, column %d)", run->said, i);
            }
        }
    } else {
        sqlite3_snprintf(sizeof run->said, run->said, "%s", sqlite3_errmsg(run->db));
    }
    sqlite3_finalize(row);
    return answer;
}

enum answer ask_jws(struct run *run, sqlite3_value *jws, sqlite3_value *key, sqlite3_value *options)
{
    enum answer answer;
    if (pretend(run, &answer)) return answer;
    return ask_status(run,
        "SELECT status, (status = 'ok') = (payload IS NOT NULL),"
        /* The payload is the second segment, or what option payload said. */
        "  CASE WHEN payload IS NULL THEN 1 ELSE payload = coalesce("
        "    CAST(json_extract(CASE WHEN json_valid(?3) THEN ?3 END, '$.payload') AS BLOB),"
        "    from_base64url(substr(?1, instr(?1, '.') + 1,"
        "      instr(substr(?1, instr(?1, '.') + 1), '.') - 1))) END"
        " FROM (SELECT jws_status(?1, ?2, ?3) AS status, jws_verify(?1, ?2, ?3) AS payload)",
        jws, key, options);
}

enum answer ask_jwt(
    struct run *run, sqlite3_value *token, sqlite3_value *key, sqlite3_value *options)
{
    enum answer answer;
    if (pretend(run, &answer)) return answer;
    return ask_status(run,
        "SELECT status, (status = 'ok') = jwt_verify(?1, ?2, ?3),"
        "  (status = 'ok') = (claims IS NOT NULL),"
        "  CASE status WHEN 'ok' THEN jwt_claim(?1, '$', ?2, ?3) = claims"
        "    ELSE jwt_claim(?1, '$', ?2, ?3) IS NULL END,"
        "  CASE WHEN claims IS NULL THEN 1 ELSE CAST(claims AS BLOB) = from_base64url(substr(?1,"
        "    instr(?1, '.') + 1, instr(substr(?1, instr(?1, '.') + 1), '.') - 1)) END"
        " FROM (SELECT jwt_status(?1, ?2, ?3) AS status, jwt_claims(?1, ?2, ?3) AS claims)",
        token, key, options);
}

enum answer ask_key(struct run *run, sqlite3_value *key)
{
    enum answer answer = REFUSED;
    sqlite3_stmt *row;
    if (pretend(run, &answer)) return answer;
    row = run_prepare(run, "SELECT jwk_problem(?1)");
    sqlite3_bind_value(row, 1, key);
    if (!run_step(run, row)) run_stop(run, "jwk_problem has no answer");
    if (run_text(row, 0) == NULL) {
        answer = ACCEPTED;
        sqlite3_snprintf(sizeof run->said, run->said, "usable");
    } else {
        sqlite3_snprintf(sizeof run->said, run->said, "%s", run_text(row, 0));
    }
    sqlite3_finalize(row);
    return answer;
}

static unsigned char *from_hex(struct run *run, const char *hex, size_t *length)
{
    *length = strlen(hex) / 2;
    unsigned char *bytes = malloc(*length + 1);
    if (bytes == NULL) run_stop(run, "out of memory");
    for (size_t i = 0; i < *length; i++) {
        char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        char *end;
        bytes[i] = (unsigned char)strtoul(digits, &end, 16);
        if (end != digits + 2) run_stop(run, "not hex: %s", digits);
    }
    return bytes;
}

static void check_signature(struct run *run, const struct algorithm *algorithm,
    const struct key *key, const char *message, const char *signature)
{
    static const char *const results[] = { [SIGNATURE_GOOD] = "ok",
        [SIGNATURE_BAD] = "bad_signature",
        [SIGNATURE_NO_MEMORY] = "out of memory" };
    size_t message_length;
    size_t signature_length;
    unsigned char *data = from_hex(run, message, &message_length);
    unsigned char *bytes = from_hex(run, signature, &signature_length);
    enum signature_result result =
        signature_verify(key, algorithm, data, message_length, bytes, signature_length);
    sqlite3_snprintf(sizeof run->said, run->said, "%s", results[result]);
    free(data);
    free(bytes);
}

enum answer ask_signature(
    struct run *run, const char *name, const char *jwk, const char *message, const char *signature)
{
    enum answer answer;
    struct fault fault = { FAULT_NONE, "" };
    if (pretend(run, &answer)) return answer;
    if (name == NULL || jwk == NULL || message == NULL || signature == NULL) {
        run_stop(run, "a signature case lacks a part");
    }
    const struct algorithm *algorithm = algorithm_find(name, strlen(name));
    struct key_set *keys = key_set_read(jwk, strlen(jwk), false, &fault);
    if (algorithm == NULL) run_stop(run, "no algorithm %s", name);
    if (keys == NULL) {
        sqlite3_snprintf(sizeof run->said, run->said, "%s", fault.text);
        return REFUSED;
    }
    const struct key *key = &keys->keys[0];
    const char *refusal = key_refusal(key, algorithm, OPERATION_VERIFY, false);
    if (refusal != NULL) {
        sqlite3_snprintf(sizeof run->said, run->said, "key_unusable: %s", refusal);
    } else if ((key_algorithms(key, algorithm_bit(algorithm)) & algorithm_bit(algorithm)) == 0) {
        sqlite3_snprintf(sizeof run->said, run->said, "alg_not_allowed");
    } else {
        check_signature(run, algorithm, key, message, signature);
    }
    key_set_release(keys);
    return strcmp(run->said, "ok") == 0 ? ACCEPTED : REFUSED;
}
