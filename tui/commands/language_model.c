/* See language_model.h. */
#include "tui/commands/language_model.h"

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/inserted.h"
#include "tui/commands/root.h"

/* Every site gets a copy of its own, so that the base stays as it was. */
static int copy_sites(struct language_model *lm, struct err *err)
{
    const struct model *model = lm->model;
    size_t total = 0;
    for (int i = 0; i < model->site_count; i++)
        total += (size_t)model->site[i].out * (size_t)model->site[i].in;
    float *at = lm->changed = mem_try(total, sizeof *at);
    if (!at)
        return err_set(err, "not enough memory for a copy of the weights");
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        lm->weights.site[i] = mat_of(at, site->out, site->in);
        mat_copy(lm->weights.site[i], model->base.site[i]);
        at += (size_t)site->out * (size_t)site->in;
    }
    return 0;
}

static void add_beside(void *ctx, int site, struct mat x, struct mat y)
{
    const struct language_model *lm = ctx;
    adapter_beside(lm->adapter, lm->strength, site, x, y);
}

struct insert language_model_beside(const struct language_model *lm)
{
    if (lm->inserted)
        return method_insert(lm->inserted);
    if (lm->adapter && !lm->changed)
        return (struct insert){.ctx = (void *)lm, .after = add_beside};
    return (struct insert){0};
}

/* Strength is a factor of dW, and there is none. */
static int take_inserted(struct language_model *lm, const char *folder,
                         struct err *err)
{
    lm->inserted = inserted_open(lm->model, folder, err);
    if (!lm->inserted)
        return -1;
    if (lm->strength < 1 || lm->strength > 1)
        return err_set(err, "--scale %g has nothing to scale: %s; leave it out",
                       lm->strength, lm->inserted->ops->why_not_merged);
    return 0;
}

static int take_adapter(struct language_model *lm, const char *folder,
                        enum adapter_way way, struct err *err)
{
    if (inserted_is(folder))
        return take_inserted(lm, folder, err);
    lm->adapter = adapter_open(lm->model, folder, err);
    if (!lm->adapter)
        return -1;
    if (way == ADAPTER_BESIDE)
        return 0;
    if (copy_sites(lm, err) != 0)
        return -1;
    adapter_merge(lm->adapter, &lm->weights, lm->strength);
    return 0;
}

int language_model_open(struct language_model *lm, const char *base,
                        const char *adapter, double strength,
                        enum adapter_way way, struct err *err)
{
    char folder[ROOT_PATH], path[ROOT_PATH];
    *lm = (struct language_model){.strength = strength};
    if (root_base(folder, base, err) != 0)
        return -1;
    (void)file_join(path, sizeof path, folder, "tokenizer.json");
    lm->model = model_open(folder, err);
    int status = lm->model ? model_check_writes(lm->model, err) : -1;
    lm->tokenizer = status == 0 ? tokenizer_open(path, err) : NULL;
    status = lm->tokenizer ? 0 : -1;
    if (status == 0 && tokenizer_size(lm->tokenizer) > lm->model->conf.vocab)
        status = err_set(err, "%s has %d tokens, but the model only %d", path,
                         tokenizer_size(lm->tokenizer), lm->model->conf.vocab);
    if (lm->model)
        lm->weights = weights_new(lm->model);
    if (status == 0 && adapter)
        status = take_adapter(lm, adapter, way, err);
    if (status != 0)
        language_model_close(lm);
    return status;
}

void language_model_close(struct language_model *lm)
{
    if (lm->weights.site)
        weights_free(&lm->weights);
    mem_free(lm->changed);
    adapter_close(lm->adapter);
    method_free(lm->inserted);
    if (lm->tokenizer)
        tokenizer_close(lm->tokenizer);
    model_free(lm->model);
    *lm = (struct language_model){0};
}
