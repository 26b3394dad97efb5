/*
** signature.c - see signature.h.
*/
#include "signature.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "secure.h"
#include "signature_context.h"

#define HASH_BYTES_MAX 64
#define EC_BYTES_MAX 66 /* P-521 */
#define ECDSA_DER_MAX \
    (3 + 2 * (3 + EC_BYTES_MAX)) /* SEQUENCE of two INTEGERs, each with a leading zero */

/* ---- facts */

static bool has_digest(const char *name)
{
    EVP_MD *digest = EVP_MD_fetch(NULL, name, NULL);
    EVP_MD_free(digest);
    return digest != NULL;
}

static bool has_signature(const char *name)
{
    EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(NULL, name, NULL);
    EVP_SIGNATURE_free(signature);
    return signature != NULL;
}

static bool has_group(enum curve curve)
{
    static const int groups[] = {
        [CURVE_P256] = NID_X9_62_prime256v1,
        [CURVE_P384] = NID_secp384r1,
        [CURVE_P521] = NID_secp521r1,
        [CURVE_SECP256K1] = NID_secp256k1,
    };
    EC_GROUP *group = EC_GROUP_new_by_curve_name(groups[curve]);
    EC_GROUP_free(group);
    return group != NULL;
}

static bool family_available(const struct algorithm *algorithm)
{
    switch ((enum algorithm_family)algorithm->family) {
    case FAMILY_HMAC: return true;
    case FAMILY_RSA_PKCS1:
    case FAMILY_RSA_PSS: return has_signature("RSA");
    case FAMILY_ECDSA: return has_signature("ECDSA") && has_group((enum curve)algorithm->curve);
    case FAMILY_EDDSA: return has_signature(algorithm->curve == CURVE_ED448 ? "ED448" : "ED25519");
    case FAMILY_ML_DSA: return has_signature(algorithm->name);
    }
    return false;
}

static bool is_had(const struct algorithm *algorithm)
{
    return family_available(algorithm) && (algorithm->hash == NULL || has_digest(algorithm->hash));
}

bool algorithm_available(const struct algorithm *algorithm)
{
    /* Twice: a failing allocation looks like an algorithm that is not there. */
    bool available = is_had(algorithm);
    if (!available) available = is_had(algorithm);
    ERR_clear_error();
    return available;
}

size_t signature_length(const struct key *key, const struct algorithm *algorithm)
{
    if (algorithm->signature_bytes != 0) return algorithm->signature_bytes;
    if (algorithm->family == FAMILY_EDDSA) return 2 * curve_bytes((enum curve)key->curve);
    return (key->bits + 7) / 8;
}

/* ---- shared steps */

/* The context for this operation. A key is handed round as const; its contexts are a cache in it. */
static struct signature_context *context_of(
    const struct key *key, const struct algorithm *algorithm, bool signing)
{
    struct signature_material material = { key->pkey, key->secret, key->secret_length };
    struct signature_contexts **contexts = (struct signature_contexts **)&key->contexts;
    return signature_context_get(contexts, algorithm, &material, signing);
}

static bool hash_data(struct signature_context *context, const void *data, size_t length,
    unsigned char *hash, size_t *hash_length)
{
    unsigned int size = 0;
    if (EVP_DigestInit_ex2(context->work, context->digest, NULL) != 1 ||
        EVP_DigestUpdate(context->work, data, length) != 1 ||
        EVP_DigestFinal_ex(context->work, hash, &size) != 1) {
        return false;
    }
    *hash_length = size;
    return true;
}

/*
** Puts a copy of a ready context into the work context. A copy that failed half
** way is taken away again: OpenSSL 3.5 would write through its null pointer the
** next time.
*/
static bool copy_ready(EVP_MD_CTX *work, const EVP_MD_CTX *ready)
{
    if (EVP_MD_CTX_copy_ex(work, ready) == 1) return true;
    EVP_MD_CTX_reset(work);
    return false;
}

/* Inner hash, then outer hash of it (RFC 2104 section 2). `mac` has HASH_BYTES_MAX bytes. */
static bool compute_hmac(struct signature_context *context, const void *data, size_t length,
    unsigned char *mac, size_t *mac_length)
{
    unsigned int size = 0;
    if (!copy_ready(context->work, context->inner) ||
        EVP_DigestUpdate(context->work, data, length) != 1 ||
        EVP_DigestFinal_ex(context->work, mac, &size) != 1 ||
        !copy_ready(context->work, context->outer) ||
        EVP_DigestUpdate(context->work, mac, size) != 1 ||
        EVP_DigestFinal_ex(context->work, mac, &size) != 1) {
        return false;
    }
    *mac_length = size;
    return true;
}

/* ---- ECDSA: R||S (RFC 7518 section 3.4) to and from DER (RFC 3279 section 2.2.3) */

/* Writes a DER INTEGER of `size` big-endian bytes; returns where it ended. */
static unsigned char *write_integer(unsigned char *out, const unsigned char *number, size_t size)
{
    while (size > 1 && number[0] == 0) {
        number++;
        size--;
    }
    bool sign_byte = (number[0] & 0x80) != 0; /* or the number would be negative */
    *out++ = 0x02;
    *out++ = (unsigned char)(size + sign_byte);
    if (sign_byte) *out++ = 0;
    memcpy(out, number, size);
    return out + size;
}

/* The DER of R||S, each `half` bytes, in `out` (ECDSA_DER_MAX bytes). Returns its length. */
static size_t raw_to_der(unsigned char *out, const unsigned char *raw, size_t half)
{
    unsigned char *content = out + 3; /* room for the longest head: 30 81 nn */
    unsigned char *end = write_integer(content, raw, half);
    end = write_integer(end, raw + half, half);
    size_t length = (size_t)(end - content);
    size_t head = length < 0x80 ? 2 : 3;
    if (head == 2) memmove(out + 2, content, length);
    out[0] = 0x30;
    if (head == 3) out[1] = 0x81;
    out[head - 1] = (unsigned char)length;
    return head + length;
}

/* R||S of exactly 2 * `half` bytes from OpenSSL's DER. */
static bool der_to_raw(unsigned char *raw, size_t half, const unsigned char *der, size_t length)
{
    const unsigned char *at = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)length);
    bool written = signature != NULL &&
                   BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, (int)half) == (int)half &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + half, (int)half) == (int)half;
    ECDSA_SIG_free(signature);
    return written;
}

/* ---- verifying */

static enum signature_result verify_hmac(struct signature_context *context, const void *data,
    size_t length, const unsigned char *signature, size_t signature_bytes)
{
    unsigned char mac[HASH_BYTES_MAX];
    size_t mac_length = 0;
    if (!compute_hmac(context, data, length, mac, &mac_length)) return SIGNATURE_NO_MEMORY;
    bool good = mac_length == signature_bytes && secure_equal(mac, signature, mac_length);
    secure_wipe(mac, sizeof mac); /* the right MAC of a forged token is a secret */
    return good ? SIGNATURE_GOOD : SIGNATURE_BAD;
}

/*
** True where OpenSSL lacks something that goes with a key that it has read. What the
** first use of OpenSSL could not make, for want of memory, it never makes again.
*/
static bool lacks_a_part(void)
{
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_EVP && ERR_GET_REASON(error) == ERR_R_UNSUPPORTED;
}

/*
** The verdict on what OpenSSL answered: 1 good, 0 bad, below 0 an error within.
** Good is good only where nothing failed on the way: OpenSSL 3.5 says 1 to a
** changed ML-DSA signature of the same message where an allocation fails within.
** The signature is an attacker's, so in doubt it is bad, and nothing is raised.
*/
static enum signature_result judge_answer(struct signature_context *context, int answer)
{
    if (answer == 1 && ERR_peek_error() == 0) return SIGNATURE_GOOD;
    bool part_missing = lacks_a_part();
    bool memory_failed = secure_memory_failed() || part_missing;
    if (answer < 0 || memory_failed) signature_context_drop(context);
    if (memory_failed) return SIGNATURE_NO_MEMORY;
    return answer == 1 ? SIGNATURE_GOOD : SIGNATURE_BAD;
}

/* RSA and ECDSA: over a hash, with the context that the key keeps. */
static enum signature_result verify_hashed(struct signature_context *context,
    const struct algorithm *algorithm, const void *data, size_t length,
    const unsigned char *signature, size_t signature_bytes)
{
    unsigned char hash[HASH_BYTES_MAX], der[ECDSA_DER_MAX];
    size_t hash_length = 0;
    ERR_clear_error(); /* the queue may hold the host's entries; what is in it afterwards is ours */
    if (!hash_data(context, data, length, hash, &hash_length)) return SIGNATURE_NO_MEMORY;
    if (algorithm->family == FAMILY_ECDSA) {
        signature_bytes = raw_to_der(der, signature, signature_bytes / 2);
        signature = der;
    }
    return judge_answer(
        context, EVP_PKEY_verify(context->verifier, signature, signature_bytes, hash, hash_length));
}

/* EdDSA and ML-DSA: over the message. Since OpenSSL 3.4 a context serves one message, so a copy does. */
static enum signature_result verify_message(struct signature_context *context, const void *data,
    size_t length, const unsigned char *signature, size_t signature_bytes)
{
    ERR_clear_error();
    if (!copy_ready(context->work, context->ready_verify)) return SIGNATURE_NO_MEMORY;
    return judge_answer(
        context, EVP_DigestVerify(context->work, signature, signature_bytes, data, length));
}

static enum signature_result verify_by_family(struct signature_context *context,
    const struct algorithm *algorithm, const void *data, size_t length,
    const unsigned char *signature, size_t signature_bytes)
{
    switch ((enum algorithm_family)algorithm->family) {
    case FAMILY_HMAC: return verify_hmac(context, data, length, signature, signature_bytes);
    case FAMILY_RSA_PKCS1:
    case FAMILY_RSA_PSS:
    case FAMILY_ECDSA:
        return verify_hashed(context, algorithm, data, length, signature, signature_bytes);
    case FAMILY_EDDSA:
    case FAMILY_ML_DSA: return verify_message(context, data, length, signature, signature_bytes);
    }
    return SIGNATURE_BAD;
}

static enum signature_result verify_once(const struct key *key, const struct algorithm *algorithm,
    const void *data, size_t length, const unsigned char *signature, size_t signature_bytes)
{
    struct signature_context *context = context_of(key, algorithm, false);
    if (context == NULL) return SIGNATURE_NO_MEMORY;
    return verify_by_family(context, algorithm, data, length, signature, signature_bytes);
}

enum signature_result signature_verify(const struct key *key, const struct algorithm *algorithm,
    const void *data, size_t length, const unsigned char *signature, size_t signature_bytes)
{
    if (signature_bytes != signature_length(key, algorithm)) return SIGNATURE_BAD;
    enum signature_result result =
        verify_once(key, algorithm, data, length, signature, signature_bytes);
    /*
    ** Where an allocation fails in it, OpenSSL may call a good signature bad and leave
    ** no word of why. Asked twice, only a bad one is called so again.
    */
    if (result == SIGNATURE_BAD && algorithm->family != FAMILY_HMAC) {
        result = verify_once(key, algorithm, data, length, signature, signature_bytes);
    }
    if (result != SIGNATURE_GOOD) ERR_clear_error();
    return result;
}

/* ---- signing */

static bool sign_hashed(struct signature_context *context, const struct algorithm *algorithm,
    const void *data, size_t length, unsigned char *out, size_t *out_length)
{
    unsigned char hash[HASH_BYTES_MAX], der[ECDSA_DER_MAX];
    size_t hash_length = 0;
    if (!hash_data(context, data, length, hash, &hash_length)) return false;
    if (algorithm->family != FAMILY_ECDSA) {
        return EVP_PKEY_sign(context->signer, out, out_length, hash, hash_length) == 1;
    }
    size_t der_length = sizeof der;
    if (EVP_PKEY_sign(context->signer, der, &der_length, hash, hash_length) != 1) return false;
    /* OpenSSL 3.0 calls it success, of 2^32 - 1 bytes, where it could not write them for want of memory. */
    if (der_length > sizeof der) return false;
    *out_length = algorithm->signature_bytes;
    return der_to_raw(out, algorithm->signature_bytes / 2u, der, der_length);
}

static bool sign_message(struct signature_context *context, const void *data, size_t length,
    unsigned char *out, size_t *out_length)
{
    return copy_ready(context->work, context->ready_sign) &&
           EVP_DigestSign(context->work, out, out_length, data, length) == 1;
}

static bool sign_by_family(struct signature_context *context, const struct algorithm *algorithm,
    const void *data, size_t length, unsigned char *out, size_t *out_length)
{
    switch ((enum algorithm_family)algorithm->family) {
    case FAMILY_HMAC: return compute_hmac(context, data, length, out, out_length);
    case FAMILY_RSA_PKCS1:
    case FAMILY_RSA_PSS:
    case FAMILY_ECDSA: return sign_hashed(context, algorithm, data, length, out, out_length);
    case FAMILY_EDDSA:
    case FAMILY_ML_DSA: return sign_message(context, data, length, out, out_length);
    }
    return false;
}

enum signing { SIGNED, NOT_SIGNED, NO_MEMORY_TO_SIGN };

static enum signing sign_once(const struct key *key, const struct algorithm *algorithm,
    const void *data, size_t length, unsigned char *out, size_t *out_length)
{
    bool is_hmac = algorithm->family == FAMILY_HMAC; /* its steps say all by their results */
    if (!is_hmac) ERR_clear_error();
    struct signature_context *context = context_of(key, algorithm, true);
    *out_length = SIGNATURE_BYTES_MAX;
    bool made = context != NULL &&
                sign_by_family(context, algorithm, data, length, out, out_length) &&
                *out_length == signature_length(key, algorithm);
    if (made && (is_hmac || ERR_peek_error() == 0)) return SIGNED;
    /*
    ** Here too success is none where an allocation failed on the way: OpenSSL 3.5
    ** then makes ML-DSA signatures that are wrong, and may tell of the key.
    */
    bool memory_failed = secure_memory_failed();
    if (made && !memory_failed) return SIGNED;
    if (context != NULL) signature_context_drop(context);
    secure_wipe(out, SIGNATURE_BYTES_MAX);
    *out_length = 0;
    return memory_failed ? NO_MEMORY_TO_SIGN : NOT_SIGNED;
}

bool signature_sign(const struct key *key, const struct algorithm *algorithm, const void *data,
    size_t length, unsigned char *out, size_t *out_length, struct fault *fault)
{
    enum signing done = sign_once(key, algorithm, data, length, out, out_length);
    /* Twice, before the key is blamed: OpenSSL does not always say that memory ran out. */
    if (done == NOT_SIGNED) done = sign_once(key, algorithm, data, length, out, out_length);
    if (done == SIGNED) return true;
    if (done == NO_MEMORY_TO_SIGN) return fault_memory(fault);
    return fault_set(fault, "key: OpenSSL cannot sign %s with it", algorithm->name);
}
