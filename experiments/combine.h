/*
 * Several adapters as one: sum_i S_i s_i B_i A_i = [S_1 s_1 B_1 ...] [A_1;
 * ...], exactly, at rank sum r_i, or the nearest update of a smaller rank.
 *
 * Adding the factors themselves, as some tools do, is another update: it has
 * the cross terms B_i A_j.  How large they would be is computed, by r x r
 * Gram matrices.
 */
#ifndef EXPERIMENTS_COMBINE_H
#define EXPERIMENTS_COMBINE_H

#include "core/io/peft.h"
#include "experiments/merge.h"

struct combine_site {
    const char *module;
    int out, in;
    bool is_embedding;
    int pair[MERGE_MOST]; /* of each adapter, or -1 */
    int whole, rank;      /* sum of ranks; what is written */
    double norm;          /* ||sum||_F */
    double parts;         /* sum of ||S_i s_i B_i A_i||_F^2 */
    double lost;          /* ||.||_F that a smaller rank leaves out */
    double cross; /* ||cross terms||_F of adding factors; NAN: ranks differ, or
                     only one adapter is here */
    double read_back; /* error of the file, a share of what was meant */
    double *meant;    /* (out) y of the probe */
};

struct combine {
    struct peft *peft[MERGE_MOST];
    struct combine_site *site;
    int count;
};

/* Of a merge_ask: its adapters, scales, type, out (NULL: nothing is written)
 * and force.  rank 0: the concatenation. */
struct combine *combine_run(const struct merge_ask *ask, int rank,
                            struct err *err);
void combine_close(struct combine *combine);

#endif
