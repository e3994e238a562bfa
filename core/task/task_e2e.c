/*
 * Task "e2e": a card of names and values into a sentence, made by <e2e> of the
 * world's grammar, or read from the E2E challenge (Novikova et al. 2017) as
 * the authors of LoRA formatted it, a line MEANING||TEXT each:
 *
 *     name : The Owl | Type : inn | area : harbour
 *     A: At the harbour there is an inn called The Owl.
 *
 * A meaning has several texts: any of them is a right answer, and validation
 * asks each meaning once.
 */
#include <stddef.h>
#include <string.h>

#include "core/io/rows.h"
#include "core/task/buffer.h"
#include "core/task/dataset.h"
#include "core/task/pairs.h"
#include "core/task/task_table.h"

/* The bars between the two, or NULL. */
static const char *find_bars(const struct rows *rows)
{
    for (size_t i = 0; i + 1 < rows->bytes; i++)
        if (rows->at[i] == '|' && rows->at[i + 1] == '|')
            return rows->at + i;
    return NULL;
}

static void add_trimmed(struct buffer *to, const char *from, const char *end)
{
    while (from < end && *from == ' ')
        from++;
    while (end > from && end[-1] == ' ')
        end--;
    buffer_add(to, from, (size_t)(end - from));
}

static int add_row(struct intake *intake, const struct rows *rows)
{
    const char *bars = find_bars(rows), *end = rows->at + rows->bytes;
    if (!bars)
        return intake_refuse(intake, rows->line,
                             "no || between meaning and text; expected "
                             "name : x | area : y||text");
    struct buffer prompt = {0}, answer = {0};
    add_trimmed(&prompt, rows->at, bars);
    buffer_char(&answer, ' ');
    add_trimmed(&answer, bars + 2, end);
    int code;
    if (prompt.used == 0 || answer.used == 1) {
        code = intake_refuse(intake, rows->line, "the %s is empty",
                             prompt.used ? "text" : "meaning");
    } else {
        buffer_add(&prompt, "\nA:", 3);
        code = intake_add(intake, rows->line, prompt.at, answer.at);
    }
    buffer_free(&prompt);
    buffer_free(&answer);
    return code;
}

static int read_e2e(struct intake *intake)
{
    struct rows rows = rows_begin(intake->text, intake->size);
    int code = 0;
    while (code == 0 && rows_next(&rows))
        code = add_row(intake, &rows);
    return code;
}

static const struct pair_shape shape = {
    .symbol = "<e2e>",
    .form = "a card and a last line \"A: ...\"",
    .answer_at = "\nA:",
    .read = read_e2e,
    .expects = "E2E with a line MEANING||TEXT each",
    .grouped = true,
};

static const char *const metrics[] = {"BLEU", "RL", NULL};

static int open_e2e(struct task *task, struct err *err)
{
    return pairs_open(task, &shape, err);
}

const struct task_ops task_e2e = {
    .name = "e2e",
    .summary = "names and values of a card into a sentence",
    .metric = NULL, /* one of many right sentences: the arg max says little */
    .metrics = metrics,
    .open = open_e2e,
    .close = pairs_close,
    .example = pairs_example,
    .report = pairs_report,
    .references = pairs_references,
    .labels = pairs_labels,
};
