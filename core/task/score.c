/* See score.h. */
#include "core/task/score.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/task/score_bleu.h"
#include "core/task/score_rouge.h"
#include "core/task/score_sql.h"

/* ---- shares of right answers */

/* The next word of a text; 0 bytes at the end. */
static size_t next_word(const char **at)
{
    *at += strspn(*at, " \t\r\n\v\f");
    return strcspn(*at, " \t\r\n\v\f");
}

bool score_same_text(const char *a, const char *b)
{
    for (;;) {
        size_t x = next_word(&a), y = next_word(&b);
        if (x != y || memcmp(a, b, x) != 0)
            return false;
        if (x == 0)
            return true;
        a += x;
        b += y;
    }
}

static void add_same(double *sums, const char *produced,
                     const char *const *references, int count)
{
    bool same = false;
    for (int i = 0; i < count; i++)
        same = same || score_same_text(produced, references[i]);
    sums[0] += same;
}

static void add_query(double *sums, const char *produced,
                      const char *const *references, int count)
{
    bool same = false;
    for (int i = 0; i < count; i++)
        same = same || sql_same(produced, references[i]);
    sums[0] += same;
}

static double mean(const double *sums, long examples)
{
    return sums[0] / (double)examples;
}

/* z of a two-sided 95 %. */
void score_wilson(double *low, double *high, double right, double count)
{
    const double z = 1.959963984540054;
    *low = 0;
    *high = 1;
    if (count <= 0)
        return;
    double p = right / count, scale = 1 + z * z / count;
    double middle = (p + z * z / (2 * count)) / scale;
    double half =
        z / scale * sqrt(p * (1 - p) / count + z * z / (4 * count * count));
    *low = fmax(0, middle - half);
    *high = fmin(1, middle + half);
}

/* ---- ROUGE: of several references the best */

static void add_rouge_n(double *sums, const char *produced,
                        const char *const *references, int count, int n)
{
    double best = 0;
    for (int i = 0; i < count; i++)
        best = fmax(best, rouge_n(produced, references[i], n).f);
    sums[0] += best;
}

static void add_rouge_1(double *sums, const char *produced,
                        const char *const *references, int count)
{
    add_rouge_n(sums, produced, references, count, 1);
}

static void add_rouge_2(double *sums, const char *produced,
                        const char *const *references, int count)
{
    add_rouge_n(sums, produced, references, count, 2);
}

static void add_rouge_l(double *sums, const char *produced,
                        const char *const *references, int count)
{
    double best = 0;
    for (int i = 0; i < count; i++)
        best = fmax(best, rouge_l(produced, references[i]).f);
    sums[0] += best;
}

/* ---- BLEU */

static double bleu(const double *sums, long examples)
{
    (void)examples; /* of the corpus, not a mean */
    return bleu_value(sums);
}

static_assert((int)BLEU_SUMS <= (int)SCORE_SUMS, "room for BLEU's counts");

#define CAT                                                                    \
    "produced: the cat lay on the mat; reference: the cat sat on the mat"

const struct score_kind score_table[] = {
    {"exact match", "texts equal to a reference / texts", "0..1, higher better",
     "produced: Mia has a  kite; reference: Mia has a kite: blanks do not "
     "count, so 1; with \"mia\" 0",
     add_same, mean},
    {"accuracy", "right labels / labels, with Wilson's 95 % interval",
     "0..1, higher better; chance is 1 / labels",
     "8 of 10 right: 0.80, 95 % interval 0.49..0.94", add_same, mean},
    {"logical form",
     "queries with the reference's aggregate, column and set of conditions / "
     "queries",
     "0..1, higher better",
     "SELECT age FROM t WHERE b = 'y' AND a = 'x' is SELECT age FROM t WHERE "
     "a = 'x' AND b = 'y': 1; SELECT MAX age ... is another: 0",
     add_query, mean},
    {"R1", "ROUGE-1: F = 2PR/(P+R) of the words both have",
     "0..1, higher better",
     CAT ". Both have the, cat, on, the, mat: 5 of 6 words of each, so P = R "
         "= F = 5/6 = 0.833",
     add_rouge_1, mean},
    {"R2", "ROUGE-2: F = 2PR/(P+R) of the pairs of neighbours both have",
     "0..1, higher better",
     CAT ". Both have the cat, on the, the mat: 3 of 5 pairs of each, so P = "
         "R = F = 3/5 = 0.600",
     add_rouge_2, mean},
    {"RL", "ROUGE-L: F = 2PR/(P+R) of the longest common subsequence of words",
     "0..1, higher better",
     CAT ". The longest is the cat on the mat: 5 of 6 words of each, so P = R "
         "= F = 5/6 = 0.833",
     add_rouge_l, mean},
    {"BLEU",
     "min(1, e^(1-r/c)) (p1 p2 p3 p4)^(1/4), counts summed over all texts, "
     "mteval-v13a words, case counts",
     "0..1, higher better; 0 while no four words in a row are right",
     "produced: the cat sat on a mat; reference: the cat sat on the mat. "
     "p = 5/6, 3/5, 2/4, 1/3; c = r = 6; BLEU = (1/12)^(1/4) = 0.537",
     bleu_add, bleu},
    {.name = NULL},
};

const struct score_kind *score_find(const char *name)
{
    for (const struct score_kind *kind = score_table; kind->name; kind++)
        if (strcmp(kind->name, name) == 0)
            return kind;
    return NULL;
}

/* ---- tallies */

int tally_begin(struct tally to[SCORES_MOST], const struct task *task)
{
    int count = 0;
    const char *const *names = task->ops->metrics;
    for (; names && names[count]; count++) {
        assert(count < SCORES_MOST);
        to[count] = (struct tally){.kind = score_find(names[count])};
        assert(to[count].kind);
    }
    return count;
}

void tally_add(struct tally *tally, int tallies, const char *produced,
               const struct references *references)
{
    for (int i = 0; i < tallies; i++) {
        tally[i].kind->add(tally[i].sums, produced,
                           (const char *const *)references->text,
                           references->count);
        tally[i].examples++;
    }
}

double tally_value(const struct tally *tally)
{
    return tally->examples ? tally->kind->value(tally->sums, tally->examples)
                           : 0;
}
