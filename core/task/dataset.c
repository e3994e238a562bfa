/* See dataset.h. */
#include "core/task/dataset.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/io/rows.h"
#include "core/task/buffer.h"
#include "core/task/dataset_files.h"

enum {
    VALIDATION_PART = 16,
    FILE_LIMIT = 1 << 30,       /* bytes; MNLI's largest has 77 million */
    SHUFFLE_INDEX = 0x7FFFFFFF, /* of STREAM_TASK: no example's */
};

struct row {
    size_t prompt, answer; /* offsets in text */
    uint64_t key;          /* hash of the prompt from key_at on */
    int next;              /* row with the same prompt and split; -1: none */
    int file;
};

struct dataset {
    struct buffer text; /* prompts and answers, each with its NUL */
    struct row *row;
    int rows, room;
    int *member[2]; /* rows of the split, in an order drawn by the seed */
    int members[2];
    bool grouped;
    const char *const *labels;
    struct task_report report;
};

/* ---- what readers call */

int intake_bad(struct intake *intake)
{
    if (intake->task->conf.skip_bad) {
        intake->to->report.skipped++;
        intake->err->text[0] = '\0';
        return 0;
    }
    size_t used = strlen(intake->err->text);
    (void)snprintf(intake->err->text + used, sizeof intake->err->text - used,
                   "; skip_bad leaves such rows out");
    return -1;
}

int intake_refuse(struct intake *intake, int line, const char *format, ...)
{
    char why[320];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    (void)err_set(intake->err, "%.160s:%d: %s", intake->path, line, why);
    return intake_bad(intake);
}

void intake_pass(struct intake *intake)
{
    intake->to->report.skipped++;
}

struct json *intake_json(struct intake *intake, const struct rows *rows)
{
    struct err why = {""};
    struct json *row = json_parse(rows->at, rows->bytes, "row", &why);
    if (row)
        return row;
    const char *from = strstr(why.text, "not valid JSON");
    err_set(intake->err, "%.160s:%d: %.200s; expected one object a line",
            intake->path, rows->line, from ? from : why.text);
    return NULL;
}

static uint64_t key_of(const struct pair_shape *shape, const char *prompt)
{
    const char *key = shape->key_at ? strstr(prompt, shape->key_at) : NULL;
    key = key ? key : prompt;
    return rng_hash(key, strlen(key));
}

static size_t keep(struct dataset *dataset, const char *text)
{
    size_t at = dataset->text.used;
    buffer_add(&dataset->text, text, strlen(text) + 1);
    return at;
}

int intake_add(struct intake *intake, int line, const char *prompt,
               const char *answer)
{
    struct dataset *to = intake->to;
    switch (pairs_encode(intake->task, NULL, prompt, strlen(prompt), answer)) {
    case PAIRS_TOO_LONG:
        return intake_refuse(intake, line,
                             "the answer alone is longer than the context of "
                             "%d tokens; use a base with a longer context",
                             intake->task->conf.context);
    case PAIRS_CUT:
        to->report.cut++;
        break;
    case PAIRS_WHOLE:
        break;
    }
    if (to->rows == to->room) {
        int room = to->room ? 2 * to->room : 1024;
        to->row =
            xgrow(to->row, (size_t)to->room, (size_t)room, sizeof *to->row);
        to->room = room;
    }
    to->row[to->rows++] = (struct row){.prompt = keep(to, prompt),
                                       .answer = keep(to, answer),
                                       .key = key_of(intake->shape, prompt),
                                       .next = -1,
                                       .file = intake->file};
    return 0;
}

/* ---- reading */

/* Strings end at a NUL: a file with one is no text. */
static int refuse_nul(const struct intake *intake)
{
    const char *nul = memchr(intake->text, '\0', intake->size);
    if (!nul)
        return 0;
    int line = 1;
    for (const char *at = intake->text; at < nul; at++)
        line += *at == '\n';
    return err_set(intake->err,
                   "%.300s:%d: a NUL byte: this is no text file; expected %s",
                   intake->path, line, intake->shape->expects);
}

static int read_one(struct intake *intake, struct dataset *to)
{
    char *text;
    if (file_read(&text, &intake->size, intake->path, FILE_LIMIT, intake->err) <
        0)
        return -1;
    intake->text = text;
    int before = to->rows, code = 0;
    size_t mark = rows_mark(text, intake->size);
    if (rows_blank(text + mark, intake->size - mark))
        code = err_set(intake->err, "%.300s: the file is empty; expected %s",
                       intake->path, intake->shape->expects);
    if (code == 0)
        code = refuse_nul(intake);
    if (code == 0)
        code = intake->shape->read(intake);
    if (code == 0 && to->rows == before)
        code =
            err_set(intake->err,
                    "%.300s: no example is left (%ld rows are bad); "
                    "expected %s",
                    intake->path, to->report.skipped, intake->shape->expects);
    mem_free(text);
    to->labels = intake->labels;
    return code;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void say_files(struct dataset *to, const struct data_files *files,
                      const char *said)
{
    char *text = to->report.said;
    size_t size = sizeof to->report.said;
    if (files->validation[0])
        (void)snprintf(text, size, "%.120s to train on, %.120s held out",
                       name_of(files->train), name_of(files->validation));
    else
        (void)snprintf(text, size,
                       "%.200s alone: one prompt in %d is held out, by its "
                       "hash",
                       name_of(files->train), VALIDATION_PART);
    if (said[0]) {
        size_t used = strlen(text);
        (void)snprintf(text + used, size - used, "; %s", said);
    }
}

static int read_files(struct dataset *to, const struct task *task,
                      const struct pair_shape *shape,
                      const struct data_files *files, struct err *err)
{
    struct err mine = {""};
    struct intake intake = {.path = files->train,
                            .err = err ? err : &mine,
                            .to = to,
                            .task = task,
                            .shape = shape};
    if (read_one(&intake, to) < 0)
        return -1;
    if (files->validation[0]) {
        intake.path = files->validation;
        intake.file = 1;
        if (read_one(&intake, to) < 0)
            return -1;
    }
    say_files(to, files, intake.said);
    return 0;
}

/* ---- splits */

static bool same_prompt(const struct dataset *d, int a, int b)
{
    return d->row[a].key == d->row[b].key &&
           strcmp(d->text.at + d->row[a].prompt,
                  d->text.at + d->row[b].prompt) == 0;
}

static void shuffle(int *at, int count, uint64_t seed, int split)
{
    struct rng rng =
        rng_make(seed, STREAM_TASK, ((uint64_t)SHUFFLE_INDEX << 32) + split);
    for (int i = count - 1; i > 0; i--) {
        int j = (int)rng_below(&rng, (uint32_t)i + 1);
        int swap = at[i];
        at[i] = at[j];
        at[j] = swap;
    }
}

/* By the high bits: the low ones of FNV-1a hardly mix. */
static bool is_held(uint64_t key)
{
    return (key * 0x9E3779B97F4A7C15u) >> 32 <
           (UINT64_C(1) << 32) / VALIDATION_PART;
}

static enum split split_of(const struct dataset *d, int row, bool two_files)
{
    bool held = two_files ? d->row[row].file == 1 : is_held(d->row[row].key);
    return held ? SPLIT_VALIDATION : SPLIT_TRAIN;
}

/* Chains rows of one prompt and split; first[i]: row i begins a chain. */
static void chain(struct dataset *d, bool *first, bool two_files)
{
    size_t slots = 4;
    while (slots < 2 * (size_t)d->rows)
        slots *= 2;
    int *last = xcalloc(slots, sizeof *last); /* row + 1 */
    for (int i = 0; i < d->rows; i++) {
        enum split split = split_of(d, i, two_files);
        size_t at = (d->row[i].key ^ (d->row[i].key >> 29)) & (slots - 1);
        while (last[at] && (!same_prompt(d, last[at] - 1, i) ||
                            split_of(d, last[at] - 1, two_files) != split))
            at = (at + 1) & (slots - 1);
        first[i] = last[at] == 0;
        if (last[at])
            d->row[last[at] - 1].next = i;
        last[at] = i + 1;
    }
    mem_free(last);
}

static int cut(struct dataset *d, const struct pair_shape *shape, uint64_t seed,
               const struct data_files *files, struct err *err)
{
    bool two_files = files->validation[0] != '\0';
    bool *first = xcalloc((size_t)d->rows, sizeof *first);
    chain(d, first, two_files);
    for (int split = 0; split < 2; split++)
        d->member[split] = xcalloc((size_t)d->rows, sizeof **d->member);
    for (int i = 0; i < d->rows; i++) {
        enum split split = split_of(d, i, two_files);
        if (split == SPLIT_TRAIN || first[i] || !shape->grouped)
            d->member[split][d->members[split]++] = i;
    }
    mem_free(first);
    for (int split = 0; split < 2; split++) {
        shuffle(d->member[split], d->members[split], seed, split);
        d->report.examples[split] = d->members[split];
    }
    if (d->members[0] && d->members[1])
        return 0;
    return err_set(err,
                   "%.300s: %d examples are too few to hold out one prompt in "
                   "%d by its hash; use a longer file, or put files train and "
                   "valid side by side",
                   files->train, d->rows, VALIDATION_PART);
}

/* ---- */

struct dataset *dataset_open(const struct task *task,
                             const struct pair_shape *shape, struct err *err)
{
    struct data_files files;
    if (data_files_find(&files, task->conf.data, err) < 0)
        return NULL;
    struct dataset *dataset = xcalloc(1, sizeof *dataset);
    dataset->grouped = shape->grouped;
    if (read_files(dataset, task, shape, &files, err) == 0 &&
        cut(dataset, shape, task->conf.seed, &files, err) == 0)
        return dataset;
    dataset_close(dataset);
    return NULL;
}

void dataset_close(struct dataset *dataset)
{
    if (!dataset)
        return;
    buffer_free(&dataset->text);
    mem_free(dataset->row);
    mem_free(dataset->member[0]);
    mem_free(dataset->member[1]);
    mem_free(dataset);
}

static int row_of(const struct dataset *d, enum split split, uint64_t index)
{
    return d->member[split][index % (uint64_t)d->members[split]];
}

struct pair dataset_pair(const struct dataset *dataset, enum split split,
                         uint64_t index)
{
    const struct row *row = &dataset->row[row_of(dataset, split, index)];
    return (struct pair){dataset->text.at + row->prompt,
                         dataset->text.at + row->answer};
}

void dataset_references(const struct dataset *dataset, struct references *to,
                        enum split split, uint64_t index)
{
    int from = row_of(dataset, split, index), count = 0;
    for (int i = from; i >= 0; i = dataset->grouped ? dataset->row[i].next : -1)
        count++;
    to->text = xcalloc((size_t)count, sizeof *to->text);
    to->count = count;
    for (int i = from, k = 0; k < count; i = dataset->row[i].next, k++)
        to->text[k] = xstrdup(dataset->text.at + dataset->row[i].answer);
}

const struct task_report *dataset_report(const struct dataset *dataset)
{
    return &dataset->report;
}

const char *const *dataset_labels(const struct dataset *dataset)
{
    return dataset->labels;
}
