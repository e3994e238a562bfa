/*
 * Files of dense models: see dense.h.  PyTorch's orientation, (out, in), so
 * that a nn.Sequential of Linear layers named fc.1, fc.2, ... reads them.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/model/dense.h"
#include "core/model/hf_family.h"

static int read_sizes(struct model_conf *conf, const struct json *config,
                      struct err *err)
{
    const struct json *sizes = json_get(config, "sizes");
    int count = json_length(sizes);
    if (count < 1 || count >= MODEL_SIZES)
        return err_set(err,
                       "sizes must be a list of 2 to %d numbers, from the "
                       "inputs to the outputs",
                       MODEL_SIZES - 1);
    for (int i = 0; i < count; i++) {
        long long size = json_int(json_at(sizes, i), 0);
        bool fits = size >= 1 && size <= DENSE_WIDEST;
        conf->size[i] = fits ? (int)size : -1; /* refused by the check */
    }
    return 0;
}

/* The tensor of this name into to (rows, cols); rows -1: a vector. */
static int read_tensor(float *to, const struct safetensors *file,
                       const char *name, int rows, int cols, struct err *err)
{
    const struct tensor *tensor = safetensors_find(file, name);
    if (!tensor)
        return err_set(err, "model.safetensors: tensor %s is missing", name);
    bool fits = rows < 0 ? tensor->dims == 1 && tensor->shape[0] == cols
                         : tensor->dims == 2 && tensor->shape[0] == rows &&
                               tensor->shape[1] == cols;
    if (!fits)
        return err_set(err,
                       "model.safetensors: tensor %s has another shape than "
                       "the sizes of config.json say",
                       name);
    if (tensor_read(to, tensor, err) != 0)
        return -1;
    if (mat_finite(mat_of(to, rows < 0 ? 1 : rows, cols)))
        return 0;
    return err_set(err, "model.safetensors: tensor %s holds NaN or Inf", name);
}

static int load(struct model *model, const struct safetensors *file,
                struct err *err)
{
    float *at = model_storage(model, (size_t)model_parameters(model));
    if (!at)
        return err_set(err, "not enough memory for %ld weights",
                       model_parameters(model));
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        char name[48];
        (void)snprintf(name, sizeof name, "%s.weight", site->name);
        if (read_tensor(at, file, name, site->out, site->in, err) != 0)
            return -1;
        struct site_origin *origin = &model->origin[i];
        (void)snprintf(origin->tensor, sizeof origin->tensor, "%s", name);
        memcpy(origin->type_name, safetensors_find(file, name)->type_name,
               sizeof origin->type_name);
        model->base.site[i] = mat_of(at, site->out, site->in);
        at += (size_t)site->out * (size_t)site->in;
    }
    for (int i = 0; i < model->other_count; i++) {
        const struct other *other = &model->other[i];
        if (read_tensor(at, file, other->name, -1, other->cols, err) != 0)
            return -1;
        model->base.other[i] = at;
        at += other->cols;
    }
    return 0;
}

struct model *dense_open(const struct network *network,
                         const struct json *config, const char *folder,
                         struct err *err)
{
    char path[1024];
    struct model_conf conf = {.family = network->family};
    if (read_sizes(&conf, config, err) != 0)
        return NULL;
    struct model *model = model_new(&conf, err);
    if (!model)
        return NULL;
    struct safetensors *file = safetensors_open(
        file_join(path, sizeof path, folder, "model.safetensors"), err);
    int status = file ? load(model, file, err) : -1;
    safetensors_close(file);
    if (status == 0)
        return model;
    model_free(model);
    return NULL;
}

static int save_config(const struct model *model, const char *folder,
                       struct err *err)
{
    char path[1024];
    struct json *root = json_new_object(), *sizes = json_new_array();
    for (int l = 0; l <= model->conf.layers; l++)
        json_push_integer(sizes, model->conf.size[l]);
    json_put_text(root, "model_type", model->conf.family);
    json_put(root, "sizes", sizes);
    char *text = json_write(root);
    int status = file_write(file_join(path, sizeof path, folder, "config.json"),
                            text, strlen(text), err);
    mem_free(text);
    json_free(root);
    return status;
}

int dense_save(const struct model *model, const struct weights *weights,
               const char *folder, struct err *err)
{
    char path[1024];
    struct safetensors_out *out = safetensors_out_new();
    safetensors_out_meta(out, "format", "pt");
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        char name[48];
        (void)snprintf(name, sizeof name, "%s.weight", site->name);
        safetensors_out_add(out, name, site->out, site->in,
                            weights->site[i].at);
    }
    for (int i = 0; i < model->other_count; i++)
        safetensors_out_add(out, model->other[i].name, -1, model->other[i].cols,
                            weights->other[i]);
    int status = safetensors_out_commit(
        out, file_join(path, sizeof path, folder, "model.safetensors"), err);
    return status != 0 ? -1 : save_config(model, folder, err);
}
