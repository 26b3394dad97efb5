/*
** corpus.h - the vector files: which there are, and that each is what was recorded.
**
** SHA256SUMS in their folder lists them. A file that is missing or changed is a
** failure, and so is one that no suite has used: a file that is dropped in and
** never read would be a silent hole.
*/
#ifndef VECTORS_CORPUS_H
#define VECTORS_CORPUS_H

#include "run.h"

/*
** Reads the list, and gives `run->db` the functions
**   vector(path)        a file's content as TEXT      vector_blob(path)   as a BLOB
**   vector_line(path)   as TEXT without the line end at its end
**   from_hex(text), base64url(value), from_base64url(text)
**   bytes(...)          its arguments' bytes in a row, as a BLOB
**   hs256(header, payload, secret)   the compact JWS, made with OpenSSL alone
** and the table vector_file(path). False where the folder holds no list.
*/
bool corpus_open(struct run *run, const char *folder);

/* Failures for files that differ from the list, or that nothing has used. */
void corpus_check(struct run *run);

void corpus_close(struct run *run);

#endif
