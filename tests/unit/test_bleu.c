/* BLEU against hand-worked corpora, and its words. */
#include "core/task/score_bleu.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "tests/near.h"

static const double EXACT = 1e-12;

static void assert_tokens(const char *text, const char *wanted)
{
    char *got = bleu_tokens(text);
    assert_string_equal(got, wanted);
    mem_free(got);
}

static void test_tokens(void **state)
{
    (void)state;
    assert_tokens("", "");
    assert_tokens("  a \t b\nc ", "a b c");
    assert_tokens("Mia, Leo and (Tom).", "Mia , Leo and ( Tom ) .");
    assert_tokens("3.5 and 1,000, then 7.", "3.5 and 1,000 , then 7 .");
    assert_tokens("family-friendly 3-4 U.S.", "family-friendly 3 - 4 U . S .");
    assert_tokens("don't [x] a/b #1!", "don't [ x ] a / b # 1 !");
    assert_tokens("a \xC3\xA9t\xC3\xA9 \xC2\xA3"
                  "20",
                  "a \xC3\xA9t\xC3\xA9 "
                  "\xC2\xA3"
                  "20");
}

static double bleu_of(const char *produced, const char *a, const char *b)
{
    double sums[BLEU_SUMS] = {0};
    const char *const references[] = {a, b};
    bleu_add(sums, produced, references, b ? 2 : 1);
    return bleu_value(sums);
}

static void test_worked(void **state)
{
    (void)state;
    const char *cat = "the cat sat on the mat";
    assert_near(bleu_of(cat, cat, NULL), 1, EXACT);
    /* 5/6 words, 3/5 pairs, 2/4, 1/3: product 1/12; as long. */
    assert_near(bleu_of("the cat sat on a mat", cat, NULL), pow(1. / 12, 0.25),
                EXACT);
    /* 5 words of 5, 4 of 4, 3 of 3, 2 of 2; c = 5, r = 6: e^(1 - 6/5). */
    assert_near(bleu_of("the cat sat on the", cat, NULL), exp(-0.2), EXACT);
    /* Longer is not punished but by precision: 6/7, 5/6, 4/5, 3/4. */
    assert_near(bleu_of("the cat sat on the mat today", cat, NULL),
                pow(6. / 7 * 5 / 6 * 4 / 5 * 3 / 4, 0.25), EXACT);
    /* No four in a row. */
    assert_near(bleu_of("the cat sat", cat, NULL), 0, EXACT);
    assert_near(bleu_of("", cat, NULL), 0, EXACT);
    /* Case counts. */
    assert_near(bleu_of("The Cat Sat On The Mat", cat, NULL), 0, EXACT);
}

/* Papineni's clipping: seven times "the", at most two in one reference, one in
 * the other: 2/7 words, and no pair. */
static void test_clipped(void **state)
{
    (void)state;
    double sums[BLEU_SUMS] = {0};
    const char *const references[] = {"the cat is on the mat",
                                      "there is a cat on the mat"};
    bleu_add(sums, "the the the the the the the", references, 2);
    assert_near(sums[0], 2, EXACT);
    assert_near(sums[BLEU_ORDERS], 7, EXACT);
    assert_near(sums[1], 0, EXACT);
    assert_near(sums[BLEU_ORDERS + 1], 6, EXACT);
    assert_near(sums[2 * BLEU_ORDERS], 7, EXACT);     /* c */
    assert_near(sums[2 * BLEU_ORDERS + 1], 7, EXACT); /* r: the second */
}

/* "there is a cat here now", 6 words.  References: "there is a cat" (4) and
 * "a cat here now or then it is" (8): of 4 and 8, both 2 off, r is 4: no
 * brevity.  words: there is a cat / here now: 6 of 6.  pairs: there is, is a,
 * a cat (both), cat here, here now: 5 of 5.  threes: there is a, is a cat, a
 * cat here, cat here now, 4 of 4.  fours: there is a cat, a cat here now; "is
 * a cat here" is in neither: 2 of 3. */
static void test_several_references(void **state)
{
    (void)state;
    double got = bleu_of("there is a cat here now", "there is a cat",
                         "a cat here now or then it is");
    assert_near(got, pow(2. / 3, 0.25), EXACT);
}

/* Counts are summed over the corpus: two texts of above, 4-grams 3+1 of 3+3,
 * 3-grams 4+2 of 4+4, pairs 5+3 of 5+5, words 6+5 of 6+6. */
static void test_corpus(void **state)
{
    (void)state;
    double sums[BLEU_SUMS] = {0};
    const char *const references[] = {"the cat sat on the mat"};
    bleu_add(sums, "the cat sat on the mat", references, 1);
    bleu_add(sums, "the cat sat on a mat", references, 1);
    assert_near(bleu_value(sums), pow(11. / 12 * 8 / 10 * 6 / 8 * 4 / 6, 0.25),
                EXACT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_worked),
        cmocka_unit_test(test_clipped),
        cmocka_unit_test(test_several_references),
        cmocka_unit_test(test_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
