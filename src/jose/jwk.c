/*
** jwk.c - see jwk.h. A key's members as JSON, and its thumbprint.
*/
#include "jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "secure.h"

/* The longest value of a member: an RSA number, or an ML-DSA public key (2592 bytes). */
#define MEMBER_BYTES_MAX 2600

/* How a member's value is held in OpenSSL. */
enum member_form {
    NUMBER,     /* big-endian, the fewest octets (RFC 7518 section 2, Base64urlUInt) */
    COORDINATE, /* big-endian, the curve's full size (RFC 7518 section 6.2.1.2) */
    RAW_PUBLIC, /* EVP_PKEY_get_raw_public_key() */
    RAW_PRIVATE,
    BYTES, /* an octet string */
};

struct member {
    uint8_t key_type;
    uint8_t form; /* enum member_form */
    bool is_private;
    bool may_lack; /* RSA keys need not have their factors */
    const char *name;
    const char *parameter; /* OpenSSL's name; those of ML-DSA are not in the headers of 3.0 */
};

/* In the order in which they are written. */
static const struct member members_of_keys[] = {
    { KEY_RSA, NUMBER, false, false, "n", OSSL_PKEY_PARAM_RSA_N },
    { KEY_RSA, NUMBER, false, false, "e", OSSL_PKEY_PARAM_RSA_E },
    { KEY_RSA, NUMBER, true, false, "d", OSSL_PKEY_PARAM_RSA_D },
    { KEY_RSA, NUMBER, true, true, "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
    { KEY_RSA, NUMBER, true, true, "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },
    { KEY_RSA, NUMBER, true, true, "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
    { KEY_RSA, NUMBER, true, true, "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
    { KEY_RSA, NUMBER, true, true, "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
    { KEY_EC, COORDINATE, false, false, "x", OSSL_PKEY_PARAM_EC_PUB_X },
    { KEY_EC, COORDINATE, false, false, "y", OSSL_PKEY_PARAM_EC_PUB_Y },
    { KEY_EC, COORDINATE, true, false, "d", OSSL_PKEY_PARAM_PRIV_KEY },
    { KEY_OKP, RAW_PUBLIC, false, false, "x", NULL },
    { KEY_OKP, RAW_PRIVATE, true, false, "d", NULL },
    { KEY_AKP, BYTES, false, false, "pub", "pub" },
    { KEY_AKP, BYTES, true, false, "priv", "seed" },
};

#define RSA_FACTORS 5 /* p, q, dp, dq, qi */
#define MEMBER_COUNT (sizeof members_of_keys / sizeof *members_of_keys)

/* A big number of the key, `full` octets long where that is not 0. */
static bool read_number(
    const struct key *key, const char *parameter, size_t full, unsigned char *out, size_t *size)
{
    BIGNUM *number = NULL;
    bool read = EVP_PKEY_get_bn_param(key->pkey, parameter, &number) == 1;
    if (read) {
        *size = full != 0 ? full : (size_t)BN_num_bytes(number);
        read = *size <= MEMBER_BYTES_MAX && BN_bn2binpad(number, out, (int)*size) == (int)*size;
    }
    BN_clear_free(number);
    return read;
}

/* The bytes of a member's value, in `out` (MEMBER_BYTES_MAX bytes). False where the key has none. */
static bool read_value(
    const struct key *key, const struct member *member, unsigned char *out, size_t *size)
{
    *size = MEMBER_BYTES_MAX;
    switch ((enum member_form)member->form) {
    case NUMBER: return read_number(key, member->parameter, 0, out, size);
    case COORDINATE:
        return read_number(key, member->parameter, curve_bytes((enum curve)key->curve), out, size);
    case RAW_PUBLIC: return EVP_PKEY_get_raw_public_key(key->pkey, out, size) == 1;
    case RAW_PRIVATE: return EVP_PKEY_get_raw_private_key(key->pkey, out, size) == 1;
    case BYTES:
        return EVP_PKEY_get_octet_string_param(
                   key->pkey, member->parameter, out, MEMBER_BYTES_MAX, size) == 1;
    }
    return false;
}

/* Starts a member: a comma unless it is the object's first, and the name, which needs no escape. */
static void start_member(struct text *out, const char *name)
{
    if (out->bytes[out->length - 1] != '{') text_add_string(out, ",");
    text_add_string(out, "\"");
    text_add_string(out, name);
    text_add_string(out, "\":");
}

static void add_octets(struct text *out, const char *name, const void *bytes, size_t size)
{
    start_member(out, name);
    text_add_string(out, "\"");
    text_add_base64url(out, bytes, size);
    text_add_string(out, "\"");
}

static void add_label(struct text *out, const char *name, const char *value, size_t length)
{
    if (value == NULL) return;
    start_member(out, name);
    text_add_json_string(out, value, length);
}

static void add_string(struct text *out, const char *name, const char *value)
{
    add_label(out, name, value, value != NULL ? strlen(value) : 0);
}

/* Why a member has no value: the key was read with all of them, but for the seed of an ML-DSA key. */
static bool no_value(const struct member *member, struct fault *fault)
{
    if (secure_memory_failed() || member->form != BYTES) return fault_memory(fault);
    return fault_set(fault, "key: the ML-DSA key has no seed, and a JWK holds nothing else of it");
}

/* Where memory runs out within, OpenSSL may tell one factor of an RSA key for another: not twice. */
static bool reads_again(
    const struct key *key, const struct member *member, const unsigned char *value, size_t size)
{
    unsigned char again[MEMBER_BYTES_MAX];
    size_t again_size = 0;
    bool same = read_value(key, member, again, &again_size) && again_size == size &&
                secure_equal(again, value, size);
    secure_wipe(again, sizeof again);
    return same;
}

/* Appends a member. `*lacking` counts those that the key may lack and does lack. */
static bool add_member(struct text *out, const struct key *key, const struct member *member,
    unsigned *lacking, struct fault *fault)
{
    unsigned char value[MEMBER_BYTES_MAX];
    size_t size = 0;
    bool read = read_value(key, member, value, &size);
    bool stays = !read || !member->may_lack || reads_again(key, member, value, size);
    if (read && stays) add_octets(out, member->name, value, size);
    if (member->is_private) secure_wipe(value, sizeof value);
    if (!stays) return fault_memory(fault);
    if (!read && member->may_lack) ++*lacking;
    return read || member->may_lack || no_value(member, fault);
}

static bool add_material(
    struct text *out, const struct key *key, bool with_private, struct fault *fault)
{
    bool added = true;
    unsigned lacking = 0;
    ERR_clear_error(); /* the queue may hold the host's entries; what is in it afterwards is ours */
    if (key->type == KEY_OCT) add_octets(out, "k", key->secret, key->secret_length);
    for (size_t i = 0; added && i < MEMBER_COUNT; i++) {
        const struct member *member = &members_of_keys[i];
        if (member->key_type != key->type || (member->is_private && !with_private)) continue;
        added = add_member(out, key, member, &lacking, fault);
    }
    /* All of the factors or none (RFC 7518 section 6.3.2): if some came, memory ran out for others. */
    if (lacking != 0 && (lacking != RSA_FACTORS || secure_memory_failed())) {
        added = fault_memory(fault);
    }
    ERR_clear_error();
    return added;
}

static bool check_form(const struct key *key, bool with_private, struct fault *fault)
{
    if (key->problem != NULL) return fault_set(fault, "key: %s", key->problem);
    if (key->type == KEY_OCT && !with_private) {
        return fault_set(fault, "key: a symmetric key (oct) has no public form");
    }
    if (with_private && !key->is_private) {
        return fault_set(fault, "key: a public key has no private form");
    }
    return true;
}

bool jwk_write(struct text *out, const struct key *key, bool with_private,
    const struct jwk_members *members, struct fault *fault)
{
    if (!check_form(key, with_private, fault)) return false;
    const char *alg = members != NULL ? members->alg : NULL;
    if (key->type == KEY_AKP) alg = key->fixed->name; /* required (RFC 9964 section 3) */
    text_add_string(out, "{");
    add_string(out, "kty", key_type_name((enum key_type)key->type));
    add_string(out, "alg", alg);
    if (members != NULL) {
        add_string(out, "use", members->use);
        add_label(out, "kid", members->kid, members->kid_length);
    }
    add_string(out, "crv", curve_name((enum curve)key->curve));
    bool added = add_material(out, key, with_private, fault);
    text_add_string(out, "}");
    if (added && out->failed) return fault_memory(fault);
    return added;
}

/* ---- RFC 7638 */

/*
** The required members in the order of their names: RFC 7638 section 3.2,
** RFC 8037 section 2, RFC 9964 section 6.
*/
static const char *const thumbprint_members[][4] = {
    [KEY_OCT] = { "k", "kty" },
    [KEY_RSA] = { "e", "kty", "n" },
    [KEY_EC] = { "crv", "kty", "x", "y" },
    [KEY_OKP] = { "crv", "kty", "x" },
    [KEY_AKP] = { "alg", "kty", "pub" },
};

static bool add_required(
    struct text *out, const struct key *key, const char *name, struct fault *fault)
{
    unsigned lacking = 0; /* none of these may be */
    if (strcmp(name, "kty") == 0) {
        add_string(out, name, key_type_name((enum key_type)key->type));
    } else if (strcmp(name, "alg") == 0) {
        add_string(out, name, key->fixed->name);
    } else if (strcmp(name, "crv") == 0) {
        add_string(out, name, curve_name((enum curve)key->curve));
    } else if (strcmp(name, "k") == 0) {
        add_octets(out, name, key->secret, key->secret_length);
    }
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct member *member = &members_of_keys[i];
        if (member->key_type != key->type || strcmp(member->name, name) != 0) continue;
        return add_member(out, key, member, &lacking, fault);
    }
    return true;
}

static bool add_thumbprint_input(struct text *out, const struct key *key, struct fault *fault)
{
    bool added = true;
    text_add_string(out, "{");
    for (size_t i = 0; added && i < 4 && thumbprint_members[key->type][i] != NULL; i++) {
        added = add_required(out, key, thumbprint_members[key->type][i], fault);
    }
    text_add_string(out, "}");
    if (added && out->failed) return fault_memory(fault);
    return added;
}

/* OpenSSL's name of a hash that thumbprints may use, or NULL. */
static const char *thumbprint_digest(const char *hash)
{
    static const char *const names[][2] = {
        { "sha256", "SHA-256" },
        { "sha384", "SHA-384" },
        { "sha512", "SHA-512" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i][0], hash) == 0) return names[i][1];
    }
    return NULL;
}

static bool add_digest(
    struct text *out, const struct text *input, const char *digest, struct fault *fault)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    size_t size = 0;
    ERR_clear_error();
    if (EVP_Q_digest(NULL, digest, NULL, input->bytes, input->length, hash, &size) != 1) {
        ERR_clear_error();
        return fault_memory(fault);
    }
    text_add_base64url(out, hash, size);
    return !out->failed || fault_memory(fault);
}

bool jwk_thumbprint(struct text *out, const struct key *key, const char *hash, struct fault *fault)
{
    const char *digest = thumbprint_digest(hash);
    if (digest == NULL) {
        return fault_set(fault, "hash: unknown hash \"%.20s\": use sha256, sha384 or sha512", hash);
    }
    if (key->problem != NULL) return fault_set(fault, "key: %s", key->problem);
    struct text input;
    text_start(&input);
    bool added = add_thumbprint_input(&input, key, fault) && add_digest(out, &input, digest, fault);
    text_release(&input); /* that of an oct key is its secret */
    return added;
}
