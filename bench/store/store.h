/*
** What the parts of the token store's benchmark share: two stores with sessions and tokens, and
** connections as an application has them.
*/
#ifndef STORE_H
#define STORE_H

#include "../program/bench.h"

/* The stores. */
enum { FEW, MANY, SIZE_COUNT };
enum { FEW_SESSIONS = 1000 };
/* Access tokens that are measured, and those that only warm things up. */
enum { CALLS = 2000, WARM = 1000, TOKENS = CALLS + WARM };
/* Sessions that are refreshed; the second half is for statements without cryptography, as these
** hand out tokens that nobody else accepts. */
enum { REFRESHED = 1000, REFRESHED_BARE = REFRESHED / 2 };
/* Where the refresh token stands in the row that `refresh` answers. */
enum { REFRESH_COLUMN = 4 };

typedef struct {
    char *paths[SIZE_COUNT];
    char *sids[SIZE_COUNT][TOKENS]; /* of the access token of the same number */
    char *access_tokens[SIZE_COUNT][ALGORITHM_COUNT][TOKENS]; /* HS256 and ES256 alone */
    char *refresh_tokens[SIZE_COUNT][REFRESHED];
    char *keys[SIZE_COUNT][ALGORITHM_COUNT]; /* key sets for authenticate_stateless */
    char *kids[2];                           /* of the keys that sign access and refresh tokens */
    char *options;                           /* jwt_policy.options */
} store_fixture;

/* Makes the stores of FEW_SESSIONS and `sessions` sessions in files whose names begin with `path`,
** each with a plain session table of the same facts beside it, and signs the tokens. */
void store_make(store_fixture *fixture, const char *path, long sessions);
/* Frees all of it, and removes the files. */
void store_remove(store_fixture *fixture);
/* Replaces a refresh token by a copy of the one that was answered for it. */
void store_keep(store_fixture *fixture, int size, int which, const char *token);

/* A connection as the loaders make it, but that no commit waits for the disk: WAL, the extension. */
sqlite3 *store_open(const char *path);
/* The text of sql/`name`.sql; to be freed. */
char *store_statement(const char *name);
/* Binds what authenticate_stateless is given beside its token. */
void store_bind_stateless(
    sqlite3_stmt *statement, const store_fixture *fixture, int size, int algorithm);
/* Gives a connection a jwt_claims that only decodes, and a jwt_sign that only encodes. */
void store_without_cryptography(sqlite3 *database, const store_fixture *fixture);

#endif
