/*
** header_memo.c - see header_memo.h.
*/
#include "header_memo.h"

#include <string.h>

#include "json_scan.h"
#include "secure.h"

#define KEPT 8           /* headers: of as many issuers and keys at a time */
#define SEEN 32          /* marks of headers that came once */
#define LENGTH_MAX 1024u /* of a segment; usual ones have 27 to 150 */

struct header_memo {
    struct {
        uint64_t mark; /* of the segment: most that differ are told apart by it */
        size_t length; /* 0: nothing here */
        struct kept_header *header;
    } kept[KEPT];
    unsigned next; /* where the next one goes */
    uint64_t seen[SEEN];
};

struct header_memo *header_memo_new(void)
{
    return memory_new_zero(sizeof(struct header_memo));
}

void header_memo_free(struct header_memo *memo)
{
    if (memo == NULL) return;
    for (size_t i = 0; i < KEPT; i++) kept_header_release(memo->kept[i].header);
    memory_free(memo);
}

/* The last eight characters of a segment of eight or more: what comes first is the same in most headers. */
static uint64_t mark_of(const char *segment, size_t length)
{
    return json_pack(segment + length - 8, 8);
}

struct kept_header *header_memo_find(struct header_memo *memo, const char *segment, size_t length)
{
    if (memo == NULL || length < 8) return NULL;
    uint64_t mark = mark_of(segment, length);
    for (size_t i = 0; i < KEPT; i++) {
        if (memo->kept[i].mark == mark && memo->kept[i].length == length &&
            memcmp(memo->kept[i].header->segment, segment, length) == 0) {
            return kept_header_retain(memo->kept[i].header);
        }
    }
    return NULL;
}

/* Any mixing will do: a wrong guess keeps a header one time too early or too late. */
static uint64_t hash_of(const char *segment, size_t length)
{
    uint64_t hash = length;
    for (size_t i = 0; i + 8 <= length; i += 8) {
        hash = (hash ^ json_pack(segment + i, 8)) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash ^ mark_of(segment, length);
}

void header_memo_note(struct header_memo *memo, const char *segment, size_t length,
    const char *text, size_t text_length)
{
    if (memo == NULL || length < 8 || length > LENGTH_MAX) return;
    uint64_t hash = hash_of(segment, length);
    uint64_t *seen = &memo->seen[hash % SEEN];
    if (*seen != hash) {
        *seen = hash;
        return;
    }
    struct kept_header *header = kept_header_new(segment, length, text, text_length);
    *seen = 0;
    if (header == NULL) return;
    kept_header_release(memo->kept[memo->next].header);
    memo->kept[memo->next].mark = mark_of(segment, length);
    memo->kept[memo->next].length = length;
    memo->kept[memo->next].header = header;
    memo->next = (memo->next + 1) % KEPT;
}

struct kept_header *kept_header_new(
    const char *segment, size_t length, const char *text, size_t text_length)
{
    struct kept_header *kept = memory_new(sizeof *kept + length + text_length);
    const char *why;
    const char *member;
    if (kept == NULL) return NULL;
    char *bytes = (char *)(kept + 1);
    memcpy(bytes, text, text_length);
    memcpy(bytes + text_length, segment, length);
    kept->references = 1;
    kept->text = bytes;
    kept->length = text_length;
    kept->segment = bytes + text_length;
    kept->segment_length = length;
    if (token_header_read(&kept->header, kept->text, kept->length, &why, &member) == HEADER_FINE) {
        return kept;
    }
    kept_header_release(kept);
    return NULL;
}

size_t kept_header_memory(const struct kept_header *header)
{
    return sizeof *header + header->length + header->segment_length;
}

struct kept_header *kept_header_retain(struct kept_header *header)
{
    header->references++;
    return header;
}

void kept_header_release(struct kept_header *header)
{
    if (header == NULL || --header->references > 0) return;
    token_header_release(&header->header);
    memory_free(header);
}
