/*
 * The documents name what there is: every subcommand and every option that
 * --help prints stands in the man page and in the README, and nothing else
 * does; the README's table of keys and its frames are the program's.
 */
#define _GNU_SOURCE /* open_memstream is POSIX; strndup for old headers */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/io/file.h"
#include "tests/program.h"
#include "tui/keys.h"

enum { WORDS_MOST = 80, WORD = 32, TEXT_BYTES = 1 << 22 };

struct words {
    char at[WORDS_MOST][WORD];
    int count;
};

static void add(struct words *words, const char *from, size_t length)
{
    assert_true(words->count < WORDS_MOST && length < WORD);
    memcpy(words->at[words->count], from, length);
    words->at[words->count++][length] = '\0';
}

static bool has(const struct words *words, const char *word)
{
    for (int i = 0; i < words->count; i++)
        if (strcmp(words->at[i], word) == 0)
            return true;
    return false;
}

static size_t name_length(const char *text)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '-')
        length++;
    return length;
}

/* Every --name in a text, once. */
static struct words options_in(const char *text)
{
    struct words words = {.count = 0};
    for (const char *at = strstr(text, "--"); at; at = strstr(at + 2, "--")) {
        char name[WORD] = "";
        size_t length = name_length(at);
        if ((at > text && (at[-1] == '-' || isalnum((unsigned char)at[-1]))) ||
            length < 4 || length >= WORD || !islower((unsigned char)at[2]))
            continue;
        memcpy(name, at, length);
        if (!has(&words, name))
            add(&words, name, length);
    }
    return words;
}

/* "  open       the workbench ..." lines of rankscope --help. */
static struct words subcommands(void)
{
    struct words words = {.count = 0};
    char *text = DONE(NULL, "--help");
    for (const char *at = strstr(text, "\n  "); at; at = strstr(at + 1, "\n  "))
        add(&words, at + 3, name_length(at + 3));
    free(text);
    assert_true(words.count >= 7);
    return words;
}

/* NULL: there is no such document.  Freed by free(). */
static char *read_document(const char *name)
{
    char path[1024];
    file_join(path, sizeof path, getenv("RANKSCOPE_ROOT"), name);
    FILE *from = fopen(path, "rb");
    if (!from)
        return NULL;
    char *text = calloc(1, TEXT_BYTES);
    assert_non_null(text);
    assert_true(fread(text, 1, TEXT_BYTES - 1, from) < TEXT_BYTES - 1);
    (void)fclose(from);
    return text;
}

/* troff's \- is a plain -, \fR and \fP are nothing. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (from[0] == '\\' && from[1] == '-')
            continue;
        if (from[0] == '\\' && from[1] == 'f' && from[2])
            from += 2;
        else
            *to++ = *from;
    }
    *to = '\0';
}

/* The man page's part about one subcommand: from its own entry under
 * COMMANDS to the next one's.  Freed by free(). */
static char *entry_of(const char *page, const struct words *all, int which)
{
    const char *from = strstr(page, "\n.SH COMMANDS"), *end = NULL;
    assert_non_null(from);
    end = strstr(from + 1, "\n.SH ");
    char *entry = NULL;
    for (int bold = 0; bold < 2 && !entry; bold++) {
        char head[64];
        snprintf(head, sizeof head, "\n.TP\n.B%s %s", bold ? "" : "I",
                 all->at[which]);
        const char *at = strstr(from, head);
        if (!at || isalnum((unsigned char)at[strlen(head)]))
            continue;
        for (int i = 0; i < all->count; i++)
            for (int kind = 0; kind < 2; kind++) {
                snprintf(head, sizeof head, "\n.TP\n.B%s %s", kind ? "" : "I",
                         all->at[i]);
                const char *next = strstr(at + 1, head);
                if (next && next < end)
                    end = next;
            }
        entry = strndup(at, (size_t)(end - at));
    }
    if (!entry)
        print_error("the man page has no entry for %s\n", all->at[which]);
    assert_non_null(entry);
    return entry;
}

static int complain(const char *document, const char *command, const char *word,
                    const char *what)
{
    print_error("%s: %s of %s %s\n", document, word, command, what);
    return 1;
}

static void test_man_page(void **state)
{
    int wrong = 0;
    (void)state;
    struct words all = subcommands();
    char *page = read_document("assets/rankscope.1");
    assert_non_null(page);
    unescape(page);
    for (int i = 0; i < all.count; i++) {
        char *help = DONE(NULL, all.at[i], "--help");
        char *entry = entry_of(page, &all, i);
        struct words there = options_in(help), said = options_in(entry);
        for (int j = 0; j < there.count; j++)
            if (!has(&said, there.at[j]))
                wrong +=
                    complain("man page", all.at[i], there.at[j], "is missing");
        for (int j = 0; j < said.count; j++)
            if (!has(&there, said.at[j]))
                wrong += complain("man page", all.at[i], said.at[j],
                                  "does not exist");
        free(entry);
        free(help);
    }
    free(page);
    assert_int_equal(wrong, 0);
}

static void test_readme(void **state)
{
    int wrong = 0;
    (void)state;
    char *page = read_document("README.md");
    assert_non_null(page);
    struct words all = subcommands(), said = options_in(page);
    for (int i = 0; i < all.count; i++) {
        char call[64];
        char *help = DONE(NULL, all.at[i], "--help");
        struct words there = options_in(help);
        snprintf(call, sizeof call, "rankscope %s", all.at[i]);
        if (!strstr(page, call))
            wrong += complain("README", "rankscope", call, "is missing");
        for (int j = 0; j < there.count; j++)
            if (!has(&said, there.at[j]))
                wrong +=
                    complain("README", all.at[i], there.at[j], "is missing");
        free(help);
    }
    free(page);
    assert_int_equal(wrong, 0);
}

static void test_keys(void **state)
{
    char *table = NULL;
    size_t size = 0;
    (void)state;
    char *page = read_document("README.md");
    assert_non_null(page);
    FILE *to = open_memstream(&table, &size);
    assert_non_null(to);
    keys_markdown(to);
    assert_int_equal(fclose(to), 0);
    assert_true(size > 500);
    bool same = strstr(page, table) != NULL;
    if (!same)
        print_error("README.md does not hold the table of keys as it is:\n%s",
                    table);
    free(table);
    free(page);
    assert_true(same);
}

static void test_frames(void **state)
{
    static const char *const frames[] = {
        "tests/golden/train_80x24.txt",       "tests/golden/spectrum_80x24.txt",
        "tests/golden/overlap_phi_80x24.txt", "tests/golden/ranks_80x24.txt",
        "tests/golden/talk_turned_80x24.txt", "tests/golden/table_80x24.txt",
        "tests/golden/log_80x24.txt",         "tests/golden/form_80x24.txt"};
    (void)state;
    char *page = read_document("README.md");
    assert_non_null(page);
    for (int i = 0; i < (int)(sizeof frames / sizeof *frames); i++) {
        char *frame = read_document(frames[i]);
        assert_non_null(frame);
        frame[strlen(frame) - 1] = '\0'; /* the last newline */
        if (!strstr(page, frame))
            fail_msg("README.md does not show %s as it is", frames[i]);
        free(frame);
    }
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_man_page),
        cmocka_unit_test(test_readme),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
