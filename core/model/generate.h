/*
 * Writing text with a model: greedy, or sampled at a temperature from a
 * random stream of its own.
 */
#ifndef CORE_MODEL_GENERATE_H
#define CORE_MODEL_GENERATE_H

#include <stdint.h>

#include "core/model/model.h"

struct generate_conf {
    int tokens;         /* at most so many new ones */
    double temperature; /* 0: greedy */
    int end;            /* stops after this token; -1: never */
    uint64_t seed;
};

/* Appends to ids (room), which begin with count >= 1 of the prompt; the
 * window slides when the model's context is full.  Returns the new count. */
int generate(const struct model *model, const struct weights *weights,
             int32_t *ids, int count, int room,
             const struct generate_conf *conf);

#endif
