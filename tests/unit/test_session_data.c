/*
 * Sessions on published files: what is wrong with one is said with file, line
 * and what was expected; with skip_bad it is counted, and training goes on.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/session_fixture.h"

enum { ROWS = 40 };

static const struct {
    const char *task, *name, *header, *row; /* row: %d three times */
    const char *bad;
    int line;
    const char *words;
} file[] = {
    {"summary", "chats.csv", "id,dialogue,summary\n",
     "%d,\"A: hello %d\",\"A greets B %d.\"\n", "41,\"A: oh no,\"lost\"\n", 42,
     "after a closing quote stands \"l\""},
    {"sql", "queries.jsonl", "",
     "{\"text\": \"columns: a%d\\nQ: what is %d?\\nA: SELECT a%d FROM t\"}\n",
     "no json\n", 41, "expected one object a line"},
    {"nli", "films.tsv", "sentence\tlabel\n", "film %d of %d\t%d\n",
     "odd film\t7\n", 42, "label \"7\" is none of"},
    {"e2e", "cards.txt", "", "name : A%d | food : %d||A%d.\n", "name : X\n", 41,
     "no || between meaning and text"},
};
enum { FILES = sizeof file / sizeof *file };

/* Line ends of the editor that wrote it, and its mark. */
static void write_file(int i, bool bad, const char *mark, const char *end)
{
    FILE *to = fopen(fixture_path(file[i].name), "wb");
    assert_non_null(to);
    fputs(mark, to);
    for (int k = -1; k <= ROWS; k++) {
        char line[256] = "";
        if (k < 0)
            snprintf(line, sizeof line, "%s", file[i].header);
        else if (k == ROWS)
            snprintf(line, sizeof line, "%s", bad ? file[i].bad : "");
        else /* labels 0 and 1 in turn */
            snprintf(line, sizeof line, file[i].row, k, k,
                     strcmp(file[i].task, "nli") == 0 ? k % 2 : k);
        if (line[0])
            fprintf(to, "%.*s%s", (int)strlen(line) - 1, line, end);
    }
    assert_int_equal(fclose(to), 0);
}

static struct recipe recipe_of(int i, bool skips)
{
    struct recipe recipe = fixture_recipe(NULL, 0);
    snprintf(recipe.task, sizeof recipe.task, "%s", file[i].task);
    snprintf(recipe.data, sizeof recipe.data, "%s", fixture_path(file[i].name));
    recipe.skip_bad = skips;
    recipe.steps = 2;
    recipe.evaluate_examples = 2;
    recipe.forget_examples = 0;
    recipe.run_count = 1;
    return recipe;
}

static void bad_rows_are_refused_or_counted(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++) {
        char place[64];
        struct err err = {""};
        struct recipe recipe = recipe_of(i, false);
        write_file(i, true, "", "\n");
        struct session_options options = fixture_options(NULL, 1);
        snprintf(place, sizeof place, "%s:%d:", file[i].name, file[i].line);
        assert_null(session_open(&recipe, &options, &err));
        if (!strstr(err.text, place) || !strstr(err.text, file[i].words))
            fail_msg("\"%s\" lacks \"%s\" or \"%s\"", err.text, place,
                     file[i].words);
        recipe = recipe_of(i, true);
        struct session *session = fixture_open(&recipe, &options);
        assert_int_equal(session_start(session, &err), 0);
        assert_int_equal(session_wait(session, &err), 0);
        const struct snapshot *end = session_look(session);
        assert_non_null(strstr(end->event[0].text, "1 row skipped"));
        assert_int_equal(end->run[0].step, 2);
        snapshot_release(end);
        session_close(session);
    }
}

static double ends_at(const struct recipe *recipe)
{
    struct err err = {""};
    struct session_options options = fixture_options(NULL, 1);
    struct session *session = fixture_open(recipe, &options);
    assert_int_equal(session_start(session, &err), 0);
    assert_int_equal(session_wait(session, &err), 0);
    const struct snapshot *end = session_look(session);
    double loss = end->run[0].validation_loss;
    assert_non_null(strstr(end->event[0].text, "0 rows skipped"));
    snapshot_release(end);
    session_close(session);
    return loss;
}

/* A byte order mark and CRLF change no bit of what is learned. */
static void editors_do_not_matter(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++) {
        struct recipe recipe = recipe_of(i, false);
        write_file(i, false, "", "\n");
        double plain = ends_at(&recipe);
        write_file(i, false, "\xEF\xBB\xBF", "\r\n");
        double marked = ends_at(&recipe);
        assert_true(isfinite(plain));
        assert_memory_equal(&plain, &marked, sizeof plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_rows_are_refused_or_counted),
        cmocka_unit_test(editors_do_not_matter),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
