/* Opening and reading an adapter's file: see adapter_file.h. */
#include "core/io/adapter_file.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/adapter_file_private.h"

static int read_config(struct adapter_file *file, struct err *err)
{
    if (!file->config_path[0])
        return 0;
    file->config = json_read(file->config_path, err);
    if (!file->config)
        return -1;
    if (adapter_caveat_check(file, err) != 0)
        return err_prefix(err, "%.300s", file->config_path);
    return 0;
}

/* What path and config_path name. */
static int open_all(struct adapter_file *file, struct err *err)
{
    if (read_config(file, err) != 0)
        return -1;
    file->tensors = tensor_file_open(file->path, err);
    if (!file->tensors)
        return -1;
    if (adapter_pairs_make(file, err) != 0 ||
        adapter_caveat_list(file, err) != 0)
        return err_prefix(err, "%.300s", file->path);
    return 0;
}

struct adapter_file *adapter_file_open(const char *path, struct err *err)
{
    struct adapter_file *file = xcalloc(1, sizeof *file);
    if (adapter_find(file->path, file->config_path, path, err) == 0 &&
        open_all(file, err) == 0)
        return file;
    adapter_file_close(file);
    return NULL;
}

struct adapter_file *adapter_file_open_files(const char *tensors,
                                             const char *config,
                                             struct err *err)
{
    struct adapter_file *file = xcalloc(1, sizeof *file);
    (void)snprintf(file->path, sizeof file->path, "%s", tensors);
    (void)snprintf(file->config_path, sizeof file->config_path, "%s", config);
    if (open_all(file, err) == 0)
        return file;
    adapter_file_close(file);
    return NULL;
}

void adapter_file_close(struct adapter_file *file)
{
    if (!file)
        return;
    tensor_file_close(file->tensors);
    json_free(file->config);
    mem_free(file->pair);
    mem_free(file->rest);
    mem_free(file);
}

const char *adapter_file_dialect(const struct adapter_file *file)
{
    return file->dialect->name;
}

const char *adapter_file_path(const struct adapter_file *file)
{
    return file->path;
}

const char *adapter_file_config_path(const struct adapter_file *file)
{
    return file->config_path;
}

size_t adapter_file_size(const struct adapter_file *file)
{
    return tensor_file_size(file->tensors);
}

const struct json *adapter_file_config(const struct adapter_file *file)
{
    return file->config;
}

const struct tensor_file *adapter_file_tensors(const struct adapter_file *file)
{
    return file->tensors;
}

const char *adapter_file_base(const struct adapter_file *file)
{
    const struct json *peft = json_get(file->config, "base_model_name_or_path");
    const struct json *mlx = json_get(file->config, "model");
    return json_text(json_is_string(peft) ? peft : mlx, "");
}

int adapter_file_count(const struct adapter_file *file)
{
    return file->count;
}

const struct file_pair *adapter_file_at(const struct adapter_file *file, int i)
{
    assert(i >= 0 && i < file->count);
    return &file->pair[i];
}

int adapter_file_rest(const struct adapter_file *file)
{
    return file->rests;
}

const struct tensor *adapter_file_rest_at(const struct adapter_file *file,
                                          int i)
{
    assert(i >= 0 && i < file->rests);
    return file->rest[i];
}

const char *adapter_file_caveat(const struct adapter_file *file, int i)
{
    return i < file->caveats ? file->caveat[i] : NULL;
}

void adapter_file_unfolding(char *to, size_t size, const struct file_pair *pair)
{
    char by[48] = "", times[48] = "";
    if (size)
        to[0] = '\0';
    if (pair->unfolding == UNFOLD_NONE)
        return;
    for (int i = 0; i < pair->kernel_dims; i++) {
        size_t end = strlen(by), there = strlen(times);
        (void)snprintf(by + end, sizeof by - end, "%s%d", i ? "x" : "",
                       pair->kernel[i]);
        (void)snprintf(times + there, sizeof times - there, " %d",
                       pair->kernel[i]);
    }
    (void)snprintf(to, size, "%s kernel as out x (in%s)", by, times);
}

/* The whole tensor as (rows, cols), whatever its dimensions. */
static int read_matrix(struct mat *to, const struct tensor *tensor, int rows,
                       struct err *err)
{
    size_t count = (size_t)tensor->count;
    float *at = mem_try(count, sizeof *at);
    if (!at)
        return err_set(err, "out of memory: %zu numbers of tensor \"%.100s\"",
                       count, tensor->name);
    *to = mat_of(at, rows, (int)(count / (size_t)rows));
    return tensor_read(at, tensor, err);
}

/* m (rows, cols) becomes its transpose, in storage of its own. */
static void turn(struct mat *m)
{
    struct mat turned = mat_new(m->cols, m->rows);
    mat_transpose(turned, *m);
    mat_free(m);
    *m = turned;
}

/* Of a group of several, its own part of both: rows of a and columns of bt. */
static void take_group(struct mat *bt, struct mat *a,
                       const struct file_pair *pair)
{
    struct mat own_a = mat_new(pair->rank, pair->in);
    struct mat own_bt = mat_new(pair->rank, pair->out);
    mat_copy(own_a, mat_rows(*a, pair->group * pair->rank, pair->rank));
    mat_copy(own_bt, mat_cols(*bt, pair->group * pair->out, pair->out));
    mat_free(a);
    mat_free(bt);
    *a = own_a;
    *bt = own_bt;
}

int adapter_file_read(struct mat *bt, struct mat *a,
                      const struct file_pair *pair, struct err *err)
{
    const struct tensor *from_a = pair->a, *from_b = pair->b;
    *bt = *a = (struct mat){0};
    if (read_matrix(a, from_a, (int)from_a->shape[0], err) != 0 ||
        read_matrix(bt, from_b, (int)from_b->shape[0], err) != 0) {
        mat_free(a);
        mat_free(bt);
        return -1;
    }
    if (pair->embedding) { /* dW = s A^T B^T: A is bt already */
        struct mat b = *bt;
        *bt = *a;
        *a = b;
        turn(a);
        return 0;
    }
    turn(pair->turned ? a : bt);
    if (pair->groups > 1)
        take_group(bt, a, pair);
    return 0;
}

void adapter_file_forget(const struct adapter_file *file,
                         const struct file_pair *pair)
{
    tensor_file_forget(file->tensors, pair->a);
    tensor_file_forget(file->tensors, pair->b);
}
