/*
** revocation_probe.h - the question itself: does a rule hit this token?
*/
#ifndef JWT_REVOCATION_PROBE_H
#define JWT_REVOCATION_PROBE_H

#include "revocation_store.h"
#include "revocation_subject.h"

enum probe_answer {
    PROBE_CLEAR,   /* no rule hits */
    PROBE_HIT,     /* at least one does */
    PROBE_UNKNOWN, /* none does, but the token lacks what it takes to be sure */
};

struct probe {
    struct store *store;
    struct subject *subject; /* that is not prepared yet */
    unsigned require;        /* subject_need_bit()s that a token must have */
    /*
    ** Called for each rule that hits; the key points into the subject. Returns
    ** an SQLite code. NULL: the first hit ends the question.
    */
    int (*found)(void *context, const struct rule_key *key);
    void *context;

    enum probe_answer answer;
    const char *lacks; /* for PROBE_UNKNOWN: the claim's name. Static */
};

/* Starts a question that ends with its first hit. */
static inline void probe_start(
    struct probe *probe, struct store *store, struct subject *subject, unsigned require)
{
    probe->store = store;
    probe->subject = subject;
    probe->require = require;
    probe->found = NULL;
    probe->context = NULL;
}

/*
** True where what is kept says, within the transaction that is under way, that no
** rule hits and nothing is lacking: then there is nothing to ask. No statement is
** run, so that nothing can change on the way, and the subject is not prepared, so
** that nothing is allocated. False says nothing.
*/
bool probe_is_clear(const struct probe *probe);

/*
** Asks. SQLITE_OK with `answer`, or the error that stopped it (its text, where
** SQLite's own does not say it, is in store->message). All probes of one
** question see one snapshot. Afterwards store->moved tells that SQLite prepared
** a statement again on the way: whoever found the table by its name has to
** find it again and ask again.
*/
int probe_ask(struct probe *probe);

/* Asks nothing but whether the schema is the one that was seen last: store->moved tells, or an error. */
int probe_schema(struct store *store);

/* The kinds in use: `*kinds` points to what is kept, or to `own`. In a snapshot of the caller's. */
int probe_kinds(struct store *store, struct kind_list *own, const struct kind_list **kinds);

#endif
