/*
 * An adapter for a model that is there: see adapter.h.  All is checked before
 * the first weight changes: every tensor must belong to a module of the model,
 * have its shape and the rank the config states, and be finite; what neither
 * LoRA nor DoRA expresses (trained biases, a base that the initialisation
 * changed) is refused rather than dropped.
 */
#include "core/io/adapter.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/adapter_bound.h"
#include "core/io/peft_config.h"

/* What the file tools copy, but a model has no place for. */
static int check_features(const struct json *config, struct err *err)
{
    static const struct {
        const char *key, *why;
    } beside[] = {
        {"bias", "trained biases are not part of an update of W"},
        {"lora_bias", "trained biases are not part of an update of W"},
        {"modules_to_save", "it replaces whole modules"},
    };
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        if (!peft_is_off(config, beside[i].key))
            return err_set(err, "%s is set, which is not supported: %s",
                           beside[i].key, beside[i].why);
    return peft_check_config(config, err);
}

static int check_magnitude(const struct bound *pair, const struct json *config,
                           struct err *err)
{
    const struct tensor *m = pair->from->magnitude;
    if (!m && json_bool(json_get(config, "use_dora"), false))
        return err_set(err,
                       "use_dora is set, but %s has no lora_magnitude_vector",
                       pair->from->module);
    if (m && m->count != pair->module.out)
        return err_set(err, "tensor %s has %lld numbers, expected %d", m->name,
                       (long long)m->count, pair->module.out);
    return 0;
}

static int check_shape(const struct tensor *tensor, int rows, int cols,
                       bool turned, struct err *err)
{
    if (turned) {
        int other = rows;
        rows = cols;
        cols = other;
    }
    if (tensor->dims != 2)
        return err_set(err, "tensor %s has %d dimensions, expected (%d, %d)",
                       tensor->name, tensor->dims, rows, cols);
    if (tensor->shape[0] != rows || tensor->shape[1] != cols)
        return err_set(err, "tensor %s is (%lld, %lld), expected (%d, %d)",
                       tensor->name, (long long)tensor->shape[0],
                       (long long)tensor->shape[1], rows, cols);
    return 0;
}

/* DoRA's m_i / |V_i| of every row, for V = W0 + s B A. */
static int read_gain(struct bound *pair, const struct model *model,
                     struct err *err)
{
    const struct tensor *m = pair->from->magnitude;
    if (!m)
        return 0;
    pair->gain = xcalloc((size_t)pair->module.out, sizeof *pair->gain);
    if (tensor_read(pair->gain, m, err) != 0)
        return -1;
    for (int k = 0, row = 0; k < pair->module.sites; k++) {
        struct mat w0 = model->base.site[pair->module.site[k]];
        struct mat v = mat_new(w0.rows, w0.cols);
        adapter_direction(v, w0, pair, row);
        for (int i = 0; i < v.rows; i++) {
            float n = (float)sqrt(mat_norm_squared(mat_rows(v, i, 1)));
            pair->gain[row + i] = n > 0 ? pair->gain[row + i] / n : 0;
        }
        row += v.rows;
        mat_free(&v);
    }
    return 0;
}

static int read_pair(struct bound *pair, const struct adapter *adapter,
                     struct err *err)
{
    const struct file_pair *from = pair->from;
    int stated = from->scale.stated_rank;
    int rank = stated ? stated : from->rank;
    const struct adapter_module *module = &pair->module;
    struct mat bt;
    if (from->embedding || from->groups > 1)
        return err_set(err, "tensor %s is no factor of a linear module",
                       from->a->name);
    if (check_shape(from->a, rank, module->in, from->turned, err) ||
        check_shape(from->b, module->out, rank, from->turned, err) ||
        check_magnitude(pair, adapter_file_config(adapter->file), err) ||
        adapter_file_read(&bt, &pair->a, from, err))
        return -1;
    pair->b = mat_new(bt.cols, bt.rows);
    mat_transpose(pair->b, bt);
    mat_free(&bt);
    pair->scale = from->scale.scale;
    return read_gain(pair, adapter->model, err);
}

static int place(struct adapter *adapter, const struct file_pair *from,
                 struct err *err)
{
    for (int i = 0; i < adapter->count; i++) {
        struct bound *pair = &adapter->pair[i];
        if (strcmp(from->module, pair->module.name) != 0 &&
            strcmp(from->module, pair->module.key) != 0)
            continue;
        if (pair->from)
            return err_set(err, "tensors %s and %s are of one module",
                           pair->from->a->name, from->a->name);
        pair->from = from;
        return 0;
    }
    return err_set(err,
                   "tensor %s does not belong to this model of %d layers; use "
                   "the base the adapter was made for",
                   from->a->name, adapter->model->conf.layers);
}

static int bind(struct adapter *adapter, struct err *err)
{
    const struct adapter_file *file = adapter->file;
    if (check_features(adapter_file_config(file), err))
        return -1;
    adapter->count = adapter_module_count(adapter->model);
    adapter->pair = xcalloc((size_t)adapter->count, sizeof *adapter->pair);
    for (int i = 0; i < adapter->count; i++)
        adapter_module_at(&adapter->pair[i].module, adapter->model, i);
    if (adapter_file_rest(file))
        return err_set(err, "tensor %s does not belong to any pair of factors",
                       adapter_file_rest_at(file, 0)->name);
    for (int i = 0; i < adapter_file_count(file); i++)
        if (place(adapter, adapter_file_at(file, i), err))
            return -1;
    for (int i = 0; i < adapter->count; i++)
        if (adapter->pair[i].from && read_pair(&adapter->pair[i], adapter, err))
            return -1;
    return 0;
}

void adapter_close(struct adapter *adapter)
{
    for (int i = 0; adapter && adapter->pair && i < adapter->count; i++) {
        mat_free(&adapter->pair[i].a);
        mat_free(&adapter->pair[i].b);
        mem_free(adapter->pair[i].gain);
    }
    if (!adapter)
        return;
    mem_free(adapter->pair);
    adapter_file_close(adapter->file);
    mem_free(adapter);
}

struct adapter *adapter_open(const struct model *model, const char *path,
                             struct err *err)
{
    if (adapter_check_family(model, err))
        return NULL;
    struct adapter *adapter = xcalloc(1, sizeof *adapter);
    adapter->model = model;
    adapter->file = adapter_file_open(path, err);
    if (adapter->file && bind(adapter, err) == 0)
        return adapter;
    if (adapter->file)
        (void)err_prefix(err, "%.300s", path);
    adapter_close(adapter);
    return NULL;
}

int adapter_base_name(char *name, size_t size, const char *path,
                      struct err *err)
{
    struct adapter_file *file = adapter_file_open(path, err);
    if (!file)
        return -1;
    (void)snprintf(name, size, "%s", adapter_file_base(file));
    adapter_file_close(file);
    return 0;
}
