/*
 * Which files a data set is read from.  Publishers put train.csv beside
 * validation.csv: one is named, the other is found.
 */
#ifndef CORE_TASK_DATASET_FILES_H
#define CORE_TASK_DATASET_FILES_H

#include "core/base/err.h"

struct data_files {
    char train[1024];
    char validation[1024]; /* "": the same file, cut in two */
};

/*
 * path is a file, or a folder with train.jsonl, .csv, .tsv or .txt:
 *
 *   train in its name       validation is the sibling with valid,
 *                           validation, val, dev, dev_matched or test instead
 *   one of these in its name, and a sibling with train: the file itself is
 *                           held out
 *   anything else           the file alone
 */
int data_files_find(struct data_files *to, const char *path, struct err *err);

#endif
