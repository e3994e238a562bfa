/*
 * Task "text": a plain text file, cut into pieces as long as the context, each
 * begun by the end token; every token is predicted once, so the loss is that
 * of the whole text and e^loss its perplexity.
 *
 * The file's siblings train and valid are used when they are there
 * (dataset_files.h); otherwise one piece in 16 is held out, drawn by the seed.
 */
#include "core/task/task_table.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/file.h"
#include "core/io/rows.h"
#include "core/task/dataset_files.h"

enum {
    VALIDATION_PART = 16,
    FILE_LIMIT = 512 << 20, /* bytes; ids take four times as much */
};

struct pieces { /* ids of one file */
    int32_t *ids;
    int count; /* of ids */
};

struct text {
    struct pieces file[2]; /* the second: held out, or empty */
    int *piece[2];         /* numbers of the split's pieces */
    int pieces[2];
    struct task_report report;
};

static int read_ids(struct pieces *to, const struct task *task,
                    const char *path, struct err *err)
{
    char *text;
    size_t size;
    if (file_read(&text, &size, path, FILE_LIMIT, err) < 0)
        return -1;
    /* The same text is the same tokens, whoever saved it. */
    size = rows_plain_ends(text, size);
    size_t mark = rows_mark(text, size);
    int code = 0;
    if (rows_blank(text + mark, size - mark)) {
        code = err_set(err, "%.300s: the file is empty; expected plain text",
                       path);
    } else {
        int room = (int)(size - mark) + TOKENIZER_MORE;
        to->ids = mem_try((size_t)room, sizeof *to->ids);
        if (!to->ids)
            code =
                err_set(err, "%.300s: not enough memory for its tokens", path);
        else
            to->count = tokenizer_encode(task->conf.tokenizer, to->ids, room,
                                         text + mark, size - mark);
    }
    mem_free(text);
    return code;
}

/* Ids in a piece, beside the end token before them. */
static int room_of(const struct task *task)
{
    return task->conf.context - 1;
}

static int count_pieces(const struct task *task, const struct pieces *file)
{
    return (file->count + room_of(task) - 1) / room_of(task);
}

static bool is_held(const struct task *task, int piece)
{
    struct rng rng = rng_make(task->conf.seed, STREAM_TASK, (uint64_t)piece);
    return rng_below(&rng, VALIDATION_PART) == 0;
}

static void cut(struct text *text, const struct task *task)
{
    bool two = text->file[1].count > 0;
    for (int split = 0; split < 2; split++) {
        int count = count_pieces(task, &text->file[two ? split : 0]);
        text->piece[split] =
            xcalloc((size_t)count + 1, sizeof *text->piece[split]);
        for (int i = 0; i < count; i++)
            if (two || is_held(task, i) == (split == SPLIT_VALIDATION))
                text->piece[split][text->pieces[split]++] = i;
        text->report.examples[split] = text->pieces[split];
    }
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void say(struct text *text, const struct data_files *files)
{
    if (files->validation[0])
        (void)snprintf(text->report.said, sizeof text->report.said,
                       "%.200s to train on, %.200s held out",
                       name_of(files->train), name_of(files->validation));
    else
        (void)snprintf(text->report.said, sizeof text->report.said,
                       "%.200s alone: one piece in %d is held out, drawn by "
                       "the seed",
                       name_of(files->train), VALIDATION_PART);
}

static void free_text(struct text *text)
{
    for (int i = 0; i < 2; i++) {
        mem_free(text->file[i].ids);
        mem_free(text->piece[i]);
    }
    mem_free(text);
}

static int read_files(struct text *text, const struct task *task,
                      struct err *err)
{
    struct data_files files;
    if (data_files_find(&files, task->conf.data, err) < 0 ||
        read_ids(&text->file[0], task, files.train, err) < 0 ||
        (files.validation[0] &&
         read_ids(&text->file[1], task, files.validation, err) < 0))
        return -1;
    cut(text, task);
    say(text, &files);
    if (text->pieces[0] && text->pieces[1])
        return 0;
    return err_set(err,
                   "%.300s: too short to hold out one piece of %d tokens in "
                   "%d; use a longer text",
                   files.train, task->conf.context, VALIDATION_PART);
}

static int open_text(struct task *task, struct err *err)
{
    if (task->conf.context < 2)
        return err_set(err,
                       "task text: a context of %d tokens is not possible; "
                       "use at least 2",
                       task->conf.context);
    if (!task->conf.tokenizer || tokenizer_end(task->conf.tokenizer) < 0)
        return err_set(err, "task text needs a base whose tokenizer has a "
                            "token that ends a text, as <|endoftext|>");
    if (!task->conf.data)
        return err_set(err, "task text is made from a file; say which, as "
                            "data: PATH (plain text)");
    struct text *text = xcalloc(1, sizeof *text);
    if (read_files(text, task, err) < 0) {
        free_text(text);
        return -1;
    }
    task->state = text;
    return 0;
}

static void close_text(struct task *task)
{
    free_text(task->state);
}

static void example(const struct task *task, struct example *to,
                    enum split split, uint64_t index)
{
    const struct text *text = task->state;
    int piece = text->piece[split][index % (uint64_t)text->pieces[split]];
    const struct pieces *file =
        &text->file[split == SPLIT_VALIDATION && text->file[1].count > 0];
    int from = piece * room_of(task), left = file->count - from;
    int count = left < room_of(task) ? left : room_of(task);
    to->ids[0] = tokenizer_begin(task->conf.tokenizer);
    memcpy(to->ids + 1, file->ids + from, (size_t)count * sizeof *to->ids);
    to->count = count + 1;
    to->answer = 1;
}

static void report(const struct task *task, struct task_report *to)
{
    *to = ((const struct text *)task->state)->report;
}

const struct task_ops task_text = {
    .name = "text",
    .summary = "any plain text file, by its perplexity",
    .metric = NULL,
    .open = open_text,
    .close = close_text,
    .example = example,
    .report = report,
};
