/*
** host.c - Host: C, with the extension linked in (-DLINKED) or loaded. What
** it is given and prints: tests/hosts/README.md.
*/
#ifdef LINKED
#include <jwt_ext.h>
#else
#include <sqlite3.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLES_MAX 128

static struct {
    char *name, *value;
} variables[VARIABLES_MAX];

static int passed, failed;

static char *copy(const char *text)
{
    return text == NULL ? NULL : sqlite3_mprintf("%s", text);
}

static void set(const char *name, const char *value)
{
    int i = 0;
    while (variables[i].name != NULL && strcmp(variables[i].name, name) != 0) i++;
    if (i == VARIABLES_MAX - 1) abort();
    if (variables[i].name == NULL) variables[i].name = copy(name);
    sqlite3_free(variables[i].value);
    variables[i].value = copy(value);
}

static const char *get(const char *name)
{
    for (int i = 0; variables[i].name != NULL; i++) {
        if (strcmp(variables[i].name, name) == 0) return variables[i].value;
    }
    return NULL;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    if (file == NULL || text == NULL) abort();
    if (fread(text, 1, (1 << 20) - 1, file) == 0) abort();
    fclose(file);
    return text;
}

static void judge(const char *title, const char *found, const char *wanted)
{
    if (strcmp(found, wanted) == 0) {
        passed++;
    } else {
        failed++;
        printf("FAILED: %s\n    found:  %s\n    wanted: %s\n", title, found, wanted);
    }
}

/* Runs one statement; its rows as text, or NULL after an error. Names in `keep` become variables. */
static char *query(sqlite3 *db, const char *text, char *keep)
{
    sqlite3_stmt *statement;
    sqlite3_str *out = sqlite3_str_new(db);
    char *plain;
    int rows = 0;
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK) {
        sqlite3_free(sqlite3_str_finish(out));
        return NULL;
    }
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement); i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        sqlite3_bind_text(statement, i, get(name + 1), -1, SQLITE_TRANSIENT);
    }
    while (sqlite3_step(statement) == SQLITE_ROW) {
        if (rows++) sqlite3_str_appendall(out, " / ");
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *value = (const char *)sqlite3_column_text(statement, i);
            char *name = rows == 1 && keep != NULL ? strsep(&keep, ",") : NULL;
            if (name != NULL) set(name, value);
            sqlite3_str_appendf(out, i ? "|%s" : "%s", value == NULL ? "" : value);
        }
    }
    sqlite3_str_appendall(out, "");
    plain = sqlite3_str_finish(out);
    if (plain == NULL) plain = copy("");
    if (sqlite3_finalize(statement) != SQLITE_OK) {
        sqlite3_free(plain);
        return NULL;
    }
    if (keep != NULL && rows == 0) judge(text, "no row", "a row");
    return plain;
}

static void step(sqlite3 *db, const char *action, char *value, const char *title)
{
    char *file = title[0] == '@' ? read_file(title + 1) : NULL;
    const char *text = file != NULL ? file : title;
    const char *wanted = value[0] == ':' ? get(value + 1) : value;
    if (strcmp(action, "script") == 0) {
        judge(title,
            sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK ? "" : sqlite3_errmsg(db), "");
    } else {
        char *plain = query(db, text, strcmp(action, "keep") == 0 ? value : NULL);
        if (plain == NULL) {
            const char *found = sqlite3_errmsg(db);
            judge(title, found,
                strcmp(action, "fails") == 0 && strstr(found, wanted) ? found : wanted);
        } else if (strcmp(action, "keep") == 0) {
            passed++;
        } else if (strcmp(action, "show") == 0) {
            printf("%s: %s\n", value, plain);
        } else {
            judge(title, plain, wanted);
        }
        sqlite3_free(plain);
    }
    free(file);
}

static sqlite3 *connect_database(const char *path, const char *extension)
{
    sqlite3 *db;
    char *message = NULL;
    if (sqlite3_open(path, &db) != SQLITE_OK) abort();
    sqlite3_busy_timeout(db, 10000);
    sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
#ifdef LINKED
    (void)extension; /* sqlite3_auto_extension() has done it */
#else
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (sqlite3_load_extension(db, extension, NULL, &message) != SQLITE_OK) {
        printf("FAILED: loading: %s\n", message);
        exit(1);
    }
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
#endif
    sqlite3_free(message);
    return db;
}

int main(int count, char **arguments)
{
    sqlite3 *databases[2];
    char *scenario, *line, *rest;
    if (count < 4) return 2;
    for (int i = 4; i < count; i++) {
        char *value = strchr(arguments[i], '=');
        *value++ = '\0';
        set(arguments[i], value);
    }
#ifdef LINKED
    if (sqlite3_auto_extension((void (*)(void))sqlite3_jwtext_init) != SQLITE_OK) return 1;
#endif
    for (int i = 0; i < 2; i++) databases[i] = connect_database(arguments[1], arguments[2]);
    rest = scenario = read_file(arguments[3]);
    while ((line = strsep(&rest, "\n")) != NULL) {
        const char *connection, *action;
        char *value;
        if (line[0] == '\0' || line[0] == '#') continue;
        connection = strsep(&line, "\t");
        action = strsep(&line, "\t");
        value = strsep(&line, "\t");
        step(databases[connection[0] == 'b'], action, value, line);
    }
    free(scenario);
    for (int i = 0; i < 2; i++) failed += sqlite3_close(databases[i]) != SQLITE_OK;
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
