/*
 * Checkpoints that we cannot run, opened for looking: every matrix of numbers
 * is a site by its own name, and there is nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/model/hf_family.h"

/* Can model_open() be expected to read this?  A known family whose head is
 * known, too. */
static bool is_known(const struct json *config)
{
    struct model_conf conf = {0};
    const struct hf_family *family =
        hf_family_find(json_text(json_get(config, "model_type"), ""));
    return family && (family->architecture[HEAD_NEXT] ||
                      hf_read_head(&conf, config, family, NULL) == 0);
}

static bool is_matrix(const struct tensor *tensor)
{
    enum { MOST = 1 << 24 };
    return tensor->dims == 2 && tensor->type != TENSOR_OTHER &&
           tensor->shape[0] > 0 && tensor->shape[1] > 0 &&
           tensor->shape[0] <= MOST && tensor->shape[1] <= MOST;
}

static int add_matrix(struct model *model, const struct tensor *tensor,
                      struct err *err)
{
    const float *at = model_values(model, tensor, err);
    int i = model->site_count;
    struct site *site = &model->site[i];
    if (!at)
        return -1;
    model->site_count++;
    *site = (struct site){.kind = SITE_HEAD,
                          .out = (int)tensor->shape[0],
                          .in = (int)tensor->shape[1]};
    (void)snprintf(site->name, sizeof site->name, "%s", tensor->name);
    (void)snprintf(model->origin[i].tensor, sizeof model->origin[i].tensor,
                   "%s", tensor->name);
    memcpy(model->origin[i].type_name, tensor->type_name,
           sizeof model->origin[i].type_name);
    model->base.site[i] = mat_of((float *)at, site->out, site->in);
    return 0;
}

static struct model *look(const char *folder, struct err *err)
{
    struct shards *file = shards_open(folder, err);
    if (!file)
        return NULL;
    size_t most = (size_t)shards_count(file) + 1;
    struct model *model = model_empty(file, most);
    int status = 0;
    for (int i = 0; i < shards_count(file) && status == 0; i++)
        if (is_matrix(shards_at(file, i)))
            status = add_matrix(model, shards_at(file, i), err);
    if (status == 0 && model->site_count == 0)
        status = err_set(err, "no matrices of numbers in its tensors");
    if (status == 0)
        return model;
    model_free(model);
    (void)err_prefix(err, "%s", folder);
    return NULL;
}

struct model *model_look(const char *folder, struct err *err)
{
    char path[1024];
    struct json *config =
        json_read(file_join(path, sizeof path, folder, "config.json"), err);
    if (!config)
        return NULL;
    bool known = is_known(config);
    json_free(config);
    return known ? model_open(folder, err) : look(folder, err);
}
