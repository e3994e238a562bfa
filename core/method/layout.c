/*
 * Laying out the flat value array: see layout.h.
 */
#include "core/method/layout.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int layout_add(struct method *method, const struct param *param)
{
    assert(param->rows > 0 && param->cols > 0 && !method->value);
    int index = method->param_count++;
    method->param =
        xgrow(method->param, (size_t)index, (size_t)index + 1, sizeof *param);
    method->param[index] = *param;
    method->param[index].offset = method->size;
    if (method->param[index].lr_scale == 0)
        method->param[index].lr_scale = 1;
    method->size += (size_t)param->rows * (size_t)param->cols;
    return index;
}

int layout_allocate(struct method *method, struct err *err)
{
    method->value = mem_try(method->size, sizeof *method->value);
    if (!method->value)
        return err_set(err,
                       "%s: no memory for %zu trained values; use a smaller "
                       "rank or fewer targets",
                       method->ops->name, method->size);
    return 0;
}

void layout_free(struct method *method)
{
    mem_free(method->param);
    mem_free(method->value);
    method->param = NULL;
    method->value = NULL;
    method->param_count = 0;
    method->size = 0;
}

struct mat layout_mat(const struct param *param, float *flat)
{
    return mat_of(flat + param->offset, param->rows, param->cols);
}
