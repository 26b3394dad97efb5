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

/* More kinds of rules than most tokens meet; where there are more they are asked one by one. */
#define PROBE_KEYS 4

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

    /* What probe_look_ahead() found out. */
    const struct filter *filter; /* that says all, if it can be believed; or NULL */
    unsigned key_count;          /* of what it will be asked: */
    uint64_t keys[PROBE_KEYS];
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
    probe->filter = NULL;
}

/*
** Works out from what stands in the token as it is what probe_is_clear() will ask
** the filter, and fetches that from memory, so that something else can be done
** meanwhile: a filter is larger than a processor's nearest caches. Decides
** nothing, prepares nothing, allocates nothing.
*/
void probe_look_ahead(struct probe *probe);

/*
** After probe_look_ahead(): true where what is kept says, within the transaction
** that is under way, that no rule hits and nothing is lacking. Then there is nothing
** to ask. No statement is run, so that nothing can change on the way. False says
** nothing.
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
