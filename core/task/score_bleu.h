/*
 * BLEU-4 of a corpus with several references (Papineni et al. 2002):
 *
 *   BLEU = min(1, exp(1 - r/c)) (p1 p2 p3 p4)^(1/4)
 *
 * p_n: n-grams of the produced texts that stand in a reference too, each at
 * most as often as in the reference that has most of it, over all n-grams
 * produced; c: words produced; r: for each text the reference length nearest
 * to its own, the shorter of two.  Counts are summed over the corpus before
 * anything is divided; no smoothing: 0 while some p_n is 0.
 *
 * Words are those of mteval-v13a, as the E2E and WMT scripts have: punctuation
 * stands alone, but a full stop or comma between digits does not, nor do
 * apostrophes; case counts.  Entities such as &amp; are not resolved.
 */
#ifndef CORE_TASK_SCORE_BLEU_H
#define CORE_TASK_SCORE_BLEU_H

enum { BLEU_ORDERS = 4, BLEU_SUMS = 2 * BLEU_ORDERS + 2 };

/* Adds one text to sums (BLEU_SUMS): matches, n-grams, c, r. */
void bleu_add(double *sums, const char *produced, const char *const *references,
              int count);
double bleu_value(const double *sums); /* in [0, 1] */

/* The text as mteval-v13a sees it, words parted by single blanks; freed by
 * mem_free(). */
char *bleu_tokens(const char *text);

#endif
