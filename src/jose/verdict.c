/*
** verdict.c - see verdict.h.
**
** The pipeline is the table `checks`, then claims.c's table, then the
** revocation question. A check sets `status` and `detail` where it fails; it
** may rely on everything that the checks before it established.
*/
#include "verdict.h"

#include "base64url.h"
#include "rarely.h"
#include "secure.h"
#include "signature.h"

#include <string.h>

RARELY static enum reached fail(
    struct verification *verification, enum status status, const char *subject, const char *note)
{
    verification->status = status;
    verification->detail = (struct detail){
        .subject = subject,
        .subject_length = subject == NULL ? 0 : strlen(subject),
        .note = note,
    };
    return REACHED;
}

static enum reached check_size(struct verification *verification)
{
    if (verification->token_length > verification->policy->max_length) {
        return fail(verification, STATUS_TOO_LARGE, NULL, "the token is longer than max_length");
    }
    return REACHED;
}

/* One buffer holds the decoded segments; usual tokens fit in `own`. */
static bool make_buffer(struct verification *verification, size_t size)
{
    verification->buffer_size = size;
    if (size > sizeof verification->own) verification->buffer = memory_new(size);
    return verification->buffer != NULL;
}

/* Finds the header among those that were read before, or decodes it to `out`. False where it is not strict base64url. */
static bool take_header(struct verification *verification, unsigned char *out)
{
    const char *segment = verification->token;
    size_t length = verification->parts.header_length;
    verification->kept_header = header_memo_find(verification->services->headers, segment, length);
    if (verification->kept_header != NULL) {
        verification->header_text = verification->kept_header->text;
        verification->header_length = verification->kept_header->length;
        return true;
    }
    verification->header_text = (const char *)out;
    return base64url_decode(out, &verification->header_length, segment, length);
}

/*
** Finds the token among those that a key has signed before: what follows from
** its bytes is known then. Which key must have signed them is not asked yet. A
** detached payload stands elsewhere: there the token is not all that is signed.
*/
static bool take_kept_token(struct verification *verification)
{
    struct signature_cache *cache = verification->services->signatures;
    if (cache == NULL || verification->policy->payload.text != NULL) return false;
    struct signed_token *kept = signature_cache_find(
        cache, verification->token, verification->token_length, &verification->token_hash);
    if (kept == NULL) return false;
    verification->kept_token = kept;
    verification->parts = kept->parts;
    verification->parts.text = verification->token;
    verification->header = &kept->header->header;
    verification->header_text = kept->header->text;
    verification->header_length = kept->header->length;
    verification->payload_bytes = kept->payload;
    verification->payload_length = kept->payload_length;
    verification->signature_bytes = kept->signature;
    verification->signature_length = kept->signature_length;
    return true;
}

/* RFC 7515 section 5.2, steps 1 to 3, 6 and 7: the text of all segments before the meaning of any. */
static enum reached check_segments(struct verification *verification)
{
    struct token_parts *parts = &verification->parts;
    const char *text = verification->token;
    if (text == NULL) {
        return fail(verification, STATUS_MALFORMED, NULL, "the token is NULL or not text");
    }
    if (take_kept_token(verification)) return REACHED;
    if (!token_split(parts, text, verification->token_length)) {
        return fail(verification, STATUS_MALFORMED, NULL, "a compact JWS has exactly two dots");
    }
    size_t header_room = BASE64URL_SIZE(parts->header_length);
    size_t payload_room = BASE64URL_SIZE(parts->payload_length);
    if (!make_buffer(
            verification, header_room + payload_room + BASE64URL_SIZE(parts->signature_length))) {
        return REACHED_NO_MEMORY;
    }
    verification->payload_bytes = verification->buffer + header_room;
    verification->signature_bytes = verification->payload_bytes + payload_room;
    if (!take_header(verification, verification->buffer)) {
        return fail(verification, STATUS_MALFORMED, NULL, "the header is not strict base64url");
    }
    if (!base64url_decode(verification->payload_bytes, &verification->payload_length,
            text + parts->payload_at, parts->payload_length)) {
        return fail(verification, STATUS_MALFORMED, NULL, "the payload is not strict base64url");
    }
    if (!base64url_decode(verification->signature_bytes, &verification->signature_length,
            text + parts->signature_at, parts->signature_length)) {
        return fail(verification, STATUS_MALFORMED, NULL, "the signature is not strict base64url");
    }
    return REACHED;
}

static enum reached check_header(struct verification *verification)
{
    const char *why;
    const char *member;
    if (verification->kept_token != NULL) return REACHED;
    if (verification->kept_header != NULL) {
        verification->header = &verification->kept_header->header;
        return REACHED;
    }
    verification->header = &verification->own_header;
    switch (token_header_read(&verification->own_header, verification->header_text,
        verification->header_length, &why, &member)) {
    case HEADER_FINE:
        header_memo_note(verification->services->headers, verification->token,
            verification->parts.header_length, verification->header_text,
            verification->header_length);
        return REACHED;
    case HEADER_NO_MEMORY: return REACHED_NO_MEMORY;
    default: return fail(verification, STATUS_BAD_HEADER, member, why);
    }
}

/* True where `name` is an element of `list`, an array of strings or absent. */
static bool list_has(struct json_value list, struct json_value name)
{
    struct json_cursor cursor;
    struct json_value element;
    if (list.text == NULL) return false;
    cursor = json_cursor_start(list);
    while (json_array_next(&cursor, &element)) {
        if (json_strings_equal(element, name)) return true;
    }
    return false;
}

/* RFC 7515 section 4.1.11: each critical extension must be understood. b64 is, but only in a JWS (RFC 7797 section 7). */
static enum reached check_crit(struct verification *verification)
{
    const struct token_header *header = verification->header;
    bool b64_is_critical = false;
    if (header->crit.text != NULL) {
        struct json_cursor cursor = json_cursor_start(header->crit);
        struct json_value name;
        while (json_array_next(&cursor, &name)) {
            if (verification->is_jws && json_string_is(name, "b64", 3)) {
                b64_is_critical = true;
            } else if (!list_has(verification->policy->crit, name)) {
                fail(verification, STATUS_CRIT_UNSUPPORTED, "crit",
                    "the header demands an extension that option crit does not name");
                verification->detail.found = name;
                verification->detail.expected = verification->policy->crit;
                return REACHED;
            }
        }
    }
    if (!header->b64 && !b64_is_critical) {
        return fail(verification, STATUS_BAD_HEADER, "b64",
            "must be named in crit where it is false (RFC 7797 section 6)");
    }
    if (!header->b64 && verification->parts.payload_length > 0) {
        return fail(
            verification, STATUS_BAD_HEADER, "b64", "false goes only with a detached payload here");
    }
    return REACHED;
}

/* RFC 8725 sections 3.1 and 3.2: the caller and the key say what is allowed, never the header alone. */
static enum reached check_algorithm(struct verification *verification)
{
    const struct algorithm *algorithm = verification->header->algorithm;
    const struct key_set *keys = verification->keys;
    algorithm_set named = verification->policy->algorithms;
    algorithm_set bit = algorithm == NULL ? 0 : algorithm_bit(algorithm);
    const char *note = NULL;
    if (bit == 0) {
        note = "is no algorithm that could be allowed";
    } else if (named != 0 && (named & bit) == 0) {
        note = "is not among the algorithms that the options name";
    } else if (keys != NULL && !keys->is_set &&
               (key_algorithms(&keys->keys[0], named) & bit) == 0) {
        note = "is not an algorithm of this key";
    }
    if (note == NULL) return REACHED;
    fail(verification, STATUS_ALG_NOT_ALLOWED, "alg", note);
    verification->detail.found = verification->header->alg;
    return REACHED;
}

static enum reached key_failed(
    struct verification *verification, enum status status, const char *note)
{
    fail(verification, status, "kid", note);
    verification->detail.found = verification->header->kid;
    return REACHED;
}

/* What a choice among keys means for the token. */
static enum reached judge_choice(struct verification *verification, enum key_choice choice)
{
    switch (choice) {
    case KEY_NOT_FOUND:
        return key_failed(verification, STATUS_KEY_NOT_FOUND,
            verification->header->kid.text != NULL ? "no key has this kid"
                                                   : "no key of the set fits, and there is no kid");
    case KEY_AMBIGUOUS:
        return key_failed(verification, STATUS_KEY_AMBIGUOUS, "more than one key fits");
    case KEY_UNUSABLE:
        return key_failed(verification, STATUS_KEY_UNUSABLE, "the key of this kid is unusable");
    default: return REACHED;
    }
}

/* The chosen key against the algorithm: binding is by key, also in a set (RFC 8725 section 3.1). */
static enum reached judge_key(struct verification *verification)
{
    const struct policy *policy = verification->policy;
    const struct algorithm *algorithm = verification->header->algorithm;
    const char *refusal;
    if ((key_algorithms(verification->key, policy->algorithms) & algorithm_bit(algorithm)) == 0) {
        fail(verification, STATUS_ALG_NOT_ALLOWED, "alg", "is not an algorithm of the chosen key");
        verification->detail.found = verification->header->alg;
        return REACHED;
    }
    refusal = key_refusal(verification->key, algorithm, OPERATION_VERIFY, policy->allow_weak_key);
    if (refusal != NULL) return key_failed(verification, STATUS_KEY_UNUSABLE, refusal);
    return REACHED;
}

#define KID_OWN_BYTES 256

static enum reached check_key(struct verification *verification)
{
    struct json_value kid = verification->header->kid;
    char own[KID_OWN_BYTES];
    char *decoded = own;
    const char *bytes = NULL;
    size_t length = 0;
    enum key_choice choice;
    if (verification->keys == NULL) {
        return fail(verification, STATUS_KEY_MISSING, NULL, "the key argument is NULL");
    }
    if (kid.text != NULL) {
        bytes = json_string_plain(kid, &length);
        if (bytes == NULL) {
            if (kid.length > sizeof own) decoded = memory_new(kid.length);
            if (decoded == NULL) return REACHED_NO_MEMORY;
            length = json_string_decode(kid, decoded);
            bytes = decoded;
        }
    }
    choice = key_set_choose(verification->keys, verification->header->algorithm, bytes, length,
        verification->policy->algorithms, verification->policy->allow_weak_key, &verification->key);
    if (decoded != own) memory_free(decoded);
    return choice == KEY_CHOSEN ? judge_key(verification) : judge_choice(verification, choice);
}

static enum reached check_signature_length(struct verification *verification)
{
    size_t expected = signature_length(verification->key, verification->header->algorithm);
    if (verification->signature_length != expected) {
        return fail(verification, STATUS_BAD_SIGNATURE, NULL,
            "the signature does not have the algorithm's length");
    }
    return REACHED;
}

static enum reached judge_signature(struct verification *verification, enum signature_result result)
{
    switch (result) {
    case SIGNATURE_GOOD: return REACHED;
    case SIGNATURE_NO_MEMORY: return REACHED_NO_MEMORY;
    default: return fail(verification, STATUS_BAD_SIGNATURE, NULL, "the signature does not match");
    }
}

/*
** A detached payload (RFC 7515 appendix F): the signing input is put together
** from the header and option `payload`, encoded unless b64 is false.
*/
static enum reached check_detached_signature(struct verification *verification)
{
    struct json_value given = verification->policy->payload;
    size_t head = verification->parts.payload_at;
    size_t room = given.length;
    unsigned char *memory;
    if (verification->parts.payload_length > 0) {
        return fail(verification, STATUS_MALFORMED, NULL,
            "option payload is given, and the token has a payload of its own");
    }
    /* The decoded payload, then the signing input. */
    memory = memory_new(room + head + BASE64URL_LENGTH(room));
    if (memory == NULL) return REACHED_NO_MEMORY;
    size_t payload_length = json_string_decode(given, (char *)memory);
    unsigned char *input = memory + room;
    size_t input_length = head;
    memcpy(input, verification->token, head);
    if (verification->header->b64) {
        input_length += base64url_encode((char *)input + head, memory, payload_length);
    } else {
        memcpy(input + head, memory, payload_length);
        input_length += payload_length;
    }
    enum signature_result result =
        signature_verify(verification->key, verification->header->algorithm, input, input_length,
            verification->signature_bytes, verification->signature_length);
    verification->detached = memory;
    verification->payload_bytes = memory;
    verification->payload_length = payload_length;
    return judge_signature(verification, result);
}

static enum reached check_signature(struct verification *verification)
{
    struct signature_cache *cache = verification->services->signatures;
    if (verification->policy->payload.text != NULL) return check_detached_signature(verification);
    if (cache != NULL &&
        signature_cache_has_signer(cache, verification->kept_token, verification->key->identity)) {
        return REACHED;
    }
    return judge_signature(
        verification, signature_verify(verification->key, verification->header->algorithm,
                          verification->token, token_signing_length(&verification->parts),
                          verification->signature_bytes, verification->signature_length));
}

/* Notes that the key has signed the token: its signature and its payload are good, whatever its claims say. */
static void remember(const struct verification *verification)
{
    struct signed_token *kept = verification->kept_token;
    uint64_t signer = verification->key->identity;
    if (verification->token_hash == 0) return;
    if (kept != NULL) {
        signed_token_add_signer(kept, signer);
        return;
    }
    const struct signed_facts facts = {
        .parts = &verification->parts,
        .kept_header = verification->kept_header,
        .header_text = verification->header_text,
        .header_length = verification->header_length,
        .payload = verification->payload_bytes,
        .payload_length = verification->payload_length,
        .signature = verification->signature_bytes,
        .signature_length = verification->signature_length,
        .object = verification->is_jws ? NULL : &verification->payload,
        .signer = signer,
    };
    signature_cache_keep(verification->services->signatures, verification->token_hash, &facts);
}

/* The payload of a token that is kept, by the table of its members that is kept with it. */
static void take_kept_payload(struct verification *verification)
{
    const struct signed_token *kept = verification->kept_token;
    struct json_object *payload = &verification->payload;
    payload->text = (const char *)kept->payload;
    payload->length = kept->payload_length;
    payload->members = kept->members;
    payload->count = kept->member_count;
    verification->claims = kept->claims;
    verification->claims.payload = payload;
}

static void expect_revocation(const struct verification *verification)
{
    const struct verdict_services *services = verification->services;
    if (verification->policy->revoked_by.text == NULL) return;
    services->expect_revocation(services->context, verification);
}

/* RFC 7519 section 7.2, step 10. */
static enum reached check_payload(struct verification *verification)
{
    enum json_fault fault;
    if (verification->is_jws) {
        remember(verification);
        return REACHED;
    }
    if (verification->kept_token != NULL && verification->kept_token->is_read) {
        take_kept_payload(verification);
        expect_revocation(verification);
        remember(verification);
        return REACHED;
    }
    fault = json_object_read(&verification->payload, (const char *)verification->payload_bytes,
        verification->payload_length, NULL);
    if (fault == JSON_NO_MEMORY) return REACHED_NO_MEMORY;
    if (fault != JSON_FINE) {
        return fail(verification, STATUS_BAD_PAYLOAD, NULL, json_fault_text(fault));
    }
    verification->claims.payload = &verification->payload;
    claims_locate(&verification->claims, &verification->payload);
    expect_revocation(verification);
    remember(verification);
    return REACHED;
}

static const struct {
    const char *name;
    enum reached (*run)(struct verification *verification);
} checks[] = {
    { "size", check_size },
    { "segments", check_segments },
    { "header", check_header },
    { "critical extensions", check_crit },
    { "algorithm", check_algorithm },
    { "key", check_key },
    { "signature length", check_signature_length },
    { "signature", check_signature },
    { "payload", check_payload },
};

#define CHECK_COUNT (sizeof checks / sizeof *checks)

size_t verdict_check_count(void)
{
    return CHECK_COUNT + POLICY_CHECK_COUNT + 1;
}

const char *verdict_check_name(size_t index)
{
    if (index < CHECK_COUNT) return checks[index].name;
    if (index < CHECK_COUNT + POLICY_CHECK_COUNT) return claims_checks[index - CHECK_COUNT].name;
    return "revocation";
}

static void run_claims_checks(struct verification *verification)
{
    const struct policy *policy = verification->policy;
    struct claims_question question = {
        .claims = &verification->claims,
        .header = verification->header,
        .policy = policy,
    };
    if (!verification->is_jws) {
        verification->now = policy->has_now
                                ? policy->now
                                : verification->services->clock(verification->services->context);
        question.now = verification->now;
    }
    for (unsigned left = policy->checks; left != 0; left &= left - 1) {
        size_t i = (size_t)__builtin_ctz(left);
        const struct claims_check *check = &claims_checks[i];
        if (verification->is_jws && !check->header_only) continue;
        verification->failed = CHECK_COUNT + i;
        verification->status = check->run(&question, &verification->detail);
        if (verification->status != STATUS_OK) return;
    }
}

static enum reached ask_revocation(struct verification *verification)
{
    enum reached reached;
    if (verification->policy->revoked_by.text == NULL) return REACHED;
    verification->failed = CHECK_COUNT + POLICY_CHECK_COUNT;
    reached = verification->services->revocation(
        verification->services->context, verification, &verification->status);
    if (reached == REACHED && verification->status != STATUS_OK) {
        verification->detail =
            (struct detail){ .note = verification->status == STATUS_REVOKED
                                         ? "a rule of the revocation table names this token"
                                         : "the revocation table cannot answer for this token" };
    }
    return reached;
}

static enum reached run_checks(struct verification *verification)
{
    enum reached reached = REACHED;
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        verification->failed = i;
        reached = checks[i].run(verification);
        if (reached != REACHED || verification->status != STATUS_OK) return reached;
    }
    run_claims_checks(verification);
    if (verification->status != STATUS_OK) return REACHED;
    reached = ask_revocation(verification);
    if (reached == REACHED && verification->status == STATUS_OK) {
        verification->failed = verdict_check_count();
    }
    return reached;
}

enum reached verdict_reach(struct verification *verification, const char *token,
    size_t token_length, const struct key_set *keys, const struct policy *policy,
    const struct verdict_services *services)
{
    enum reached reached;
    verification->token = token;
    verification->token_length = token == NULL ? 0 : token_length;
    verification->keys = keys;
    verification->policy = policy;
    verification->services = services;
    verification->is_jws = policy->use == POLICY_VERIFY_JWS;
    verification->status = STATUS_OK;
    verification->detail = (struct detail){ .subject = NULL };
    verification->key = NULL;
    verification->buffer = verification->own;
    verification->detached = NULL;
    verification->header = &verification->own_header;
    verification->kept_header = NULL;
    verification->kept_token = NULL;
    verification->token_hash = 0;
    verification->own_header.object.members = NULL;
    verification->payload.members = NULL;
    reached = run_checks(verification);
    /* Whoever forgets to look at `reached` must not find "ok" (fail closed). */
    if (reached != REACHED) verification->status = STATUS_REVOCATION_UNKNOWN;
    return reached;
}

void verification_release(struct verification *verification)
{
    token_header_release(&verification->own_header);
    kept_header_release(verification->kept_header);
    verification->kept_header = NULL;
    if (verification->kept_token != NULL &&
        verification->payload.members == verification->kept_token->members) {
        verification->payload.members = NULL; /* they are the kept token's */
    }
    json_object_release(&verification->payload);
    signed_token_release(verification->kept_token);
    verification->kept_token = NULL;
    if (verification->buffer != verification->own) memory_free(verification->buffer);
    memory_free(verification->detached);
    verification->buffer = verification->own;
    verification->detached = NULL;
}

const char *key_set_refusal(const struct key_set *keys, const struct policy *policy)
{
    const struct key *key = &keys->keys[0];
    const char *refusal = NULL;
    algorithm_set usable;
    if (keys->is_set) return NULL;
    refusal = key_refusal(key, NULL, OPERATION_VERIFY, policy->allow_weak_key);
    if (refusal != NULL) return refusal;
    usable = key_algorithms(key, policy->algorithms);
    if (usable == 0) return "serves none of the algorithms that the options name";
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        const struct algorithm *algorithm = algorithm_at(i);
        if ((usable & algorithm_bit(algorithm)) == 0) continue;
        refusal = key_refusal(key, algorithm, OPERATION_VERIFY, policy->allow_weak_key);
        if (refusal == NULL) return NULL;
    }
    return refusal;
}
