/*
 * ROUGE (Lin 2004): how much of a reference a text repeats.  A text is
 * lower-cased and its words are the runs of [a-z0-9]; no stemmer.
 *
 *   ROUGE-N: n-grams both have, each as often as in the poorer text
 *   ROUGE-L: words of the longest common subsequence of the whole texts
 *
 * P divides by what the produced text has, R by what the reference has,
 * F = 2PR / (P + R); 0 where nothing can be counted.
 */
#ifndef CORE_TASK_SCORE_ROUGE_H
#define CORE_TASK_SCORE_ROUGE_H

struct rouge {
    double precision, recall, f; /* in [0, 1] */
};

struct rouge rouge_n(const char *produced, const char *reference, int n);
struct rouge rouge_l(const char *produced, const char *reference);

#endif
