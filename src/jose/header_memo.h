/*
** header_memo.h - headers that were read before. An issuer's tokens differ in
** everything but their header: where the same segment comes again, what it says
** is known without decoding and reading it.
**
** What is kept follows from the segment's bytes alone, and is found by all of
** them. Nothing in it depends on keys or options: what a header says is judged
** anew for each token.
*/
#ifndef JWT_HEADER_MEMO_H
#define JWT_HEADER_MEMO_H

#include "token.h"

/* A header that was read and is well-formed. Immutable; lives while it is referred to. */
struct kept_header {
    size_t references;
    struct token_header header;
    const char *text; /* decoded: what `header` points into */
    size_t length;
    const char *segment; /* its base64url form, as it stood in the token */
    size_t segment_length;
};

struct header_memo;

/* An empty memo, or NULL where memory ran out. */
struct header_memo *header_memo_new(void);

/* Frees the memo; headers that are still referred to stay. NULL is allowed. */
void header_memo_free(struct header_memo *memo);

/* The header of exactly this segment, with a reference that kept_header_release() gives back; or NULL. `memo` may be NULL. */
struct kept_header *header_memo_find(struct header_memo *memo, const char *segment, size_t length);

/*
** Says that this segment was decoded to `text` and read as a well-formed
** header. It is kept when that is said a second time, so that headers that come
** once push nothing out. Where memory runs out nothing is kept. `memo` may be NULL.
*/
void header_memo_note(struct header_memo *memo, const char *segment, size_t length,
    const char *text, size_t text_length);

/* A copy of a well-formed header, not in any memo, or NULL where memory ran out. */
struct kept_header *kept_header_new(
    const char *segment, size_t length, const char *text, size_t text_length);

/* About the bytes that a kept header stands for. */
size_t kept_header_memory(const struct kept_header *header);

/* One more reference. Returns `header`. */
struct kept_header *kept_header_retain(struct kept_header *header);

/* One reference less; the last one frees. NULL is allowed. */
void kept_header_release(struct kept_header *header);

#endif
