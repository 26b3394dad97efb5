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

/* Reads what the caller decides: policy and key. All mistakes of theirs are found before the token is looked at. */
static bool read_caller(struct question *question, enum policy_use use, sqlite3_value *key,
    sqlite3_value *options, struct fault *fault)
{
    const char *refusal;
    question->policy = connection_policy(question->connection, options, use, fault);
    if (question->policy == NULL) return false;
    if (question->policy->revoked_by.text != NULL) {
        return fault_set(fault, "options: revoked_by: names no revocation table");
    }
    if (sqlite3_value_type(key) == SQLITE_NULL) return true;
    question->keys = connection_key(question->connection, key, fault);
    if (question->keys == NULL) return false;
    refusal = key_set_refusal(question->keys, question->policy);
    return refusal == NULL || fault_set(fault, "key: %s", refusal);
}

int question_ask(struct question *question, struct connection *connection, sqlite3_context *context,
    int options_argument, enum policy_use use, sqlite3_value *token, sqlite3_value *key,
    sqlite3_value *options, struct fault *fault)
{
    const char *text;
    size_t length;
    bool no_memory = false;
    question->connection = connection;
    question->context = context;
    question->options_argument = options_argument;
    question->keys = NULL;
    question->policy = NULL;
    question->services = (struct verdict_services){ .context = question, .clock = read_clock };
    question->verification.buffer = NULL;
    if (!read_caller(question, use, key, options, fault)) {
        return fault->kind == FAULT_MEMORY ? SQLITE_NOMEM : SQLITE_ERROR;
    }
    text = argument_text(token, &length, &no_memory);
    if (no_memory) return SQLITE_NOMEM;
    switch (verdict_reach(&question->verification, text, length, question->keys, question->policy,
        &question->services)) {
    case REACHED: return SQLITE_OK;
    case REACHED_NO_MEMORY: return SQLITE_NOMEM;
    default: return SQLITE_ERROR;
    }
}

bool question_ask_scalar(struct question *question, sqlite3_context *context, const char *function,
    enum policy_use use, sqlite3_value *token, sqlite3_value *key, sqlite3_value *options,
    int options_argument)
{
    struct fault fault = { FAULT_NONE, "" };
    int rc = question_ask(question, sqlite3_user_data(context), context, options_argument, use,
        token, key, options, &fault);
    if (rc == SQLITE_NOMEM) {
        sqlite3_result_error_nomem(context);
    } else if (fault.kind != FAULT_NONE) {
        result_fault(context, function, &fault);
    }
    return rc ==
           SQLITE_OK; /* else, and without a fault: the service that failed has set its error */
}

void question_release(struct question *question)
{
    if (question->verification.buffer != NULL) verification_release(&question->verification);
    key_set_release(question->keys);
    policy_release(question->policy);
}
