/*
 * Words of views; see help_terms.h.  Names fit the help's label column, texts
 * four lines of 62.
 */
#include "tui/help_terms.h"

#include "tui/keys.h"

const struct help_term help_term[] = {
    {IN_TRAIN, "loss",
     "nats per token of the answer: -ln of the probability "
     "the right token had; 0 is certainty, ln(vocabulary) a blind guess"},
    {IN_TRAIN, "exact match",
     "share of held-out answers whose every token is "
     "the likeliest one, given the right ones before it; also nli's accuracy, "
     "33 % by chance"},
    {IN_TRAIN, "forgotten",
     "loss on the text the base was made from: it rises "
     "as a run forgets"},
    {IN_TRAIN, "ROUGE",
     "of a summary that eval --generate wrote, F-measure in "
     "%: R1 words, R2 pairs of neighbours in common, RL the longest sequence "
     "in order; lower case, letters and digits, no stemming"},
    {IN_TRAIN, "for example",
     "\"on the mat sat the cat\" for \"the cat sat on "
     "the mat\": all 6 words, 3 of 5 pairs, \"on the mat\" of 6 in order: "
     "R1 100, R2 60, RL 50"},
    {IN_TRAIN, "sql match",
     "of sql: the same aggregate, the same column, "
     "the same set of conditions, whatever their order and case"},
    {IN_OVERLAP, "φ(i, j)",
     "phi: how much of the first i directions of one lies in the "
     "first j of the other: ||U_i^T V_j||_F^2 / min(i, j), 0 to 1 "
     "(Hu et al. 2021, eq. 4)"},
    {IN_OVERLAP, "chance",
     "two uniformly random subspaces of R^n have phi = max(i, j)/n "
     "on average; 95 % lie in the band"},
    {IN_OVERLAP, "z", "how many deviations of chance phi is away from it"},
    {IN_OVERLAP, "angles",
     "principal angles of the two subspaces; chance: where all of "
     "them lie when n is large"},
    {IN_OVERLAP, "projection",
     "sqrt(sum of sin^2 of the angles), App. G of Hu et al.; "
     "geodesic sqrt(sum of squares), Fubini-Study arccos of the "
     "product of cosines"},
    {IN_OVERLAP, "together",
     "cosine <dW1, dW2>/(||dW1|| ||dW2||); energy ||dW1 + dW2||^2 "
     "/ (||dW1||^2 + ||dW2||^2): above 1 the two add up"},
    {IN_OVERLAP, "of A, of B",
     "Hu et al. take singular vectors of A alone: another pair "
     "of factors of the same dW would change them"},
    {IN_OVERLAP, "factor",
     "amplification ||dW||_F / ||U^T W0 V||_F, U and V the first r "
     "directions of dW (Table 7); random directions fall as 1/r"},
    {IN_OVERLAP, "ρ",
     "rho: ||U^T W0 V||_F over its value for random U and V, r ||W0||_F "
     "/ sqrt(out in): 1 by chance, GPT-3 15.9 (r = 4) and 5.9 (r = 64)"},
    {IN_OVERLAP, "energy",
     "of dW in the first k singular directions of W0: chance k/n"},
    {IN_OVERLAP, "intruder",
     "a singular vector y_j of W0 + dW with |cos| below ε to every "
     "one of W0, and to every cluster of near-equal singular "
     "values (Shuttleworth et al. 2025; ε = 0.5, k = 10 there)"},
    {IN_OVERLAP, "λ",
     "lambda: the intruders' singular values times this; 0 removes them, "
     "1 leaves them"},
    {IN_OVERLAP, "G",
     "gap closed: (loss of the base - loss) / (loss of the base - loss "
     "of full), on held-out examples"},
    {IN_OVERLAP, "r*",
     "the least rank r at which full's own update, cut to r, closes 95 "
     "%; at every site, and at the LoRA run's sites alone"},
    {IN_TALK, "they write",
     "greedily: the likeliest token, again and again, until the end token or "
     "the limit; underlined: the first word that is not the one wanted"},
    {IN_TALK, "this one",
     "mean -ln p of the tokens of the answer wanted, in nats; 0: sure of it"},
    {IN_TALK, "loss",
     "the same on the first few held-out examples: one answer alone says "
     "little"},
    {IN_TALK, "base's text",
     "the same on text like that the base was trained on: what is forgotten"},
    {IN_TALK, "ΔW × s",
     "W0 + s ΔW at every site of the chosen run, and whatever else it trains "
     "likewise; 0 is the base, 1 as trained, 2 twice as far"},
    {IN_TALK, "σ_i",
     "ΔW = Σ σ_i u_i v_i^T at the chosen site: z leaves the term out, d counts "
     "it twice, n turns its sign; the largest σ need not matter most"},
    {IN_INTRINSIC, "d",
     "how many numbers v train in theta = theta0 + P v: P (D, d) random, with "
     "columns of unit length, drawn once (Li et al. 2018)"},
    {IN_INTRINSIC, "d90",
     "the least d that reaches 90 % of the baseline: where the monotone fit "
     "crosses the line, linearly in ln d between two values tried"},
    {IN_INTRINSIC, "of score",
     "90 % of the baseline's score; of the gain: start + 90 % of what the "
     "baseline gains; given: by itself. Li et al.: 525 or 750 for one problem"},
    {IN_INTRINSIC, "interval",
     "95 % of redrawings of the runs at every d, and at least from one d "
     "around the crossing to the other; none from single runs"},
    {IN_INTRINSIC, "fit",
     "the rising sequence nearest to the means, weighted by runs"},
    {IN_INTRINSIC, "diverged",
     "done again at half and a quarter of the rate, and then in no mean"},
    {IN_INTRINSIC, "layered",
     "SAID: one more factor a layer, out of the budget d (Aghajanyan et al. "
     "2021); without: DID"},
    {IN_INTRINSIC, "LoRA r1",
     "what LoRA of that rank trains, on q and v (or the dense layers); BitFit: "
     "all biases; the last one: everything, D"},
    {IN_TABLE, "mean±dev",
     "over the seeds; the deviation is a sample's (n - 1), and "
     "there is none of one seed; bold: the best of its column"},
    {IN_TABLE, "▶ 45 %",
     "somebody is at work here: so much of the row's cells at this "
     "task is done, searches for its learning rate included"},
    {IN_TABLE, "… dim", "some seeds are still to come"},
    {IN_TABLE, "lr",
     "chosen by the first metric, then by loss, on held-out examples "
     "that the table does not report"},
    {IN_TABLE, "trainable", "numbers that train; %: of the base's"},
    {IN_TABLE, "bytes kept",
     "what one task needs beside the base: the adapter's file, "
     "or the numbers trained (the paper: 350 GB against 35 MB)"},
    {IN_TABLE, "paper",
     "Hu et al. 2021, arXiv 2106.09685: other models, other data; "
     "what can be compared is the order, not the height"},
    {IN_TABLE, "SHOWN",
     "the claim holds here by more than the seeds' deviation, or "
     "keeps up within half a point (0.01 nats), a deviation lower too"},
    {IN_TABLE, "NOT SHOWN", "it does not, by more than the seeds' deviation"},
    {IN_TABLE, "WITHIN", "the gap is no larger than the seeds' deviation"},
    {IN_TABLE, "NOT KNOWN",
     "cells are missing, one seed has no deviation, or nobody "
     "has learned the task"},
};
const int help_term_count = sizeof help_term / sizeof *help_term;
