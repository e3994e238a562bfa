/* The grammar: what it writes, what it refuses, and the bundled world. */
#include "core/task/world.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/task/grammar.h"
#include "tests/unit/scratch.h"

enum { DOCUMENTS = 5000 };

static const char world_folder[] = "assets/world";
static char *folder;

static struct world *bundled(void)
{
    struct err err = {""};
    struct world *world = world_open(world_folder, &err);
    if (!world)
        fail_msg("%s", err.text);
    return world;
}

/* The first document of a small grammar, or the error. */
static char *document_of(const char *text, uint64_t index, struct err *err)
{
    scratch_write(folder, "g.txt", text);
    struct world *world = world_open(folder, err);
    if (!world)
        return NULL;
    char *document = world_document(world, 1, index);
    world_close(world);
    return document;
}

static void assert_writes(const char *grammar, const char *wanted)
{
    struct err err = {""};
    for (uint64_t i = 0; i < 20; i++) {
        char *document = document_of(grammar, i, &err);
        if (!document)
            fail_msg("%s", err.text);
        assert_string_equal(document, wanted);
        mem_free(document);
    }
}

static void test_writes(void **state)
{
    (void)state;
    assert_writes("document = a <x> b\nx = y\n", "a y b");
    assert_writes("document =\n    one \\\n    two\n", "one two");
    assert_writes("document = <a x>, <^a x>, <^x>\nx = apple\n",
                  "an apple, An apple, Apple");
    assert_writes("document = <a x>\nx = pear\n", "a pear");
    assert_writes("document = a [ | ] b [ | ].\n", "a b.");
    assert_writes("document = x\\ny \\< \\[1\\] \\| \\\\\n", "x\ny < [1] | \\");
    assert_writes("document = [a [b]] <7..7>\n", "a b 7");
    assert_writes("# first\r\ndocument = a\r\n\r\n", "a");
    assert_writes("document = <N=5..5><M=N+2><K=M-N><N> <M> <K> <N-9>\n",
                  "5 7 2 -4");
}

static void test_variables(void **state)
{
    (void)state;
    const char *const list = "who(she, her) =\n"
                             "    Mia | she | her <T>\n";
    char text[512];
    snprintf(text, sizeof text,
             "%sdocument = <T=thing><P=any><Q=P><P> <^Q.she> <P.her>\n"
             "any = <who>\nthing = kite\n",
             list);
    assert_writes(text, "Mia She her kite");
}

/* <P=x><Q=x> never draws the same word twice. */
static void test_different(void **state)
{
    (void)state;
    struct err err = {""};
    for (uint64_t i = 0; i < 100; i++) {
        char *document =
            document_of("document = <P=x><Q=x><P><Q>\nx = a | b\n", i, &err);
        assert_non_null(document);
        assert_int_not_equal(document[0], document[1]);
        mem_free(document);
    }
}

static void test_some(void **state)
{
    (void)state;
    struct err err = {""};
    for (uint64_t i = 0; i < 100; i++) {
        char *d = document_of("document = <P=x><Q=y><P><Q>: <some 3..4 x y>\n"
                              "x = a | b | c\ny = d | e | f\n",
                              i, &err);
        assert_non_null(d);
        size_t words = (strlen(d) - 1) / 3; /* "ad: a, d, f" */
        assert_true(words == 3 || words == 4);
        assert_non_null(strchr(d + 3, d[0]));
        assert_non_null(strchr(d + 3, d[1]));
        for (char c = 'a'; c <= 'f'; c++) {
            const char *at = strchr(d + 3, c);
            assert_true(!at || !strchr(at + 1, c));
        }
        mem_free(d);
    }
}

static void test_weights(void **state)
{
    (void)state;
    struct err err = {""};
    scratch_write(folder, "g.txt", "document = 3* a | b\n");
    struct world *world = world_open(folder, &err);
    assert_non_null(world);
    int a = 0;
    for (uint64_t i = 0; i < 4000; i++) {
        char *document = world_document(world, 1, i);
        a += document[0] == 'a';
        mem_free(document);
    }
    /* 3000 expected, standard deviation 27 */
    assert_in_range(a, 2850, 3150);
    world_close(world);
}

struct bad {
    const char *text, *where, *what;
};

static const struct bad bad[] = {
    {"document = <b>\n", "g.txt:1:", "defined nowhere"},
    {"document = <anmal>\nanimal = cat\n", "g.txt:1:", "<animal>?"},
    {"x = a\n", "", "document"},
    {"document =\n", "g.txt:1:", "no alternatives"},
    {"document = a\ndocument = b\n", "g.txt:2:", "already defined"},
    {"\n\n    lost\ndocument = a\n", "g.txt:3:", "before any"},
    {"document a\n", "g.txt:1:", "= is missing"},
    {"Document = a\n", "g.txt:1:", "lower case"},
    {"document = <x\nx = a\n", "g.txt:1:", "no > closes"},
    {"document = [x\n", "g.txt:1:", "no ] closes"},
    {"document = x]\n", "g.txt:1:", "nothing opens"},
    {"document = \\q\n", "g.txt:1:", "backslash"},
    {"document = <>\n", "g.txt:1:", "neither"},
    {"document = <x y>\nx = a\n", "g.txt:1:", "cannot be read"},
    {"document = 0* a\n", "g.txt:1:", "weight"},
    {"document = <9..2>\n", "g.txt:1:", "empty"},
    {"document = <9..>\n", "g.txt:1:", "number"},
    {"document = <99999999999..3>\n", "g.txt:1:", "number"},
    {"document = <some 2 x>\nx = a\n", "g.txt:1:", "some"},
    {"document = <some 2..3 x>\nx = <y>\ny = a\n", "g.txt:1:", "plain"},
    {"document = <^P=x>\nx = a\n", "g.txt:1:", "belong"},
    {"document = <x>\nx = <y>\ny = a <x>\n", "g.txt:", "contains itself"},
    {"document = <P>\n", "g.txt:1:", "never bound"},
    {"document = <P> <P=x>\nx = a\n", "g.txt:1:", "before it is bound"},
    {"document = [<P=x> | ] <P>\nx = a\n", "g.txt:1:", "before it is bound"},
    {"document = <y>\ny = b\n    <z>\nz = <P>\nw = <P=y>\n",
     "g.txt:4:", "before it is bound"},
    {"document = <P=x><P.her>\nx = a\n", "g.txt:1:", "no column her"},
    {"document = <P=2..3><P.her>\n", "g.txt:1:", "plain text"},
    {"x(a, b) =\n    1 | 2\ndocument = <x>\n", "g.txt:2:", "3 fields"},
    {"x(a, b) =\n    1 | 2 | 3 | 4\ndocument = <x>\n", "g.txt:2:", "3 fields"},
    {"x(a, a) =\n    1 | 2 | 3\ndocument = <x>\n", "g.txt:1:", "twice"},
    {"x(a = 1 | 2\ndocument = <x>\n", "g.txt:1:", "column names"},
    {"x(a) = 1 | 2\ndocument = <x>\n", "g.txt:1:", "lines of"},
    {"document = <P=y><P=x>\nx = <P> and <P>\ny = a\n", "g.txt:2:", "longer"},
    {"document = [[[[[[[[[[a]]]]]]]]]]\n", "g.txt:1:", "nested"},
};

static void test_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {""};
        char *document = document_of(bad[i].text, 0, &err);
        if (document || !strstr(err.text, bad[i].where) ||
            !strstr(err.text, bad[i].what))
            fail_msg("%s gave \"%s\" instead of \"%s...%s\"", bad[i].text,
                     err.text, bad[i].where, bad[i].what);
    }
}

/* Twenty doublings: a megabyte from a page. */
static void test_refuses_a_bomb(void **state)
{
    (void)state;
    char text[1024] = "document = <s20>\ns0 = bang\n";
    for (int i = 1; i <= 20; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "s%d = <s%d><s%d>\n", i,
                 i - 1, i - 1);
    }
    struct err err = {""};
    assert_null(document_of(text, 0, &err));
    assert_non_null(strstr(err.text, "longer than"));
}

static void test_refuses_folders(void **state)
{
    (void)state;
    struct err err = {""};
    assert_null(world_open("/nowhere/at/all", &err));
    assert_non_null(strstr(err.text, "/nowhere/at/all"));
    assert_null(world_open("core", &err));
    assert_non_null(strstr(err.text, "no .txt file"));
}

static void test_deterministic(void **state)
{
    (void)state;
    struct world *a = bundled(), *b = bundled();
    int different = 0;
    for (uint64_t i = 0; i < 200; i++) {
        char *last = world_document(a, 7, i);
        char *first = world_document(b, 7, 199 - i);
        char *again = world_document(b, 7, i);
        char *other = world_document(b, 8, i);
        assert_string_equal(last, again);
        different += strcmp(last, other) != 0;
        mem_free(last);
        mem_free(first);
        mem_free(again);
        mem_free(other);
    }
    assert_true(different > 190);
    world_close(a);
    world_close(b);
}

/* The base in assets/base has read these very documents: grammars of tasks are
 * added without a change to them.  After a change to the corpus itself, train
 * the base again and put the new number here. */
static void test_corpus_stays(void **state)
{
    (void)state;
    struct world *world = bundled();
    uint64_t hash = 0;
    for (uint64_t i = 0; i < 2000; i++) {
        char *document = world_document(world, 1, i);
        hash = 31 * hash + rng_hash(document, strlen(document));
        mem_free(document);
    }
    world_close(world);
    assert_true(hash == UINT64_C(0x683b2312d9740cf9));
}

static void test_all_is_used(void **state)
{
    (void)state;
    struct err err = {""};
    struct grammar *grammar = grammar_open(world_folder, &err);
    assert_non_null(grammar);
    const char *const roots[] = {"document", "sql", "nli", "summary", "e2e"};
    int missed = grammar_unreached(grammar, roots, 5);
    if (missed >= 0)
        fail_msg("%s:%d: <%s> is used nowhere", grammar->symbols[missed].file,
                 grammar->symbols[missed].line, grammar->symbols[missed].name);
    missed = grammar_unreached(grammar, roots, 1);
    assert_true(missed >= 0); /* the tables of sql */
    grammar_close(grammar);
}

static bool starts_with_vowel(const char *word)
{
    return *word && strchr("aeiouAEIOU", *word);
}

/* "a" and "an" fit; sentences start with a capital; nothing is left over. */
static void check_text(const char *d)
{
    for (const char *at = d; *at; at++) {
        bool starts = at == d || strchr(" \n\"'", at[-1]);
        if (starts && (strncmp(at, "a ", 2) == 0 || strncmp(at, "A ", 2) == 0))
            assert_false(starts_with_vowel(at + 2));
        if (starts &&
            (strncmp(at, "an ", 3) == 0 || strncmp(at, "An ", 3) == 0))
            assert_true(starts_with_vowel(at + 3));
        if (strchr(".?!", *at) && at[1] == ' ')
            assert_false(islower((unsigned char)at[2]));
        assert_false(at[0] == ' ' &&
                     (at[1] == ' ' || at[1] == '\n' || at[1] == '.' || !at[1]));
        /* An unexpanded sign; < and > stand between numbers only. */
        bool compares = at > d && at[-1] == ' ' && at[1] == ' ';
        assert_true(!strchr("<>[]|", *at) || (compares && strchr("<>", *at)));
    }
}

static void test_bundled_text(void **state)
{
    (void)state;
    struct world *world = bundled();
    size_t bytes = 0;
    for (uint64_t i = 0; i < DOCUMENTS; i++) {
        char *document = world_document(world, 5, i);
        check_text(document);
        bytes += strlen(document);
        assert_true(*document);
        mem_free(document);
    }
    assert_in_range(bytes / DOCUMENTS, 60, 300);
    world_close(world);
}

/* The words of queries are known to the base, queries are not. */
static void test_no_queries(void **state)
{
    (void)state;
    struct world *world = bundled();
    for (uint64_t i = 0; i < DOCUMENTS; i++) {
        char *document = world_document(world, 6, i);
        if (strstr(document, "SELECT"))
            assert_null(strstr(document, "="));
        assert_null(strstr(document, "hypothesis:"));
        assert_null(strstr(document, "summary:"));
        assert_null(strstr(document, "name : "));
        assert_null(strstr(document, "A: SELECT"));
        mem_free(document);
    }
    world_close(world);
}

/* Documents repeat seldom enough to be worth reading. */
static void test_varied(void **state)
{
    (void)state;
    struct world *world = bundled();
    enum { SAMPLE = 1000 };
    char *documents[SAMPLE];
    int repeats = 0;
    for (int i = 0; i < SAMPLE; i++) {
        documents[i] = world_document(world, 9, (uint64_t)i);
        bool seen = false;
        for (int k = 0; k < i && !seen; k++)
            seen = strcmp(documents[k], documents[i]) == 0;
        repeats += seen;
    }
    assert_in_range(repeats, 0, SAMPLE / 25);
    for (int i = 0; i < SAMPLE; i++)
        mem_free(documents[i]);
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_different),
        cmocka_unit_test(test_some),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_refuses_a_bomb),
        cmocka_unit_test(test_refuses_folders),
        cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_corpus_stays),
        cmocka_unit_test(test_all_is_used),
        cmocka_unit_test(test_bundled_text),
        cmocka_unit_test(test_no_queries),
        cmocka_unit_test(test_varied),
    };
    folder = scratch_make();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(folder);
    return failed;
}
