/*
** run_sql: runs plain-text SQL tests against the loadable extension.
**
**     run_sql [-e extension] [-t title] file.test...
**
** -t runs only the cases and tables whose title begins so. Each file gets a fresh :memory: connection. The extension is $JWT_EXT, or ./jwt_ext, unless -e
** names another; `-e none` loads nothing. The last line is `N passed, N failed, N skipped`; the
** exit status is 0 only where nothing failed and every file held a case that ran or was skipped.
**
** A test file is made of sections. A section begins with a keyword in the first column; the lines
** below it that begin with a space belong to it. `#` in the first column begins a comment.
**
**     entry NAME              entry point to load instead of the default; before anything else
**     let NAME = EXPRESSION   evaluated once; every statement below may say $NAME (a bound value)
**     run                     statements that must succeed, and whose rows do not matter
**     case TITLE              statements; followed by what they must do:
**       gives ROW             one row: columns joined by |, NULL, BLOB as X'..', empty text as ''
**       gives                 several rows, one a line
**       gives nothing         no row
**       error TEXT            the last statement fails with exactly this message
**       error starts TEXT     ... with a message that begins so
**       error has TEXT        ... with a message that holds this; may be repeated
**       error lacks TEXT      ... with a message that does not hold this; $NAME is a variable
**     table TITLE             like case, for many rows: the statement uses $1, $2, ...
**       rows                  a line is one case: `CELL | CELL | EXPECTED`. A cell is bound as
**                             text; one that begins with = is an SQL expression. EXPECTED is a
**                             row, or `error PART & PART`: what the message must hold
**     skip unless SQL : WHY   for the case or table before it, or the whole file if there is none
**
** In an expected row, control characters are written \n, \r, \t, \0 or \xNN.
*/
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql_case.h"
#include "sql_helpers.h"

/* ---- sections --------------------------------------------------------------------------- */

static void section_fault(struct runner *runner, const struct section *section, const char *why)
{
    report_failure(runner, section->line, section->keyword, why, section->rest);
    runner->file_is_broken = true;
}

static void open_connection(struct runner *runner)
{
    char *message = NULL;
    if (runner->db != NULL) return;
    int rc = sqlite3_open(":memory:", &runner->db);
    if (rc == SQLITE_OK) rc = token_helpers_register(runner->db);
    if (rc == SQLITE_OK) rc = key_helpers_register(runner->db);
    if (rc == SQLITE_OK) {
        rc = case_functions_register(runner);
    }
    if (rc == SQLITE_OK && strcmp(runner->extension, "none") != 0) {
        sqlite3_db_config(runner->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
        rc = sqlite3_load_extension(runner->db, runner->extension, runner->entry, &message);
    }
    if (rc != SQLITE_OK) {
        report_failure(runner, 0, "loading the extension", "success",
            message != NULL ? message : sqlite3_errmsg(runner->db));
        runner->file_is_broken = true;
    }
    sqlite3_free(message);
}

static void section_entry(struct runner *runner, struct section *section)
{
    if (runner->db != NULL) {
        section_fault(runner, section, "entry before everything else");
        return;
    }
    free(runner->entry);
    runner->entry = copy_string(section->rest);
}

static void section_let(struct runner *runner, struct section *section)
{
    struct text expression = { 0 }, message = { 0 };
    char *equals = strstr(section->rest, " =");
    if (equals == NULL || runner->variable_count == MOST_VARIABLES) {
        section_fault(runner, section, "let NAME = EXPRESSION");
        return;
    }
    *equals = '\0';
    text_add(&expression, equals + 2);
    text_add(&expression, "\n");
    text_add(&expression, text_string(&section->block));
    sqlite3_value *value = evaluate(runner, expression.data, &message);
    if (value == NULL) {
        section_fault(runner, section, message.data);
    } else {
        runner->variables[runner->variable_count].name = copy_string(trim(section->rest));
        runner->variables[runner->variable_count++].value = value;
    }
    text_free(&expression);
    text_free(&message);
}

static void section_run(struct runner *runner, struct section *section)
{
    struct text rows = { 0 }, message = { 0 };
    if (run_statements(runner, text_string(&section->block), NULL, 0, &rows, &message) != 0) {
        section_fault(runner, section, message.data);
    }
    text_free(&rows);
    text_free(&message);
}

static void section_case(struct runner *runner, struct section *section)
{
    runner->pending.is_open = true;
    runner->pending.is_table = strcmp(section->keyword, "table") == 0;
    runner->pending.title = copy_string(section->rest);
    runner->pending.line = section->line;
    text_add(&runner->pending.sql, text_string(&section->block));
}

static void section_gives(struct runner *runner, struct section *section)
{
    runner->pending.wants_rows = true;
    if (strcmp(section->rest, "nothing") == 0) return;
    text_add(&runner->pending.wanted,
        section->rest[0] != '\0' ? section->rest : text_string(&section->block));
}

static void section_rows(struct runner *runner, struct section *section)
{
    if (!runner->pending.is_table) section_fault(runner, section, "a table before rows");
    runner->pending.line = section->line;
    text_add(&runner->pending.wanted, text_string(&section->block));
}

static void section_error(struct runner *runner, struct section *section)
{
    static const struct {
        const char *word;
        const char *kind;
    } kinds[] = { { "starts ", "^ " }, { "has ", "+ " }, { "lacks ", "- " }, { "", "= " } };
    struct text *tests = &runner->pending.error_tests;
    int i = 0;
    while (strncmp(section->rest, kinds[i].word, strlen(kinds[i].word)) != 0) i++;
    if (tests->length > 0) text_add(tests, "\n");
    text_add(tests, kinds[i].kind);
    text_add(tests, section->rest + strlen(kinds[i].word));
}

static void section_skip(struct runner *runner, struct section *section)
{
    char *colon = strstr(section->rest, " : ");
    if (strncmp(section->rest, "unless ", 7) != 0 || colon == NULL) {
        section_fault(runner, section, "skip unless SQL : WHY");
        return;
    }
    *colon = '\0';
    if (runner->pending.is_open) {
        runner->pending.skip_sql = copy_string(section->rest + 7);
        runner->pending.skip_reason = copy_string(colon + 3);
    } else if (is_to_be_skipped(runner, section->rest + 7, "the whole file", colon + 3)) {
        runner->file_is_skipped = true;
    }
}

static const struct {
    const char *keyword;
    void (*handle)(struct runner *, struct section *);
    bool starts_anew;   /* runs what is pending first */
    bool needs_pending; /* says something about the case before it */
    bool needs_connection;
} keywords[] = {
    { "entry", section_entry, true, false, false },
    { "let", section_let, true, false, true },
    { "run", section_run, true, false, true },
    { "case", section_case, true, false, true },
    { "table", section_case, true, false, true },
    { "gives", section_gives, false, true, true },
    { "rows", section_rows, false, true, true },
    { "error", section_error, false, true, true },
    { "skip", section_skip, false, false, true },
};

static void section_handle(struct runner *runner, struct section *section)
{
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (strcmp(section->keyword, keywords[i].keyword) != 0) continue;
        if (keywords[i].starts_anew) pending_run(runner);
        if (keywords[i].needs_connection) open_connection(runner);
        if (runner->file_is_broken || runner->file_is_skipped) return;
        if (keywords[i].needs_pending && !runner->pending.is_open) {
            section_fault(runner, section, "a case before it");
        } else {
            keywords[i].handle(runner, section);
        }
        return;
    }
    section_fault(runner, section, "a known keyword");
}

/* ---- files ------------------------------------------------------------------------------ */

static void read_sections(struct runner *runner, FILE *file)
{
    struct section section = { 0 };
    char *line = NULL, *copy = NULL;
    size_t room = 0;
    int number = 0;

    while (getline(&line, &room, file) > 0 && !runner->file_is_broken) {
        number++;
        if (line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0') continue;
        if (line[0] == ' ' || line[0] == '\t') {
            if (section.block.length > 0) text_add(&section.block, "\n");
            text_add(&section.block, trim(line));
            continue;
        }
        if (section.keyword != NULL) section_handle(runner, &section);
        free(copy);
        text_free(&section.block);
        copy = copy_string(trim(line));
        section.keyword = copy;
        section.rest = copy + strcspn(copy, " ");
        if (*section.rest != '\0') *section.rest++ = '\0';
        section.rest = trim(section.rest);
        section.line = number;
    }
    if (section.keyword != NULL && !runner->file_is_broken) section_handle(runner, &section);
    if (!runner->file_is_broken) pending_run(runner);
    free(copy);
    free(line);
    text_free(&section.block);
}

/* Closes the connection; that must work, so nothing may have kept a statement open. */
static void file_finish(struct runner *runner)
{
    for (int i = 0; i < runner->variable_count; i++) {
        free(runner->variables[i].name);
        sqlite3_value_free(runner->variables[i].value);
    }
    if (sqlite3_close(runner->db) != SQLITE_OK) {
        report_failure(runner, 0, "closing the connection", "success", sqlite3_errmsg(runner->db));
    }
    free(runner->entry);
    free(runner->pending.title);
    text_free(&runner->pending.sql);
    text_free(&runner->pending.wanted);
    text_free(&runner->pending.error_tests);
}

static void run_file(struct runner *total, const char *path)
{
    struct runner runner = {
        .extension = total->extension,
        .title = total->title,
        .path = path,
    };
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        report_failure(&runner, 0, "opening the file", "success", path);
    } else {
        read_sections(&runner, file);
        fclose(file);
        file_finish(&runner);
    }
    if (runner.passed + runner.failed + runner.skipped == 0) {
        report_failure(&runner, 0, "reading the file", "at least one case", "none");
    }
    printf("%s: %d passed, %d failed, %d skipped\n", path, runner.passed, runner.failed,
        runner.skipped);
    total->passed += runner.passed;
    total->failed += runner.failed;
    total->skipped += runner.skipped;
}

int main(int argc, char **argv)
{
    const char *from_environment = getenv("JWT_EXT");
    struct runner total = { .extension = from_environment ? from_environment : "./jwt_ext" };
    int first = 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (; argc - first > 2; first += 2) {
        if (strcmp(argv[first], "-e") == 0) {
            total.extension = argv[first + 1];
        } else if (strcmp(argv[first], "-t") == 0) {
            total.title = argv[first + 1];
        } else {
            break;
        }
    }
    if (first >= argc) {
        fprintf(stderr, "usage: run_sql [-e extension] [-t title] file.test...\n");
        return 2;
    }
    for (int i = first; i < argc; i++) run_file(&total, argv[i]);
    printf("%d passed, %d failed, %d skipped\n", total.passed, total.failed, total.skipped);
    return total.failed > 0;
}
