/*
 * Shared by adapter_file.c (opening), adapter_pairs.c (pairs from names and
 * shapes) and adapter_caveat.c (what the config says beside them).
 */
#ifndef CORE_IO_ADAPTER_FILE_PRIVATE_H
#define CORE_IO_ADAPTER_FILE_PRIVATE_H

#include "core/io/adapter_file.h"
#include "core/io/adapter_find.h"

enum { CAVEATS_MOST = 8, CAVEAT_SIZE = 320 };

struct adapter_file {
    char path[ADAPTER_PATH], config_path[ADAPTER_PATH];
    const struct dialect *dialect;
    struct tensor_file *tensors;
    struct json *config; /* or NULL */
    struct file_pair *pair;
    const struct tensor **rest;
    int count, rests, caveats;
    char caveat[CAVEATS_MOST][CAVEAT_SIZE];
};

/* Sets dialect, pair and rest. */
int adapter_pairs_make(struct adapter_file *file, struct err *err);

/* Refuses a config that is not LoRA's. */
int adapter_caveat_check(const struct adapter_file *file, struct err *err);
/* Refuses tensors outside of pairs that are another method's. */
int adapter_caveat_foreign(const struct adapter_file *file, struct err *err);
/* The same, and lists the caveats. */
int adapter_caveat_list(struct adapter_file *file, struct err *err);

#endif
