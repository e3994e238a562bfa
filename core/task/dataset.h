/*
 * Pairs of published files: every row is read and checked when the task is
 * opened, and kept in memory, so that any example can be had without a
 * cursor.
 *
 * Two files, or one cut in two by the hash of its prompts (dataset_files.h);
 * rows with the same prompt never stand on both sides of a cut.
 */
#ifndef CORE_TASK_DATASET_H
#define CORE_TASK_DATASET_H

#include <stddef.h>

#include "core/task/pairs.h"

struct dataset;

struct pair { /* borrowed */
    const char *prompt, *answer;
};

/* Reads conf.data.  A row that is none is refused with file and line, or left
 * out and counted with conf.skip_bad. */
struct dataset *dataset_open(const struct task *task,
                             const struct pair_shape *shape, struct err *err);
void dataset_close(struct dataset *dataset);

struct pair dataset_pair(const struct dataset *dataset, enum split split,
                         uint64_t index);
void dataset_references(const struct dataset *dataset, struct references *to,
                        enum split split, uint64_t index);
const struct task_report *dataset_report(const struct dataset *dataset);
const char *const *dataset_labels(const struct dataset *dataset);

/* One file on its way into a data set, for the readers of the tasks. */
struct intake {
    const char *path, *text;
    size_t size; /* text is followed by a NUL */
    struct err *err;
    /* what the reader found out, for the report: sentences, or "" */
    char said[320];
    const char *const *labels; /* static; all answers there are, or NULL */
    /* dataset.c's own */
    struct dataset *to;
    const struct task *task;
    const struct pair_shape *shape;
    int file;
};

/* One pair more, from that line: 0, or -1 with the sentence when its answer
 * alone is longer than the context. */
int intake_add(struct intake *intake, int line, const char *prompt,
               const char *answer);
/* The row is bad, and intake->err says how: 0 when bad rows are left out, -1
 * when they are refused. */
int intake_bad(struct intake *intake);
/* The same with the sentence, behind "file:line: ". */
int intake_refuse(struct intake *intake, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct json;
struct rows;
/* The object on the row, owned; NULL with the sentence in intake->err. */
struct json *intake_json(struct intake *intake, const struct rows *rows);
/* A row that is left out as the publishers ask for, and counted. */
void intake_pass(struct intake *intake);

#endif
