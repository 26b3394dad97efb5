/*
** jwk_pem.c - jwk_write_pem(): a key as PEM (RFC 7468), never encrypted.
*/
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "jwk.h"
#include "secure.h"

static bool check_form(const struct key *key, bool with_private, struct fault *fault)
{
    if (key->problem != NULL) return fault_set(fault, "key: %s", key->problem);
    if (key->type == KEY_OCT) return fault_set(fault, "key: a symmetric key (oct) has no PEM form");
    if (with_private && !key->is_private) {
        return fault_set(fault, "key: a public key has no private form; ask for 'public'");
    }
    return true;
}

bool jwk_write_pem(struct text *out, const struct key *key, bool with_private, struct fault *fault)
{
    if (!check_form(key, with_private, fault)) return false;
    ERR_clear_error();
    BIO *sink = BIO_new(BIO_s_mem()); /* wiped by OpenSSL when freed */
    char *pem = NULL;
    bool written = sink != NULL;
    if (written && with_private) {
        written = PEM_write_bio_PKCS8PrivateKey(sink, key->pkey, NULL, NULL, 0, NULL, NULL) == 1;
    } else if (written) {
        written = PEM_write_bio_PUBKEY(sink, key->pkey) == 1;
    }
    if (written) {
        long length = BIO_get_mem_data(sink, &pem);
        text_add(out, pem, (size_t)length);
    }
    BIO_free(sink);
    if (!written) {
        bool no_memory = secure_memory_failed();
        return no_memory ? fault_memory(fault)
                         : fault_set(fault, "key: OpenSSL cannot write it as PEM");
    }
    ERR_clear_error();
    return !out->failed || fault_memory(fault);
}
