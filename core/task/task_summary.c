/*
 * Task "summary": a chat into one sentence, made by <summary> of the world's
 * grammar and shaped like SAMSum (Gliwa et al. 2019), or read from SAMSum's
 * csv with columns dialogue and summary:
 *
 *     Paul: I am going to the market.
 *     Ida: I want some cheese.
 *     Paul: Yes, I can.
 *     summary: Paul buys some cheese for Ida.
 *
 * A chat longer than the context loses its first lines.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/io/csv.h"
#include "core/io/rows.h"
#include "core/task/buffer.h"
#include "core/task/dataset.h"
#include "core/task/pairs.h"
#include "core/task/task_table.h"

struct columns {
    int count, dialogue, summary;
};

static int find_columns(struct columns *to, struct intake *intake,
                        const struct csv *csv)
{
    *to = (struct columns){csv->fields, -1, -1};
    for (int i = 0; i < csv->fields; i++) {
        if (strcmp(csv->field[i], "dialogue") == 0)
            to->dialogue = i;
        if (strcmp(csv->field[i], "summary") == 0)
            to->summary = i;
    }
    if (to->dialogue >= 0 && to->summary >= 0)
        return 0;
    return err_set(
        intake->err, "%.160s:%d: no column %s in the header; expected %s",
        intake->path, csv->line, to->dialogue < 0 ? "dialogue" : "summary",
        intake->shape->expects);
}

static void add_trimmed(struct buffer *to, const char *text)
{
    static const char blanks[] = " \t\r\n";
    text += strspn(text, blanks);
    size_t length = strlen(text);
    while (length && strchr(blanks, text[length - 1]))
        length--;
    buffer_add(to, text, length);
}

static int add_row(struct intake *intake, const struct columns *columns,
                   const struct csv *csv)
{
    if (csv->fields != columns->count)
        return intake_refuse(intake, csv->line,
                             "row %d has %d fields; expected %d, as in the "
                             "header",
                             csv->row, csv->fields, columns->count);
    const char *dialogue = csv->field[columns->dialogue];
    const char *summary = csv->field[columns->summary];
    if (rows_blank(dialogue, strlen(dialogue)) ||
        rows_blank(summary, strlen(summary)))
        return intake_refuse(
            intake, csv->line, "row %d: the %s is empty", csv->row,
            rows_blank(summary, strlen(summary)) ? "summary" : "dialogue");
    struct buffer prompt = {0}, answer = {0};
    add_trimmed(&prompt, dialogue);
    buffer_add(&prompt, "\nsummary:", 9);
    buffer_char(&answer, ' ');
    add_trimmed(&answer, summary);
    int code = intake_add(intake, csv->line, prompt.at, answer.at);
    buffer_free(&prompt);
    buffer_free(&answer);
    return code;
}

static int read_samsum(struct intake *intake)
{
    struct csv csv;
    struct columns columns = {0, -1, -1};
    csv_begin(&csv, intake->path, intake->text, intake->size);
    int more, code = 0;
    while (code == 0 && (more = csv_next(&csv, intake->err)) != 0) {
        if (columns.count == 0)
            code = more < 0 ? -1 : find_columns(&columns, intake, &csv);
        else if (more < 0)
            code = intake_bad(intake);
        else
            code = add_row(intake, &columns, &csv);
    }
    csv_end(&csv);
    return code;
}

static const struct pair_shape shape = {
    .symbol = "<summary>",
    .form = "lines of a chat and a last line \"summary: ...\"",
    .answer_at = "\nsummary:",
    .read = read_samsum,
    .expects = "SAMSum as csv with columns dialogue and summary",
};

static const char *const metrics[] = {"R1", "R2", "RL", NULL};

static int open_summary(struct task *task, struct err *err)
{
    return pairs_open(task, &shape, err);
}

const struct task_ops task_summary = {
    .name = "summary",
    .summary = "a chat into one sentence",
    .metric = "exact match",
    .metrics = metrics,
    .open = open_summary,
    .close = pairs_close,
    .example = pairs_example,
    .report = pairs_report,
    .references = pairs_references,
    .labels = pairs_labels,
};
