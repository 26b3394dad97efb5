/*
** key_form.h - what a key argument is, before anything is parsed
** (sql-surface.md section 2).
**
** The one question that matters for security: is this an HMAC secret? Text
** that was meant as a public key and is taken for a secret lets everyone who knows the
** public key make tokens (algorithm confusion). So whatever looks like a key
** never is one; and looking starts after anything that an eye would not see.
*/
#ifndef JWT_KEY_FORM_H
#define JWT_KEY_FORM_H

#include <stdbool.h>
#include <stddef.h>

enum key_form {
    KEY_FORM_SECRET, /* the bytes of an HMAC secret */
    KEY_FORM_JSON,   /* a JWK or JWKS, or text that looks like JSON */
    KEY_FORM_PEM,    /* holds "-----BEGIN" */
    KEY_FORM_SSH,    /* one of SSH's own formats */
    KEY_FORM_DER,    /* one whole DER SEQUENCE */
    KEY_FORM_WIDE,   /* bytes that look like JSON, PEM or SSH in UTF-16 */
};

/* The form of a key argument of `length` bytes (at least 1). `is_blob`: it came as an SQL BLOB. */
enum key_form key_form_of(const unsigned char *bytes, size_t length, bool is_blob);

#endif
