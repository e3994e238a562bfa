/*
 * What updates are, in lines for a person: which program wrote them, how many
 * tensors of which type, which ranks, where the scale comes from, what they
 * do not hold, and how far rounding reaches.
 */
#ifndef EXPERIMENTS_UPDATES_FACTS_H
#define EXPERIMENTS_UPDATES_FACTS_H

#include "experiments/updates.h"

enum { FACTS_MOST = 20, FACT_TEXT = 420 };

struct update_fact {
    char label[12];
    char text[FACT_TEXT];
    bool is_warning;
};

struct update_facts {
    int count;
    struct update_fact at[FACTS_MOST];
};

/* One more, or none where there is no room. */
void update_fact_add(struct update_facts *to, const char *label,
                     const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void update_fact_warn(struct update_facts *to, const char *label,
                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "591.4 kB" */
const char *update_bytes(char to[16], size_t bytes);

void updates_facts(struct update_facts *to, const struct updates *updates);

#endif
