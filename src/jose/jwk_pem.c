/*
** jwk_pem.c - jwk_write_pem(): a key as PEM (RFC 7468), never encrypted.
*/
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "jwk.h"
#include "key_build.h"
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

/*
** PKCS#8 of an ML-DSA key with the seed alone (RFC 9881 section 6): what every
** implementation reads. OpenSSL's own default puts the expanded key beside it.
*/
static bool write_ml_dsa(BIO *sink, const struct key *key)
{
    static const unsigned char head[] = { 0x30, 0x34, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09,
        0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x00, 0x04, 0x22, 0x80, 0x20 };
    unsigned char der[sizeof head + ML_DSA_SEED_BYTES];
    size_t size = 0;
    bool written;
    memcpy(der, head, sizeof head);
    /* id-ml-dsa-44, -65, -87 are 2.16.840.1.101.3.4.3.17, 18, 19 */
    der[17] = strcmp(key->fixed->name, "ML-DSA-44") == 0   ? 17
              : strcmp(key->fixed->name, "ML-DSA-65") == 0 ? 18
                                                           : 19;
    written = EVP_PKEY_get_octet_string_param(
                  key->pkey, "seed", der + sizeof head, ML_DSA_SEED_BYTES, &size) == 1 &&
              size == ML_DSA_SEED_BYTES &&
              PEM_write_bio(sink, "PRIVATE KEY", "", der, (long)sizeof der) > 0;
    secure_wipe(der, sizeof der);
    return written;
}

static bool write_key(BIO *sink, const struct key *key, bool with_private)
{
    if (!with_private) return PEM_write_bio_PUBKEY(sink, key->pkey) == 1;
    if (key->type == KEY_AKP) return write_ml_dsa(sink, key);
    return PEM_write_bio_PKCS8PrivateKey(sink, key->pkey, NULL, NULL, 0, NULL, NULL) == 1;
}

/* Adds the PEM to `out`; false where OpenSSL failed, with its error queue set, maybe. */
static bool add_pem(struct text *out, const struct key *key, bool with_private)
{
    BIO *sink = BIO_new(BIO_s_mem()); /* wiped by OpenSSL when freed */
    char *pem = NULL;
    bool written = sink != NULL && write_key(sink, key, with_private);
    if (written) {
        long length = BIO_get_mem_data(sink, &pem);
        text_add(out, pem, (size_t)length);
    }
    BIO_free(sink);
    return written;
}

bool jwk_write_pem(struct text *out, const struct key *key, bool with_private, struct fault *fault)
{
    if (!check_form(key, with_private, fault)) return false;
    ERR_clear_error();
    /* Twice, before the key is blamed: OpenSSL does not always say that memory ran out. */
    bool written = add_pem(out, key, with_private);
    if (!written) written = add_pem(out, key, with_private);
    if (!written) {
        bool no_memory = secure_memory_failed();
        return no_memory ? fault_memory(fault)
                         : fault_set(fault, "key: OpenSSL cannot write it as PEM");
    }
    ERR_clear_error();
    return !out->failed || fault_memory(fault);
}
