/*
 * What is no folder of PEFT's with safetensors: other dialects, torch's
 * archives, single files.  Their pairs keep their modules' names, and are
 * written in PEFT's.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/adapter_find.h"
#include "core/io/file.h"
#include "core/io/peft.h"

bool peft_is_other(const char *path)
{
    char name[1024];
    if (!file_is_folder(path))
        return file_exists(path);
    (void)file_join(name, sizeof name, path, "adapter_model.safetensors");
    return !file_exists(name) && adapter_find_count(path) > 0;
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
    *to = (struct peft_pair){.module = xstrdup(pair->module),
                             .a = pair->a,
                             .b = pair->b,
                             .magnitude = pair->magnitude,
                             .is_embedding = table,
                             .rank = pair->rank,
                             .out = table ? pair->in : pair->out,
                             .in = table ? pair->out : pair->in,
                             .scale = pair->scale.scale};
    memcpy(to->scale_from, pair->scale.from, sizeof to->scale_from);
    if (to->magnitude && to->magnitude->count != to->out)
        return err_set(err, "tensor %.200s has %lld numbers, expected %d",
                       to->magnitude->name, (long long)to->magnitude->count,
                       to->out);
    return 0;
}

int peft_open_other(struct peft *to, const char *path, struct err *err)
{
    struct adapter_file *file = to->dialect = adapter_file_open(path, err);
    if (!file)
        return -1;
    const struct json *config = adapter_file_config(file);
    if (json_get(config, "peft_type")) {
        to->config = config;
        if (peft_check_config(config, err) != 0)
            return err_prefix(err, "%.300s", path);
    }
    int count = adapter_file_count(file);
    to->pair = xcalloc((size_t)count + 1, sizeof *to->pair);
    to->other = xcalloc((size_t)adapter_file_rest(file) + 1,
                        sizeof(const struct tensor *));
    (void)snprintf(to->folder, sizeof to->folder, "%s", path);
    for (int i = 0; i < count; i++) {
        to->count++;
        if (take_pair(&to->pair[i], adapter_file_at(file, i), err) != 0)
            return err_prefix(err, "%.300s", path);
        to->has_magnitudes |= to->pair[i].magnitude != NULL;
    }
    for (int i = 0; i < adapter_file_rest(file); i++)
        to->other[to->other_count++] = adapter_file_rest_at(file, i);
    return 0;
}

int peft_read_other(struct mat *bt, struct mat *a, const struct peft *peft,
                    int i, struct err *err)
{
    const struct file_pair *pair = adapter_file_at(peft->dialect, i);
    int status = adapter_file_read(bt, a, pair, err);
    adapter_file_forget(peft->dialect, pair);
    if (status != 0)
        return err_prefix(err, "%.200s", peft->folder);
    if (pair->embedding) {
        struct mat first = *bt;
        *bt = *a;
        *a = first;
    }
    return 0;
}
