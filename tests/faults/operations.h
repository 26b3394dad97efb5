/*
** operations.h - everything that SQL can ask of the extension, as a table: each function with each number
** of arguments, each table, each kind of write, with keys and tokens of each kind. The programs of this
** folder walk it under their faults.
*/
#ifndef FAULTS_OPERATIONS_H
#define FAULTS_OPERATIONS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/* A key in one of its forms, with what it signed. All texts are NULL where OpenSSL lacks the algorithm. */
struct material {
    const char *name;
    const char *alg;
    char *private_key, *public_key;
    char *good;   /* a token of PAYLOAD that verifies with `public_key` */
    char *bad;    /* the same with one changed character in its signature */
    char *broken; /* a key like `public_key` that must be refused */
};

struct operation {
    const char *name; /* as pragma_function_list or pragma_module_list has it */
    int arguments;    /* of a function; TABLE for a virtual table */
    enum { ONE_KEY, EACH_KEY } keys;
    const char *before; /* SQL that makes what the statement needs, or NULL */
    /* One statement. It may name :private, :public, :good, :bad, :broken and :alg of a material. */
    const char *sql;
    /* SQL whose answer counts instead of the statement's: it may name :result, too. NULL: the statement's. */
    const char *judge;
    const char *expected; /* the answer as text, "NULL" for none; NULL: what it is without faults */
    enum {
        PLAIN,
        COSTLY,
        SINGLE
    } kind; /* COSTLY: takes long; SINGLE: cannot be run a second time */
};

enum { TABLE = -1 };

extern const struct operation operations[];
extern const size_t operation_count;

/* Makes the keys and tokens; afterwards every form of key is there that the OpenSSL at hand has. */
void materials_make(void);
void materials_free(void);
const struct material *material_at(size_t index); /* NULL behind the last */

/* How many materials an operation is tried with. */
size_t operation_materials(const struct operation *operation);

/* A prepared statement with all that it names bound; SQLite's code. */
int operation_prepare(sqlite3 *database, const char *sql, const struct material *material,
    const char *result, sqlite3_stmt **statement);

/*
** Steps a statement to its end; the first column of its first row goes to `out` ("NULL" where there is
** none, "error: ..." where it fails). SQLite's code, SQLITE_DONE where it went well. Allocates nothing.
*/
int operation_step(sqlite3_stmt *statement, char *out, size_t size);

/* Both in one. */
int operation_run(sqlite3 *database, const char *sql, const struct material *material,
    const char *result, char *out, size_t size);

/* True for the codes that say: no memory. */
bool is_no_memory(int code);

/* Which functions and modules of the extension no row of the table names: text for a message, NULL where none is missing. */
const char *operations_missing(sqlite3 *with_extension, sqlite3 *without);

enum { ANSWER_BYTES = 16384 };

#endif
