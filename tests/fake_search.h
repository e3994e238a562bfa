/*
 * A search for the intrinsic dimension made by hand: DID and SAID on sql, one
 * d that diverged, one training at work.  Golden frames stand on it.
 */
#ifndef TESTS_FAKE_SEARCH_H
#define TESTS_FAKE_SEARCH_H

#include "experiments/board.h"

enum fake_search {
    FAKE_SEARCH_EMPTY, /* before the first training */
    FAKE_SEARCH_HALF,  /* DID found, SAID on its way */
    FAKE_SEARCH_DONE
};

/* Freed with fake_search_free(), the recipe with it. */
const struct snapshot *fake_search(enum fake_search kind);
void fake_search_free(const struct snapshot *snapshot);

#endif
