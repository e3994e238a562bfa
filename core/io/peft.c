/* See peft.h. */
#include "core/io/peft.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

const char *peft_bare_name(const char *name)
{
    static const char prefix[] = "base_model.model.";
    while (strncmp(name, prefix, sizeof prefix - 1) == 0)
        name += sizeof prefix - 1;
    return name;
}

/* What PEFT has no form for. */
static int check_pair(const struct file_pair *pair, struct err *err)
{
    char unfolding[64];
    adapter_file_unfolding(unfolding, sizeof unfolding, pair);
    if (pair->groups > 1)
        return err_set(err,
                       "tensor %.200s holds %d groups, whose rows of the base "
                       "the file does not say",
                       pair->a->name, pair->groups);
    if (pair->a->dims != 2 || pair->b->dims != 2)
        return err_set(err,
                       "tensor %.200s is of a convolution (%s); its spectrum "
                       "can be looked at, but only updates of matrices written",
                       pair->a->name,
                       unfolding[0] ? unfolding : "a kernel of one");
    if (pair->scale.stated_rank && pair->scale.stated_rank != pair->rank)
        return err_set(err,
                       "tensor %.200s has rank %d, but adapter_config.json "
                       "says %d: its scale is not known",
                       pair->a->name, pair->rank, pair->scale.stated_rank);
    return 0;
}

static int take_pair(struct peft_pair *to, const struct file_pair *pair,
                     struct err *err)
{
    if (check_pair(pair, err) != 0)
        return -1;
    bool table = pair->embedding; /* W is (in, out) here, one row a token */
    *to = (struct peft_pair){.from = pair,
                             .module = pair->module,
                             .a = pair->a,
                             .magnitude = pair->magnitude,
                             .is_embedding = table,
                             .rank = pair->rank,
                             .out = table ? pair->in : pair->out,
                             .in = table ? pair->out : pair->in,
                             .scale = pair->scale.scale,
                             .scale_from = pair->scale.from};
    if (to->magnitude && to->magnitude->count != to->out)
        return err_set(err, "tensor %.200s has %lld numbers, expected %d",
                       to->magnitude->name, (long long)to->magnitude->count,
                       to->out);
    return 0;
}

static int take_all(struct peft *peft, struct err *err)
{
    if (peft_check_config(peft->config, err) != 0)
        return -1;
    peft->count = adapter_file_count(peft->file);
    peft->pair = xcalloc((size_t)peft->count + 1, sizeof *peft->pair);
    for (int i = 0; i < peft->count; i++) {
        if (take_pair(&peft->pair[i], adapter_file_at(peft->file, i), err) != 0)
            return -1;
        peft->has_magnitudes |= peft->pair[i].magnitude != NULL;
    }
    return 0;
}

/* Takes the file, NULL when it could not be opened. */
static struct peft *peft_of(struct adapter_file *file, const char *folder,
                            struct err *err)
{
    if (!file)
        return NULL;
    struct peft *peft = xcalloc(1, sizeof *peft);
    peft->file = file;
    peft->config = adapter_file_config(file);
    (void)snprintf(peft->folder, sizeof peft->folder, "%s", folder);
    if (take_all(peft, err) == 0)
        return peft;
    (void)err_prefix(err, "%.300s", adapter_file_path(file));
    peft_close(peft);
    return NULL;
}

struct peft *peft_open(const char *path, struct err *err)
{
    return peft_of(adapter_file_open(path, err), path, err);
}

struct peft *peft_open_files(const char *folder, const char *config,
                             const char *tensors, struct err *err)
{
    return peft_of(adapter_file_open_files(tensors, config, err), folder, err);
}

void peft_close(struct peft *peft)
{
    if (!peft)
        return;
    mem_free(peft->pair);
    adapter_file_close(peft->file);
    mem_free(peft);
}

bool peft_is_own(const struct peft *peft)
{
    return json_get(peft->config, "peft_type") &&
           strcmp(adapter_file_dialect(peft->file), "PEFT") == 0;
}

enum tensor_type peft_type(const struct peft *peft)
{
    enum tensor_type type = peft->pair[0].a->type;
    for (int i = 0; i < peft->count; i++) {
        const struct file_pair *pair = peft->pair[i].from;
        if (pair->a->type != type || pair->b->type != type)
            return TENSOR_F32;
    }
    return type == TENSOR_F16 || type == TENSOR_BF16 ? type : TENSOR_F32;
}

void peft_release(const struct peft *peft, const struct tensor *tensor)
{
    tensor_file_forget(adapter_file_tensors(peft->file), tensor);
}

int peft_read(struct mat *bt, struct mat *a, const struct peft *peft, int i,
              struct err *err)
{
    const struct file_pair *pair = peft->pair[i].from;
    int status = adapter_file_read(bt, a, pair, err);
    adapter_file_forget(peft->file, pair);
    if (status != 0)
        return err_prefix(err, "%.200s", peft->folder);
    if (pair->embedding) { /* its W is the transpose of the pair's */
        struct mat first = *bt;
        *bt = *a;
        *a = first;
    }
    return 0;
}
