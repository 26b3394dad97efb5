/*
** revocation_plan.c - xBestIndex of jwt_revocation: which question a statement
** asks.
**
** The columns token, claims and header_kid are questions, not data. They can
** only be asked as `column = value` (or IS). Whatever else a statement does
** with them would read as "no rule hits" and let a revoked token in, so there
** is no plan for it: a constraint that cannot be used yet makes the planner
** look for another order, and all other uses end in PLAN_REFUSED, an error.
*/
#include "revocation_table.h"

SQLITE_EXTENSION_INIT3

/* What is guessed of a table: there are no statistics to ask. */
#define GUESSED_RULES 1000000
#define QUESTION_COUNT 3 /* token, claims, header_kid */

/* SQLite checks a constraint again, and then `NULL = NULL` would hide an answer, where its number is higher. */
#define LAST_OMITTED 15

#define NOT_CHOSEN (-1)
#define CANNOT_BE_ANSWERED (-2)

/* Which constraint serves for what; negative: none. */
struct choice {
    int questions[QUESTION_COUNT];
    int match[MATCH_COUNT];
    int rule;
    int lower;
    int upper;
    int bounds; /* PLAN_LOWER... */
};

static bool is_equality(const struct sqlite3_index_constraint *constraint)
{
    return constraint->op == SQLITE_INDEX_CONSTRAINT_EQ ||
           constraint->op == SQLITE_INDEX_CONSTRAINT_IS;
}

/*
** True for `column IN (...)`, which SQLite offers as an equality, and from
** which it leaves NULLs out: a NULL token would have no answer. (Before 3.38
** nobody can tell.)
*/
static bool is_in_list(sqlite3_index_info *info, int index)
{
#if SQLITE_VERSION_NUMBER >= 3038000
    if (sqlite3_libversion_number() >= 3038000) return sqlite3_vtab_in(info, index, -1) != 0;
#endif
    (void)info;
    (void)index;
    return false;
}

static bool compares_bytes(sqlite3_index_info *info, int index)
{
    return sqlite3_stricmp(sqlite3_vtab_collation(info, index), "BINARY") == 0;
}

/* Takes a constraint on token, claims or header_kid. SQLITE_CONSTRAINT: not in this order of tables. */
static int choose_question(struct choice *choice, sqlite3_index_info *info, int index)
{
    const struct sqlite3_index_constraint *constraint = &info->aConstraint[index];
    int *chosen = &choice->questions[constraint->iColumn - REVOCATION_TOKEN];
    if (!is_equality(constraint)) return SQLITE_OK;
    if (!constraint->usable) return SQLITE_CONSTRAINT;
    /* Two values at once: "no row" would only say that they differ. */
    if (*chosen != NOT_CHOSEN || index > LAST_OMITTED || is_in_list(info, index)) {
        *chosen = CANNOT_BE_ANSWERED;
    } else {
        *chosen = index;
    }
    return SQLITE_OK;
}

static void choose_bound(struct choice *choice, const sqlite3_index_info *info, int index)
{
    switch (info->aConstraint[index].op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        choice->lower = choice->upper = index;
        choice->bounds = PLAN_LOWER_EQUAL | PLAN_UPPER_EQUAL;
        break;
    case SQLITE_INDEX_CONSTRAINT_GT:
    case SQLITE_INDEX_CONSTRAINT_GE:
        if (choice->lower >= 0) break;
        choice->lower = index;
        choice->bounds |= info->aConstraint[index].op == SQLITE_INDEX_CONSTRAINT_GT
                              ? PLAN_LOWER
                              : PLAN_LOWER_EQUAL;
        break;
    case SQLITE_INDEX_CONSTRAINT_LT:
    case SQLITE_INDEX_CONSTRAINT_LE:
        if (choice->upper >= 0) break;
        choice->upper = index;
        choice->bounds |= info->aConstraint[index].op == SQLITE_INDEX_CONSTRAINT_LT
                              ? PLAN_UPPER
                              : PLAN_UPPER_EQUAL;
        break;
    default: break;
    }
}

/* Takes a constraint on any other column. */
static void choose_column(struct choice *choice, sqlite3_index_info *info, int index)
{
    const struct sqlite3_index_constraint *constraint = &info->aConstraint[index];
    int column = constraint->iColumn;
    if (!constraint->usable) return;
    if (column == REVOCATION_EXPIRES_AT) {
        choose_bound(choice, info, index);
    } else if (is_equality(constraint) && compares_bytes(info, index)) {
        if (column == REVOCATION_RULE) choice->rule = index;
        if (column < MATCH_COUNT) choice->match[column] = index;
    }
}

static int choose(struct choice *choice, sqlite3_index_info *info)
{
    for (int i = 0; i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn;
        int op = info->aConstraint[i].op;
        /* LIMIT and OFFSET name no column. Each other constraint names one of ours: there is no rowid. */
        if (op >= 73) continue;
        if (column >= REVOCATION_TOKEN && column <= REVOCATION_HEADER_KID) {
            int rc = choose_question(choice, info, i);
            if (rc != SQLITE_OK) return rc;
        } else {
            choose_column(choice, info, i);
        }
    }
    return SQLITE_OK;
}

/* Hands a constraint's value to xFilter. */
static void pass(sqlite3_index_info *info, int constraint, int *argument)
{
    info->aConstraintUsage[constraint].argvIndex = ++*argument;
}

static void pass_question(sqlite3_index_info *info, int constraint, int *argument)
{
    pass(info, constraint, argument);
    info->aConstraintUsage[constraint].omit = 1;
}

static void set_plan(
    sqlite3_index_info *info, int plan, const char *name, double cost, sqlite3_int64 rows)
{
    info->idxNum = plan;
    info->idxStr = (char *)name;
    info->estimatedCost = cost;
    info->estimatedRows = rows;
}

/* True where a plan could be had for the question that is asked, and is set. */
static bool plan_question(sqlite3_index_info *info, const struct choice *choice)
{
    const int *questions = choice->questions;
    int argument = 0;
    if (questions[0] >= 0 && questions[1] < 0 && questions[2] < 0) {
        pass_question(info, questions[0], &argument);
        set_plan(info, PLAN_TOKEN, "token", 20, 1);
        return true;
    }
    if (questions[0] >= 0 || questions[1] < 0) return false;
    pass_question(info, questions[1], &argument);
    set_plan(info, PLAN_CLAIMS, "claims", 15, 1);
    if (questions[2] >= 0) {
        pass_question(info, questions[2], &argument);
        set_plan(info, PLAN_CLAIMS | PLAN_HAS_KID, "claims, header_kid", 15, 1);
    }
    return true;
}

/* Equality on match columns: one range of the key for each kind that has them. */
static int plan_match(sqlite3_index_info *info, const struct choice *choice)
{
    int argument = 0;
    int plan = PLAN_MATCH;
    char *name = NULL;
    double rows = choice->match[MATCH_JTI] >= 0 ? 4 : 100;
    for (int column = 0; column < MATCH_COUNT; column++) {
        char *longer;
        if (choice->match[column] < 0) continue;
        longer = sqlite3_mprintf("%s%s%s", name == NULL ? "" : name, name == NULL ? "" : ", ",
            match_column_name((enum match_column)column));
        sqlite3_free(name);
        if (longer == NULL) return SQLITE_NOMEM;
        name = longer;
        pass(info, choice->match[column], &argument);
        plan |= 1 << (column + PLAN_COLUMNS_SHIFT);
        if (argument > 1) rows /= 4;
    }
    set_plan(info, plan, name, 30 + rows, rows < 1 ? 1 : (sqlite3_int64)rows);
    info->needToFreeIdxStr = 1;
    return SQLITE_OK;
}

static void plan_expires(sqlite3_index_info *info, const struct choice *choice)
{
    int argument = 0;
    double rows = GUESSED_RULES / 4.0;
    if (choice->lower >= 0) pass(info, choice->lower, &argument);
    if (choice->upper >= 0 && choice->upper != choice->lower) pass(info, choice->upper, &argument);
    if (choice->lower >= 0 && choice->upper >= 0) rows /= 4;
    if (choice->lower == choice->upper) rows = 100;
    set_plan(info, PLAN_EXPIRES | choice->bounds, "expires_at", 30 + rows, (sqlite3_int64)rows);
}

static bool has_match(const struct choice *choice)
{
    for (int column = 0; column < MATCH_COUNT; column++) {
        if (choice->match[column] >= 0) return true;
    }
    return false;
}

static int plan_columns(sqlite3_index_info *info, const struct choice *choice)
{
    int argument = 0;
    if (choice->rule >= 0) {
        pass(info, choice->rule, &argument);
        set_plan(info, PLAN_RULE, "rule", 5, 1);
    } else if (has_match(choice)) {
        return plan_match(info, choice);
    } else if (choice->lower >= 0 || choice->upper >= 0) {
        plan_expires(info, choice);
    } else {
        set_plan(info, PLAN_SCAN, "scan", GUESSED_RULES, GUESSED_RULES);
    }
    return SQLITE_OK;
}

/*
** The questions that the statement names in any way, as bits. For UPDATE,
** SQLite says "all columns", also one that we do not have: there xColumn minds
** who reads them.
*/
static unsigned named_questions(const sqlite3_index_info *info)
{
    sqlite3_uint64 used = info->colUsed;
    if (used >> 63 != 0) return 0;
    return (unsigned)(used >> REVOCATION_TOKEN) & ((1u << QUESTION_COUNT) - 1);
}

int revocation_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    struct choice choice = {
        .questions = { NOT_CHOSEN, NOT_CHOSEN, NOT_CHOSEN },
        .rule = NOT_CHOSEN,
        .lower = NOT_CHOSEN,
        .upper = NOT_CHOSEN,
    };
    unsigned named = named_questions(info);
    unsigned asked = 0;
    int rc;
    (void)base;
    for (int column = 0; column < MATCH_COUNT; column++) choice.match[column] = NOT_CHOSEN;
    rc = choose(&choice, info);
    if (rc != SQLITE_OK) return rc;
    for (unsigned i = 0; i < QUESTION_COUNT; i++) {
        if (choice.questions[i] >= 0) asked |= 1u << i;
        if (choice.questions[i] != NOT_CHOSEN) named |= 1u << i;
    }
    if (named == 0) return plan_columns(info, &choice);
    if ((named & ~asked) != 0 || !plan_question(info, &choice)) {
        set_plan(info, PLAN_REFUSED, "refused", 1e99, GUESSED_RULES);
    }
    return SQLITE_OK;
}
