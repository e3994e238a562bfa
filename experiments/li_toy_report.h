/*
 * Li et al.'s toy as a table: what random subspaces leave of the loss, beside
 * the line that theory draws, and whether that was shown.
 */
#ifndef EXPERIMENTS_LI_TOY_REPORT_H
#define EXPERIMENTS_LI_TOY_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "analysis/li_toy.h"

/* The mean minimum lies within 0.02 of 1 - d/10 at every d, no draw's is 0
 * below d = 10 and all are from there on, and descent ends within 1e-3 of its
 * own draw's minimum. */
bool li_toy_is_shown(const struct li_toy_row *rows);
/* Measures with 2,000 draws of P and prints the table and SHOWN or NOT SHOWN;
 * some two seconds. */
int li_toy_report(FILE *to, uint64_t seed, struct err *err);

#endif
