/*
** key_pem.c - see key_pem.h.
**
** OpenSSL's own readers of private keys ask the terminal for a passphrase.
** So only the armour is left to it (PEM_read_bio(), which asks nothing), and
** the DER within goes to the decoder that the block's name calls for.
*/
#include "key_pem.h"

#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "secure.h"

/* One block's content: what a decoder reads, and where it stopped. */
struct der {
    const unsigned char *at;
    const unsigned char *end;
};

static EVP_PKEY *decode_spki(struct der *der)
{
    return d2i_PUBKEY_ex(NULL, &der->at, (long)(der->end - der->at), NULL, NULL);
}

static EVP_PKEY *decode_rsa_public(struct der *der)
{
    return d2i_PublicKey(EVP_PKEY_RSA, NULL, &der->at, (long)(der->end - der->at));
}

/*
** Where an allocation failed, OpenSSL 3.0 may still find a private key, in a way of
** version 1. Such a one has no provider, and no numbers for whoever asks later: none.
*/
static EVP_PKEY *provided(EVP_PKEY *pkey)
{
    if (pkey == NULL || EVP_PKEY_get0_provider(pkey) != NULL) return pkey;
    EVP_PKEY_free(pkey);
    return NULL;
}

static EVP_PKEY *decode_private(int type, struct der *der)
{
    return provided(
        d2i_PrivateKey_ex(type, NULL, &der->at, (long)(der->end - der->at), NULL, NULL));
}

static EVP_PKEY *decode_rsa_private(struct der *der)
{
    return decode_private(EVP_PKEY_RSA, der);
}

static EVP_PKEY *decode_ec_private(struct der *der)
{
    return decode_private(EVP_PKEY_EC, der);
}

static EVP_PKEY *decode_pkcs8_v1(struct der *der)
{
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &der->at, (long)(der->end - der->at));
    EVP_PKEY *pkey = info != NULL ? provided(EVP_PKCS82PKEY_ex(info, NULL, NULL)) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    return pkey;
}

/* Steps over one DER value with this universal tag; false where it is another one, or not whole. */
static bool skip_value(struct der *der, int wanted)
{
    long length = 0; /* where it fails, OpenSSL leaves all three as they are */
    int tag = 0, class = 0;
    const unsigned char *content = der->at;
    int result = ASN1_get_object(&content, &length, &tag, &class, der->end - der->at);
    if ((result & 0x81) != 0 || tag != wanted || class != V_ASN1_UNIVERSAL) return false;
    der->at = content + length;
    return true;
}

#define PKCS8_HEAD_MAX 16 /* SEQUENCE and its length, then INTEGER 0 */

/*
** Version 2 (RFC 5958 section 2) carries the public key behind the private
** one; OpenSSL before 3.2 reads only version 1. So the version's two middle
** fields are wrapped as version 1. What is dropped follows from the private
** key: nothing relies on it.
*/
static EVP_PKEY *decode_pkcs8_v2(struct der *der)
{
    static const unsigned char version_2[] = { 0x02, 0x01, 0x01 };
    static const unsigned char version_1[] = { 0x02, 0x01, 0x00 };
    struct der inner = *der;
    long length = 0;
    int tag = 0, class = 0;
    int result = ASN1_get_object(&inner.at, &length, &tag, &class, der->end - der->at);
    if ((result & 0x81) != 0 || tag != V_ASN1_SEQUENCE || length < (long)sizeof version_2 ||
        inner.at + length != der->end || memcmp(inner.at, version_2, sizeof version_2) != 0) {
        return NULL;
    }
    inner.at += sizeof version_2;
    const unsigned char *fields = inner.at;
    if (!skip_value(&inner, V_ASN1_SEQUENCE) || !skip_value(&inner, V_ASN1_OCTET_STRING)) {
        return NULL;
    }
    size_t size = (size_t)(inner.at - fields);
    unsigned char *copy = memory_new(size + PKCS8_HEAD_MAX);
    if (copy == NULL) return NULL;
    unsigned char *end = copy;
    ASN1_put_object(&end, 1, (int)(size + sizeof version_1), V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    memcpy(end, version_1, sizeof version_1);
    memcpy(end + sizeof version_1, fields, size);
    struct der wrapped = { copy, end + sizeof version_1 + size };
    EVP_PKEY *pkey = decode_pkcs8_v1(&wrapped);
    memory_wipe_free(copy, size + PKCS8_HEAD_MAX);
    if (pkey != NULL) der->at = der->end;
    return pkey;
}

static EVP_PKEY *decode_pkcs8(struct der *der)
{
    const unsigned char *start = der->at;
    EVP_PKEY *pkey = decode_pkcs8_v1(der);
    if (pkey != NULL) return pkey;
    der->at = start;
    return decode_pkcs8_v2(der);
}

static EVP_PKEY *certificate_key(X509 *certificate)
{
    EVP_PKEY *pkey = certificate != NULL ? X509_get_pubkey(certificate) : NULL;
    X509_free(certificate);
    return pkey;
}

static EVP_PKEY *decode_certificate(struct der *der)
{
    return certificate_key(d2i_X509(NULL, &der->at, (long)(der->end - der->at)));
}

static EVP_PKEY *decode_trusted_certificate(struct der *der)
{
    return certificate_key(d2i_X509_AUX(NULL, &der->at, (long)(der->end - der->at)));
}

struct block_kind {
    const char *name;
    EVP_PKEY *(*decode)(struct der *der);
    bool is_private;
    const char *refusal; /* where there is no decoder */
};

#define DECRYPT_REMEDY "decrypt it first: openssl pkey -in key.pem -out plain.pem"

static const struct block_kind block_kinds[] = {
    { "PUBLIC KEY", decode_spki, false, NULL },
    { "RSA PUBLIC KEY", decode_rsa_public, false, NULL },
    { "PRIVATE KEY", decode_pkcs8, true, NULL },
    { "RSA PRIVATE KEY", decode_rsa_private, true, NULL },
    { "EC PRIVATE KEY", decode_ec_private, true, NULL },
    { "CERTIFICATE", decode_certificate, false, NULL },
    { "X509 CERTIFICATE", decode_certificate, false, NULL },
    { "TRUSTED CERTIFICATE", decode_trusted_certificate, false, NULL },
    { "ENCRYPTED PRIVATE KEY", NULL, true, "the PEM is encrypted; " DECRYPT_REMEDY },
    { "OPENSSH PRIVATE KEY", NULL, true,
        "an OpenSSH private key is not read; convert it: ssh-keygen -p -m PKCS8 -f key" },
    { "SSH2 PUBLIC KEY", NULL, false,
        "an SSH public key is not read; convert it: ssh-keygen -e -m PKCS8 -f key.pub" },
    { "DSA PRIVATE KEY", NULL, true, "DSA keys have no JOSE algorithm" },
    { "CERTIFICATE REQUEST", NULL, false,
        "a certificate request is not a key; its key: openssl req -in request.pem -pubkey -noout" },
};

static const struct block_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof block_kinds / sizeof *block_kinds; i++) {
        if (strcmp(block_kinds[i].name, name) == 0) return &block_kinds[i];
    }
    return NULL;
}

/* A block as PEM_read_bio() gives it. */
struct block {
    char *name;
    char *header;
    unsigned char *bytes;
    long length;
};

static void block_release(struct block *block)
{
    OPENSSL_free(block->name);
    OPENSSL_free(block->header);
    OPENSSL_clear_free(block->bytes, (size_t)block->length);
    memset(block, 0, sizeof *block);
}

/* The key of a block, or NULL where it is none, or has more than that in it. */
static EVP_PKEY *decode_block(const struct block_kind *kind, const struct block *block)
{
    struct der der = { block->bytes, block->bytes + block->length };
    EVP_PKEY *pkey = kind->decode(&der);
    if (pkey != NULL && der.at != der.end) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    return pkey; // cppcheck-suppress returnDanglingLifetime ; the key holds nothing of `der`
}

/* Reads one block into `key`; false with `fault`. */
static bool read_block(struct key *key, const struct block *block, struct fault *fault)
{
    const struct block_kind *kind = find_kind(block->name);
    if (kind == NULL) {
        return fault_set(fault,
            "key: a PEM block \"%.40s\" holds no key that is understood: give a PUBLIC KEY, a "
            "PRIVATE KEY or a CERTIFICATE",
            block->name);
    }
    if (kind->decode == NULL) return fault_set(fault, "key: %s", kind->refusal);
    /* RFC 1421 section 4.6.1.1, as OpenSSL's traditional formats have it */
    if (strstr(block->header, "ENCRYPTED") != NULL) {
        return fault_set(fault, "key: the PEM is encrypted; " DECRYPT_REMEDY);
    }
    EVP_PKEY *pkey = decode_block(kind, block);
    /*
    ** A decoder that ran out of memory says "unsupported", as one does that
    ** found nothing. Asked twice, only the latter says so again.
    */
    if (pkey == NULL) pkey = decode_block(kind, block);
    if (pkey == NULL) {
        if (secure_memory_failed()) return fault_memory(fault);
        return fault_set(
            fault, "key: the PEM block \"%s\" holds no key that OpenSSL can read", kind->name);
    }
    return key_set_pkey(key, pkey, kind->is_private) || fault_memory(fault);
}

/* Reads block after block, counting those that could be keys; only the first is one. */
static bool read_blocks(struct key *key, BIO *source, size_t *keys, struct fault *fault)
{
    struct block block = { NULL, NULL, NULL, 0 };
    bool read = true;
    *keys = 0;
    while (read && PEM_read_bio(source, &block.name, &block.header, &block.bytes, &block.length)) {
        if (strcmp(block.name, "EC PARAMETERS") != 0) {
            ++*keys;
            read = *keys == 1 ? read_block(key, &block, fault)
                              : fault_set(fault, "key: the PEM holds several keys or certificates; "
                                                 "give one, or several as a JWKS");
        }
        block_release(&block);
    }
    return read;
}

/* How reading ended: at the text's end, or before it. */
static bool judge_end(size_t keys, struct fault *fault)
{
    unsigned long error = ERR_peek_last_error();
    bool of_pem = error == 0 || ERR_GET_LIB(error) == ERR_LIB_PEM;
    bool ended = error != 0 && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    if (secure_memory_failed() || !of_pem) return fault_memory(fault);
    if (!ended) {
        return fault_set(fault, "key: the PEM is damaged: a block does not end, or is not base64");
    }
    if (keys > 0) return true;
    return fault_set(fault, "key: the text has \"-----BEGIN\" but no whole PEM block with a key");
}

static bool read_pem(struct key *key, BIO *source, struct fault *fault)
{
    size_t keys;
    if (!read_blocks(key, source, &keys, fault)) return false;
    if (ERR_peek_error() == 0) {
        /* OpenSSL is silent on a block without content, and on memory that ran out: again, to tell. */
        key_clear(key);
        (void)BIO_reset(source);
        if (!read_blocks(key, source, &keys, fault)) return false;
    }
    return judge_end(keys, fault);
}

bool key_read_pem(struct key *key, const char *text, size_t length, struct fault *fault)
{
    if (length > INT_MAX) return fault_set(fault, "key: the PEM is too long");
    if (memchr(text, '\0', length) != NULL) return fault_set(fault, "key: the PEM has a NUL in it");
    ERR_clear_error();
    BIO *source = BIO_new_mem_buf(text, (int)length);
    bool read = source != NULL ? read_pem(key, source, fault) : fault_memory(fault);
    BIO_free(source);
    ERR_clear_error();
    if (read && key->problem != NULL) return fault_set(fault, "key: %s", key->problem);
    return read;
}
