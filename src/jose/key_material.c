/*
** key_material.c - see key_material.h.
*/
#include "key_material.h"

#include <openssl/evp.h>
#include <string.h>

#include "secure.h"
#include "signature_context.h"

void key_start(struct key *key)
{
    memset(key, 0, sizeof *key);
    key->type = KEY_UNKNOWN;
    key->may_sign = true;
    key->may_verify = true;
}

void key_clear(struct key *key)
{
    signature_contexts_free(key->contexts);
    EVP_PKEY_free(key->pkey); /* OpenSSL wipes private numbers */
    memory_wipe_free(key->secret, key->secret_length);
    memory_free(key->kid);
    memory_free(key->use);
    key_start(key);
}

/* RFC 7518 section 3.2: a key at least as long as the hash. HS256 asks the least. */
static const char *secret_weakness(const struct algorithm *fixed, size_t length)
{
    size_t wanted = fixed != NULL ? fixed->hash_bytes : 32;
    if (length >= wanted) return NULL;
    if (wanted == 32) return "the HMAC secret is shorter than the 32 bytes of HS256";
    if (wanted == 48) return "the HMAC secret is shorter than the 48 bytes of HS384";
    return "the HMAC secret is shorter than the 64 bytes of HS512";
}

bool key_set_secret(struct key *key, const unsigned char *secret, size_t length)
{
    key->type = KEY_OCT;
    key->is_private = true;
    key->secret = memory_new(length);
    if (key->secret == NULL) return false;
    memcpy(key->secret, secret, length);
    key->secret_length = length;
    key->bits = length < UINT32_MAX / 8 ? (unsigned)length * 8 : UINT32_MAX;
    key->weakness = secret_weakness(key->fixed, length);
    return true;
}
