/*
 * The state of a run as it would be read back from its file.
 */
#ifndef TESTS_UNIT_RUN_PACKED_H
#define TESTS_UNIT_RUN_PACKED_H

#include "core/io/safetensors.h"
#include "core/train/run.h"

/* Owned by the caller; *bytes too, under what is returned. */
static inline struct safetensors *run_packed(const struct run *run,
                                             char **bytes)
{
    struct err err = {""};
    size_t size;
    struct safetensors_out *out = safetensors_out_new();
    run_save(run, out);
    assert_int_equal(safetensors_out_pack(out, bytes, &size, &err), 0);
    struct safetensors *file = safetensors_from(*bytes, size, "state", &err);
    assert_string_equal(err.text, "");
    return file;
}

#endif
