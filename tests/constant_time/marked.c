/*
** marked.c - does what is done with a secret depend on its bytes? Run under
** valgrind's memcheck, which is told that the secret's bytes are undefined: it
** then reports each branch, and each address, that depends on one of them.
**
** usage: marked mac | sign | decode LENGTH
**
** Linked with --wrap=secure_equal: the answer of that function, and nothing
** else, may be acted upon, so it is marked as defined again.
*/
#include "jose/algorithm.h"
#include "jose/base64url.h"
#include "jose/key.h"
#include "jose/secure.h"
#include "jose/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#define SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MESSAGE "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0"

bool __real_secure_equal(const void *left, const void *right, size_t size);
bool __wrap_secure_equal(const void *left, const void *right, size_t size);

static unsigned compared;

bool __wrap_secure_equal(const void *left, const void *right, size_t size)
{
    bool equal = __real_secure_equal(left, right, size);
    VALGRIND_MAKE_MEM_DEFINED(&equal, sizeof equal);
    compared++;
    return equal;
}

/* A key that was read as usual; its bytes are secret from here on. */
static struct key_set *secret_key(void)
{
    struct fault fault = { FAULT_NONE, "" };
    struct key_set *set = key_set_read(SECRET, strlen(SECRET), false, &fault);
    if (set == NULL) exit(2);
    VALGRIND_MAKE_MEM_UNDEFINED(set->keys[0].secret, set->keys[0].secret_length);
    return set;
}

/* Every hash; the right MAC, one that differs at its start, one at its end. */
static int verify_macs(void)
{
    static const char *const names[] = { "HS256", "HS384", "HS512" };
    int wrong = 0;
    for (size_t i = 0; i < 3; i++) {
        const struct algorithm *algorithm = algorithm_find(names[i], 5);
        struct fault fault = { FAULT_NONE, "" };
        struct key_set *known = key_set_read(SECRET, strlen(SECRET), false, &fault);
        struct key_set *set = secret_key();
        unsigned char mac[64];
        size_t size = sizeof mac;
        if (!signature_sign(
                &known->keys[0], algorithm, MESSAGE, strlen(MESSAGE), mac, &size, &fault))
            return 2;
        for (size_t damage = 0; damage < 3; damage++) {
            if (damage == 1) mac[0] ^= 1;
            if (damage == 2) mac[0] ^= 1, mac[size - 1] ^= 1;
            enum signature_result result =
                signature_verify(&set->keys[0], algorithm, MESSAGE, strlen(MESSAGE), mac, size);
            wrong += result != (damage == 0 ? SIGNATURE_GOOD : SIGNATURE_BAD);
        }
        key_set_release(set);
        key_set_release(known);
    }
    printf("%u comparisons\n", compared);
    return wrong != 0 || compared < 9;
}

static int sign_macs(void)
{
    static const char *const names[] = { "HS256", "HS384", "HS512" };
    for (size_t i = 0; i < 3; i++) {
        struct fault fault = { FAULT_NONE, "" };
        struct key_set *set = secret_key();
        unsigned char mac[64];
        size_t size = sizeof mac;
        if (!signature_sign(&set->keys[0], algorithm_find(names[i], 5), MESSAGE, strlen(MESSAGE),
                mac, &size, &fault)) {
            return 2;
        }
        key_set_release(set);
    }
    return 0;
}

/* What a JWK's `k` goes through. Whether it is base64url at all is no secret: one branch may depend on that. */
static int decode(size_t length)
{
    char *text = malloc(length);
    unsigned char *bytes = malloc(BASE64URL_SIZE(length));
    size_t size = 0;
    if (text == NULL || bytes == NULL) return 2;
    for (size_t i = 0; i < length; i++) text[i] = "AyM1SysPpbyDfgZld3umj1qz-_"[i % 26];
    VALGRIND_MAKE_MEM_UNDEFINED(text, length);
    bool fine = base64url_decode(bytes, &size, text, length);
    VALGRIND_MAKE_MEM_DEFINED(&fine, sizeof fine);
    free(text);
    free(bytes);
    return !fine;
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "mac") == 0) return verify_macs();
    if (count == 2 && strcmp(arguments[1], "sign") == 0) return sign_macs();
    if (count == 3 && strcmp(arguments[1], "decode") == 0)
        return decode((size_t)atol(arguments[2]));
    fprintf(stderr, "usage: marked mac | sign | decode LENGTH\n");
    return 2;
}
