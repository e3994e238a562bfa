/* Which tensor of the base each part of an adapter changes. */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/merge_private.h"

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name), length = strlen(end);
    return size > length && name[size - length - 1] == '.' &&
           strcmp(name + size - length, end) == 0;
}

/* A tensor by a name that may have more, or fewer, words in front: adapters
 * name modules as the model with a head does, files may not. */
static const struct tensor *find(const struct tensor_folder *base,
                                 const char *name, int *shard)
{
    const struct tensor *found = NULL;
    for (const char *at = name; strchr(at, '.'); at = strchr(at, '.') + 1) {
        found = tensor_folder_find(base, at, shard);
        if (found)
            return found;
    }
    for (int s = 0; s < base->shards; s++)
        for (int i = 0; i < safetensors_count(base->shard[s].file); i++) {
            const struct tensor *tensor =
                safetensors_at(base->shard[s].file, i);
            if (!ends_with(tensor->name, name))
                continue;
            if (found) /* two: neither is meant for sure */
                return NULL;
            found = tensor;
            *shard = s;
        }
    return found;
}

static struct merge_site *site_of(struct merge *merge,
                                  const struct tensor *tensor, int shard)
{
    for (int i = 0; i < merge->count; i++)
        if (merge->site[i].tensor == tensor)
            return &merge->site[i];
    merge->site = xgrow(merge->site, (size_t)merge->count,
                        (size_t)merge->count + 1, sizeof *merge->site);
    struct merge_site *site = &merge->site[merge->count++];
    site->tensor = tensor;
    site->shard = shard;
    for (int i = 0; i < MERGE_MOST; i++)
        site->pair[i] = -1;
    return site;
}

/* W as the pair sees it: (out, in), or stored the other way round. */
static int turn(struct merge_site *site, const struct peft *peft,
                const struct peft_pair *pair, const struct tensor_folder *base,
                struct err *err)
{
    const struct tensor *w = site->tensor;
    bool flag = json_bool(json_get(peft->config, "fan_in_fan_out"), false);
    bool plain =
        w->dims == 2 && w->shape[0] == pair->out && w->shape[1] == pair->in;
    bool turned =
        w->dims == 2 && w->shape[0] == pair->in && w->shape[1] == pair->out;
    if (!plain && !turned)
        return err_set(err,
                       "tensor %.200s makes an update of (%d, %d), but %.200s "
                       "has another shape; use the base the adapter was made "
                       "for",
                       pair->a->name, pair->out, pair->in, w->name);
    bool is_conv1d =
        base->config ? tensor_folder_is_transposed(base, w->name) : flag;
    site->transposed =
        plain && turned ? is_conv1d || pair->is_embedding : turned;
    site->out = pair->out;
    site->in = pair->in;
    return 0;
}

static int link_pair(struct merge *merge, int adapter, int i, struct err *err)
{
    char name[1100];
    int shard = 0;
    const struct peft *peft = merge->peft[adapter];
    const struct peft_pair *pair = &peft->pair[i];
    (void)snprintf(name, sizeof name, "%.1000s.weight", pair->module);
    const struct tensor *tensor = find(merge->base, name, &shard);
    if (!tensor)
        return err_set(err,
                       "tensor %.200s: the base has no %.200s (one that is "
                       "tied to the embedding cannot be merged alone)",
                       pair->a->name, name);
    struct merge_site *site = site_of(merge, tensor, shard);
    if (site->pair[adapter] >= 0)
        return err_set(err, "tensor %.200s changes %.200s, and so does another",
                       pair->a->name, tensor->name);
    if (tensor->type == TENSOR_OTHER)
        return err_set(err,
                       "tensor \"%.200s\" holds %s, to which nothing can "
                       "be added",
                       tensor->name, tensor->type_name);
    site->pair[adapter] = i;
    return turn(site, peft, pair, merge->base, err);
}

/* modules_to_save, and biases: the whole tensor is another. */
static int link_other(struct merge *merge, const struct merge_ask *ask,
                      int adapter, const struct tensor *other, struct err *err)
{
    int shard = 0;
    const char *name = peft_bare_name(other->name);
    const struct tensor *tensor = find(merge->base, name, &shard);
    if (!tensor || tensor->count != other->count ||
        other->type == TENSOR_OTHER || tensor->type == TENSOR_OTHER)
        return err_set(err,
                       "tensor %.200s is not part of an update, and the base "
                       "has no tensor of its name and size to replace",
                       other->name);
    if (ask->scale[adapter] < 1 || ask->scale[adapter] > 1)
        return err_set(err,
                       "tensor %.200s replaces one of the base, which --scale "
                       "%g does not say how to do; use --scale 1",
                       other->name, ask->scale[adapter]);
    struct merge_site *site = site_of(merge, tensor, shard);
    if (site->replacement)
        return err_set(err, "tensor %.200s: two adapters replace it",
                       tensor->name);
    site->replacement = other;
    return 0;
}

static int check_dora(const struct merge_ask *ask, const struct peft *peft,
                      int adapter, struct err *err)
{
    if (!peft->has_magnitudes && peft_is_off(peft->config, "use_dora"))
        return 0;
    if (!peft->has_magnitudes)
        return err_set(err,
                       "%.300s: use_dora is set, but there are no "
                       "magnitudes",
                       peft->folder);
    if (ask->adapters > 1 || ask->scale[adapter] < 1 || ask->scale[adapter] > 1)
        return err_set(err,
                       "%.300s: DoRA divides every row by its own norm, so it "
                       "is merged alone, at --scale 1, and cannot be taken "
                       "off again without the base",
                       peft->folder);
    return 0;
}

int merge_link(struct merge *merge, const struct merge_ask *ask,
               struct err *err)
{
    for (int a = 0; a < ask->adapters; a++) {
        const struct peft *peft = merge->peft[a];
        if (check_dora(ask, peft, a, err))
            return -1;
        for (int i = 0; i < peft->count; i++)
            if (link_pair(merge, a, i, err))
                return err_prefix(err, "%.300s", peft->folder);
        for (int i = 0; i < adapter_file_rest(peft->file); i++)
            if (link_other(merge, ask, a, adapter_file_rest_at(peft->file, i),
                           err))
                return err_prefix(err, "%.300s", peft->folder);
    }
    for (int i = 0; i < merge->count; i++)
        for (int a = 0; a < ask->adapters; a++)
            if (merge->site[i].replacement && merge->site[i].pair[a] >= 0)
                return err_set(err,
                               "tensor \"%.200s\" is both replaced and "
                               "updated",
                               merge->site[i].tensor->name);
    return 0;
}
