/*
** issue.c - see issue.h.
*/
#include "issue.h"

#include "base64url.h"
#include "claims.h"
#include "secure.h"
#include "signature.h"

#include <math.h>
#include <string.h>

#define JTI_BYTES 16                /* 128 random bits */
#define TIME_MAX 9007199254740992.0 /* 2^53, as claims.c has it */

/* The key to sign with and its algorithm, or a fault. */
static const struct algorithm *choose_algorithm(
    const struct key_set *keys, const struct policy *policy, struct fault *fault)
{
    const struct key *key = &keys->keys[0];
    const struct algorithm *algorithm;
    const char *refusal;
    if (keys->is_set) {
        fault_set(fault, "key: a JWKS cannot sign: pass the one private key to sign with");
        return NULL;
    }
    refusal = key_refusal(key, NULL, OPERATION_SIGN, policy->allow_weak_key);
    if (refusal == NULL) {
        algorithm = policy->algorithm != NULL ? policy->algorithm : key_default_algorithm(key);
        if ((key_algorithms(key, policy->algorithms) & algorithm_bit(algorithm)) == 0) {
            fault_set(fault, "options: alg: the key (%s%s%s) does not sign with %s",
                key_type_name((enum key_type)key->type), key->fixed != NULL ? ", alg " : "",
                key->fixed != NULL ? key->fixed->name : "", algorithm->name);
            return NULL;
        }
        refusal = key_refusal(key, algorithm, OPERATION_SIGN, policy->allow_weak_key);
        if (refusal == NULL) return algorithm;
    }
    fault_set(fault, "key: %s", refusal);
    return NULL;
}

static void add_json(struct text *out, struct json_value value)
{
    text_add(out, value.text, value.length);
}

/* `,"name":` */
static void add_name(struct text *out, const char *name)
{
    text_add_string(out, ",\"");
    text_add_string(out, name);
    text_add_string(out, "\":");
}

/* The members of option `header`, after what is there. */
static void add_further_members(struct text *out, struct json_value header)
{
    struct json_cursor cursor;
    struct json_value name;
    struct json_value value;
    if (header.text == NULL) return;
    cursor = json_cursor_start(header);
    while (json_object_next(&cursor, &name, &value)) {
        text_add_string(out, ",");
        add_json(out, name);
        text_add_string(out, ":");
        add_json(out, value);
    }
}

static void compose_header(struct text *out, const struct key *key,
    const struct algorithm *algorithm, const struct policy *policy)
{
    text_add_string(out, "{\"alg\":\"");
    text_add_string(out, algorithm->name);
    text_add_string(out, "\"");
    if (policy->typ.text != NULL) {
        add_name(out, "typ");
        add_json(out, policy->typ);
    } else if (policy->use == POLICY_SIGN_JWT) {
        text_add_string(out, ",\"typ\":\"JWT\"");
    }
    if (policy->kid.text != NULL) {
        add_name(out, "kid");
        add_json(out, policy->kid);
    } else if (key->kid != NULL) {
        add_name(out, "kid");
        text_add_json_string(out, key->kid, key->kid_length);
    }
    add_further_members(out, policy->header);
    if (policy->unencoded) text_add_string(out, ",\"b64\":false,\"crit\":[\"b64\"]");
    text_add_string(out, "}");
}

/* What option `header` brought must be a header that our own verification reads. */
static bool check_header(const struct text *text, struct fault *fault)
{
    struct token_header header;
    const char *why;
    const char *member;
    enum header_result result =
        token_header_read(&header, text->bytes, text->length, &why, &member);
    token_header_release(&header);
    if (result == HEADER_NO_MEMORY) return fault_memory(fault);
    if (result == HEADER_FINE) return true;
    return fault_set(fault, "options: header: %s%s%s", member == NULL ? "" : member,
        member == NULL ? "" : " ", why);
}

/* Appends the header segment and its dot. */
static bool add_header(struct text *out, const struct key *key, const struct algorithm *algorithm,
    const struct policy *policy, struct fault *fault)
{
    struct text header;
    bool fine;
    text_start(&header);
    compose_header(&header, key, algorithm, policy);
    fine = !header.failed || fault_memory(fault);
    fine = fine && (policy->header.text == NULL || check_header(&header, fault));
    text_add_base64url(out, header.bytes, header.length);
    text_add_string(out, ".");
    text_release(&header);
    return fine;
}

/* ---- header segments that were composed before */

#define MEMO_ENTRIES 4
#define MEMO_SEGMENT 256 /* longer ones are composed each time */

struct issued_header {
    uint64_t identity;     /* the key's; 0: nothing here */
    struct policy *policy; /* a reference: no other policy can come to stand at its address */
    const struct algorithm *algorithm;
    size_t length;
    char segment[MEMO_SEGMENT]; /* with its dot */
};

struct issue_memo {
    struct issued_header entries[MEMO_ENTRIES];
    unsigned next;
};

struct issue_memo *issue_memo_new(void)
{
    return memory_new_zero(sizeof(struct issue_memo));
}

void issue_memo_free(struct issue_memo *memo)
{
    if (memo == NULL) return;
    for (size_t i = 0; i < MEMO_ENTRIES; i++) policy_release(memo->entries[i].policy);
    memory_free(memo);
}

static const struct issued_header *memo_find(
    const struct issue_memo *memo, const struct key_set *keys, const struct policy *policy)
{
    if (keys->is_set) return NULL;
    for (size_t i = 0; i < MEMO_ENTRIES; i++) {
        const struct issued_header *entry = &memo->entries[i];
        if (entry->identity == keys->keys[0].identity && entry->policy == policy) return entry;
    }
    return NULL;
}

static void memo_keep(struct issue_memo *memo, const struct key *key, struct policy *policy,
    const struct algorithm *algorithm, const char *segment, size_t length)
{
    if (length > MEMO_SEGMENT) return;
    struct issued_header *entry = &memo->entries[memo->next];
    memo->next = (memo->next + 1) % MEMO_ENTRIES;
    policy_release(entry->policy);
    entry->identity = key->identity;
    entry->policy = policy_retain(policy);
    entry->algorithm = algorithm;
    entry->length = length;
    memcpy(entry->segment, segment, length);
}

/* What a token of this key under this policy begins with: its algorithm, and later its header. */
struct beginning {
    const struct issued_header *known; /* NULL: to be composed */
    const struct algorithm *algorithm; /* NULL: there is none, and the fault says why */
};

static struct beginning begin(const struct issue_memo *memo, const struct key_set *keys,
    const struct policy *policy, struct fault *fault)
{
    const struct issued_header *known = memo_find(memo, keys, policy);
    if (known != NULL) return (struct beginning){ known, known->algorithm };
    return (struct beginning){ NULL, choose_algorithm(keys, policy, fault) };
}

/* Appends the header segment and its dot, as it was composed before or anew. */
static bool add_beginning(struct text *out, const struct beginning *beginning,
    const struct key *key, struct policy *policy, struct issue_memo *memo, struct fault *fault)
{
    size_t start = out->length;
    if (beginning->known != NULL) {
        text_add(out, beginning->known->segment, beginning->known->length);
        return !out->failed || fault_memory(fault);
    }
    if (!add_header(out, key, beginning->algorithm, policy, fault)) return false;
    if (out->failed) return fault_memory(fault);
    memo_keep(memo, key, policy, beginning->algorithm, out->bytes + start, out->length - start);
    return true;
}

/* Signs `length` bytes of `input` and appends the dot and the signature segment to `out`. */
static bool add_signature(struct text *out, const struct key *key,
    const struct algorithm *algorithm, const void *input, size_t length, struct fault *fault)
{
    unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t signature_bytes;
    if (out->failed) return fault_memory(fault);
    if (!signature_sign(key, algorithm, input, length, signature, &signature_bytes, fault)) {
        return false;
    }
    text_add_string(out, ".");
    text_add_base64url(out, signature, signature_bytes);
    return !out->failed || fault_memory(fault);
}

/* Which options add which claims; a claim that the payload has already is the caller's mistake. */
static bool check_additions(
    const struct json_object *payload, const struct policy *policy, struct fault *fault)
{
    const struct {
        bool added;
        const char *option;
        const char *claim;
    } additions[] = {
        { policy->add_iat, "iat", "iat" },
        { policy->add_jti, "jti", "jti" },
        { policy->has_expires_in, "expires_in", "exp" },
        { policy->has_not_before_in, "not_before_in", "nbf" },
        { policy->iss.text != NULL, "iss", "iss" },
        { policy->sub.text != NULL, "sub", "sub" },
        { policy->aud.text != NULL, "aud", "aud" },
    };
    for (size_t i = 0; i < sizeof additions / sizeof *additions; i++) {
        const char *claim = additions[i].claim;
        if (additions[i].added && json_object_find(payload, claim, strlen(claim)) != NULL) {
            return fault_set(fault,
                "options: %s: the payload has \"%s\" already: give it in one place",
                additions[i].option, claim);
        }
    }
    return true;
}

/* Whether any option writes a time. */
static bool writes_time(const struct policy *policy)
{
    return policy->add_iat || policy->has_expires_in || policy->has_not_before_in;
}

/* Names a member that is added; the first one in an empty object has no comma before it. */
static void add_claim_name(struct text *out, const char *name, bool *empty)
{
    text_add_string(out, *empty ? "\"" : ",\"");
    text_add_string(out, name);
    text_add_string(out, "\":");
    *empty = false;
}

static void add_time(struct text *out, const char *name, double time, bool *empty)
{
    add_claim_name(out, name, empty);
    text_add_integer(out, (long long)floor(time));
}

static void add_value(struct text *out, const char *name, struct json_value value, bool *empty)
{
    if (value.text == NULL) return;
    add_claim_name(out, name, empty);
    add_json(out, value);
}

static bool add_jti(struct text *out, bool *empty, struct fault *fault)
{
    unsigned char random[JTI_BYTES];
    if (!secure_random(random, sizeof random)) {
        return fault_set(fault, "options: jti: OpenSSL's random generator failed");
    }
    add_claim_name(out, "jti", empty);
    text_add_string(out, "\"");
    text_add_base64url(out, random, sizeof random);
    text_add_string(out, "\"");
    return true;
}

/* Appends the payload with the claims that options add before its closing brace. */
static bool compose_payload(struct text *out, const struct json_object *payload,
    const struct policy *policy, const struct issue_clock *clock, struct fault *fault)
{
    bool empty = payload->count == 0;
    size_t close = payload->length;
    double now = 0;
    while (payload->text[close - 1] != '}') close--;
    text_add(out, payload->text, close - 1);
    if (writes_time(policy)) now = policy->has_now ? policy->now : clock->read(clock->context);
    if (isnan(now))
        return fault_set(fault, "options: there is no clock: give the time, option now");
    if (now + policy->expires_in > TIME_MAX || now + policy->not_before_in > TIME_MAX) {
        return fault_set(fault, "options: the time would be beyond 2^53 seconds");
    }
    add_value(out, "iss", policy->iss, &empty);
    add_value(out, "sub", policy->sub, &empty);
    add_value(out, "aud", policy->aud, &empty);
    if (policy->has_expires_in) add_time(out, "exp", now + policy->expires_in, &empty);
    if (policy->has_not_before_in) add_time(out, "nbf", now + policy->not_before_in, &empty);
    if (policy->add_iat) add_time(out, "iat", now, &empty);
    if (policy->add_jti && !add_jti(out, &empty, fault)) return false;
    text_add_string(out, "}");
    return !out->failed || fault_memory(fault);
}

static bool adds_claims(const struct policy *policy)
{
    return writes_time(policy) || policy->add_jti || policy->iss.text != NULL ||
           policy->sub.text != NULL || policy->aud.text != NULL;
}

/* Reads the payload and refuses what our own verification would refuse. */
static bool read_payload(
    struct json_object *object, const char *payload, size_t length, struct fault *fault)
{
    struct claims claims;
    struct detail detail;
    size_t at;
    enum json_fault json = json_object_read(object, payload, length, &at);
    if (json == JSON_NO_MEMORY) return fault_memory(fault);
    if (json != JSON_FINE) {
        return fault_set(fault, "payload: %s, at byte %zu", json_fault_text(json), at + 1);
    }
    claims_locate(&claims, object);
    if (claims_check_types(&claims, &detail) != STATUS_OK) {
        return fault_set(fault, "payload: \"%s\" %s", detail.subject, detail.note);
    }
    return true;
}

/* Longer tokens could never be verified: see option max_length. */
static bool check_length(const struct text *out, size_t start, struct fault *fault)
{
    if (out->length - start <= POLICY_MAX_LENGTH_MAX) return true;
    return fault_set(fault, "payload: the token would be longer than 1048576 bytes, the most "
                            "that can be verified");
}

bool issue_jwt(struct text *out, const char *payload, size_t length, const struct key_set *keys,
    struct policy *policy, const struct issue_clock *clock, struct issue_memo *memo,
    struct fault *fault)
{
    struct json_object object;
    struct text composed;
    const struct key *key = &keys->keys[0];
    const struct beginning beginning = begin(memo, keys, policy, fault);
    size_t start = out->length;
    bool fine;
    if (beginning.algorithm == NULL) return false;
    text_start(&composed);
    fine = read_payload(&object, payload, length, fault) && check_additions(&object, policy, fault);
    if (fine && adds_claims(policy)) {
        fine = compose_payload(&composed, &object, policy, clock, fault);
        payload = composed.bytes;
        length = composed.length;
    }
    fine = fine && add_beginning(out, &beginning, key, policy, memo, fault);
    if (fine) {
        text_add_base64url(out, payload, length);
        fine = add_signature(
                   out, key, beginning.algorithm, out->bytes + start, out->length - start, fault) &&
               check_length(out, start, fault);
    }
    json_object_release(&object);
    text_release(&composed);
    return fine;
}

/* Signs a payload that does not stand in the token: the signing input is put together apart. */
static bool add_detached(struct text *out, size_t start, const void *payload, size_t length,
    const struct key *key, const struct algorithm *algorithm, const struct policy *policy,
    struct fault *fault)
{
    struct text input;
    bool fine;
    text_start(&input);
    text_add(&input, out->bytes + start, out->length - start);
    if (policy->unencoded) {
        text_add(&input, payload, length);
    } else {
        text_add_base64url(&input, payload, length);
    }
    fine = (!input.failed || fault_memory(fault)) &&
           add_signature(out, key, algorithm, input.bytes, input.length, fault);
    text_release(&input);
    return fine;
}

bool issue_jws(struct text *out, const void *payload, size_t length, const struct key_set *keys,
    struct policy *policy, struct issue_memo *memo, struct fault *fault)
{
    const struct key *key = &keys->keys[0];
    const struct beginning beginning = begin(memo, keys, policy, fault);
    size_t start = out->length;
    if (beginning.algorithm == NULL || !add_beginning(out, &beginning, key, policy, memo, fault)) {
        return false;
    }
    if (policy->detached) {
        return add_detached(out, start, payload, length, key, beginning.algorithm, policy, fault);
    }
    text_add_base64url(out, payload, length);
    return add_signature(
               out, key, beginning.algorithm, out->bytes + start, out->length - start, fault) &&
           check_length(out, start, fault);
}
