/* See projection.h. */
#include "core/method/projection_private.h"

#include <assert.h>

#include "core/base/mem.h"

struct projection {
    const struct projection_ops *ops;
    void *state;
};

static const struct projection_ops *const table[PROJECTIONS] = {
    [PROJECT_DENSE] = &projection_dense,
    [PROJECT_SPARSE] = &projection_sparse,
    [PROJECT_FASTFOOD] = &projection_fastfood,
    [PROJECT_FASTFOOD_LI] = &projection_fastfood_li};

const char *projection_name(int kind)
{
    return kind >= 0 && kind < PROJECTIONS ? table[kind]->name : NULL;
}

struct projection *projection_new(enum projection_kind kind, size_t rows,
                                  int cols, uint64_t seed, size_t limit,
                                  struct err *err)
{
    assert(cols >= 1 && (size_t)cols <= rows);
    struct projection *made = xcalloc(1, sizeof *made);
    made->ops = table[kind];
    made->state = made->ops->make(rows, cols, seed, limit, err);
    if (made->state)
        return made;
    mem_free(made);
    return NULL;
}

void projection_free(struct projection *projection)
{
    if (!projection)
        return;
    projection->ops->free(projection->state);
    mem_free(projection);
}

size_t projection_bytes(const struct projection *projection)
{
    return projection->ops->bytes(projection->state);
}

void projection_apply(struct projection *projection, float *y, const float *v)
{
    projection->ops->apply(projection->state, y, v);
}

void projection_adjoint(struct projection *projection, float *v, const float *y)
{
    projection->ops->adjoint(projection->state, v, y);
}
