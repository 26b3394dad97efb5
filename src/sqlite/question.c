/*
** question.c - see question.h.
*/
#include "question.h"

SQLITE_EXTENSION_INIT3

#include "results.h"

static double read_clock(void *context)
{
    const struct question *question = context;
    return connection_clock(question->connection);
}

/* See verdict_services. */
static void expect_revocation(void *context, const struct verification *verification)
{
    struct question *question = context;
    revocation_expect(&question->revocation, question->mark, verification);
}

/* The verdict's last check: see verdict_services. */
static enum reached ask_revocation(
    void *context, const struct verification *verification, enum status *status)
{
    struct question *question = context;
    question->failure = revocation_ask(&question->revocation, question->connection, question->mark,
        verification, status, question->fault);
    return question->failure == SQLITE_OK ? REACHED : REACHED_ERROR;
}

/* Reads what the caller decides: policy and key. All mistakes of theirs are found before the token is looked at. */
static int read_caller(struct question *question, enum policy_use use, sqlite3_value *key,
    sqlite3_value *options, struct fault *fault)
{
    const char *refusal;
    int rc;
    question->policy = connection_policy(question->connection, options, use, fault);
    if (question->policy == NULL) return SQLITE_ERROR;
    rc = revocation_find(question->connection, question->policy, question->mark, fault);
    if (rc != SQLITE_OK || sqlite3_value_type(key) == SQLITE_NULL) return rc;
    question->keys = connection_key(question->connection, key, fault);
    if (question->keys == NULL) return SQLITE_ERROR;
    if (connection_has_accepted(question->connection, question->keys, question->policy)) {
        return SQLITE_OK;
    }
    refusal = key_set_refusal(question->keys, question->policy);
    if (refusal == NULL) {
        connection_accept(question->connection, question->keys, question->policy);
        return SQLITE_OK;
    }
    fault_set(fault, "key: %s", refusal);
    return SQLITE_ERROR;
}

int question_ask(struct question *question, struct connection *connection,
    struct revocation_mark *mark, enum policy_use use, sqlite3_value *token, sqlite3_value *key,
    sqlite3_value *options, struct fault *fault)
{
    const char *text;
    size_t length;
    bool no_memory = false;
    int rc;
    question->connection = connection;
    question->mark = mark;
    question->keys = NULL;
    question->policy = NULL;
    question->services = (struct verdict_services){ question, read_clock, expect_revocation,
        ask_revocation, connection->headers, connection->signatures };
    question->verification.buffer = NULL;
    question->fault = fault;
    question->failure = SQLITE_ERROR;
    rc = read_caller(question, use, key, options, fault);
    if (fault->kind == FAULT_MEMORY) return SQLITE_NOMEM;
    if (rc != SQLITE_OK) return rc;
    text = argument_text(token, &length, &no_memory);
    if (no_memory) return SQLITE_NOMEM;
    switch (verdict_reach(&question->verification, text, length, question->keys, question->policy,
        &question->services)) {
    case REACHED: return revocation_confirm(connection, question->policy, mark, fault);
    case REACHED_NO_MEMORY: return SQLITE_NOMEM;
    default: return question->failure;
    }
}

bool question_ask_scalar(struct question *question, sqlite3_context *context, const char *function,
    enum policy_use use, sqlite3_value *token, sqlite3_value *key, sqlite3_value *options,
    int options_argument)
{
    struct fault fault; /* all of its text is not worth clearing for each token */
    struct revocation_mark own = { NULL, false };
    struct revocation_mark *kept =
        options == NULL ? NULL : revocation_mark_kept(context, options_argument);
    int rc;
    fault.kind = FAULT_NONE;
    fault.text[0] = '\0';
    rc = question_ask(question, sqlite3_user_data(context), kept != NULL ? kept : &own, use, token,
        key, options, &fault);
    if (own.table != NULL) revocation_mark_keep(context, options_argument, &own);
    question->mark = NULL;
    question->fault = NULL;
    if (rc == SQLITE_NOMEM) {
        sqlite3_result_error_nomem(context);
    } else if (fault.kind != FAULT_NONE) {
        result_fault(context, function, &fault);
    } else if (rc != SQLITE_OK) {
        sqlite3_result_error_code(context, rc);
    }
    return rc == SQLITE_OK;
}

void question_release(struct question *question)
{
    if (question->verification.buffer != NULL) verification_release(&question->verification);
    key_set_release(question->keys);
    policy_release(question->policy);
}
