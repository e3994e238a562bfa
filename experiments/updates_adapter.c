/* Of an adapter without its model: every pair as it is filed. */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/adapter_file.h"
#include "experiments/updates_owned.h"

static int take(struct held *to, const struct updates *updates, int site,
                struct err *err)
{
    const struct adapter_file *file = updates->owned;
    const struct file_pair *pair = adapter_file_at(file, site);
    if (adapter_file_read(&to->own[0], &to->own[1], pair, err) != 0)
        return err_prefix(err, "%.300s", adapter_file_path(file));
    adapter_file_forget(file, pair);
    to->update = update_of_factors(to->own[0], to->own[1], pair->scale.scale);
    return 0;
}

static const char *caveat(const struct updates *updates, int i)
{
    return adapter_file_caveat(updates->owned, i);
}

/* The types of a pair's factors: one, or "F32 and others". */
static const char *types_of(const struct adapter_file *file, bool *is_one)
{
    const char *first = adapter_file_at(file, 0)->a->type_name;
    *is_one = true;
    for (int i = 0; i < adapter_file_count(file); i++) {
        const struct file_pair *pair = adapter_file_at(file, i);
        *is_one = *is_one && strcmp(pair->a->type_name, first) == 0 &&
                  strcmp(pair->b->type_name, first) == 0;
    }
    return first;
}

static void tell_whole(struct update_facts *to, const struct json *config)
{
    const struct json *whole = json_get(config, "modules_to_save");
    char names[300] = "";
    size_t used = 0;
    for (int i = 0; i < json_length(whole) && used < sizeof names; i++)
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                             i ? ", " : "", json_text(json_at(whole, i), "?"));
    if (used)
        update_fact_add(to, "trained", "whole, beside the factors: %s", names);
}

static void tell(struct update_facts *to, const struct updates *updates)
{
    const struct adapter_file *file = updates->owned;
    const struct json *config = adapter_file_config(file);
    const char *task = json_text(json_get(config, "task_type"), "");
    const char *base = adapter_file_base(file);
    char size[16];
    bool is_one;
    const char *type = types_of(file, &is_one);
    update_fact_add(to, "what", "LoRA adapter, written as %s%s%s",
                    adapter_file_dialect(file), task[0] ? ", for " : "", task);
    if (base[0])
        update_fact_add(to, "base", "%s, by name; --base says where it is",
                        base);
    else
        update_fact_add(to, "base", "the file names none");
    update_fact_add(to, "tensors", "%d in %s; %d pairs of factors in %s%s",
                    tensor_file_count(adapter_file_tensors(file)),
                    update_bytes(size, adapter_file_size(file)), updates->count,
                    type, is_one ? "" : " and other types");
    tell_whole(to, config);
}

static void close_adapter(struct updates *updates)
{
    adapter_file_close(updates->owned);
}

static const struct updates_ops ops = {
    .take = take, .caveat = caveat, .tell = tell, .close = close_adapter};

static enum storage storage_of(enum tensor_type type)
{
    return type == TENSOR_F16    ? STORED_F16
           : type == TENSOR_BF16 ? STORED_BF16
                                 : STORED_F32;
}

int updates_of_adapter(struct updates *to, const char *path, struct err *err)
{
    struct adapter_file *file = adapter_file_open(path, err);
    if (!file)
        return -1;
    to->ops = &ops;
    to->owned = file;
    to->kind = STORED_LORA;
    to->count = adapter_file_count(file);
    if (to->count > 0)
        to->storage = storage_of(adapter_file_at(file, 0)->a->type);
    to->site = xcalloc((size_t)to->count + 1, sizeof *to->site);
    bool named = strcmp(adapter_file_dialect(file), "PEFT") == 0;
    (void)snprintf(to->what, sizeof to->what, "%s%sadapter %s",
                   named ? "" : adapter_file_dialect(file), named ? "" : " ",
                   path);
    (void)snprintf(to->base, sizeof to->base, "%s", adapter_file_base(file));
    for (int i = 0; i < to->count; i++) {
        const struct file_pair *pair = adapter_file_at(file, i);
        struct update_site *site = &to->site[i];
        *site = (struct update_site){.name = pair->name,
                                     .tensor = pair->a->name,
                                     .scale_from = pair->scale.from,
                                     .warning = pair->scale.warning,
                                     .out = pair->out,
                                     .in = pair->in,
                                     .rank = pair->rank,
                                     .scale = pair->scale.scale};
        adapter_file_unfolding(site->unfolding, sizeof site->unfolding, pair);
    }
    return 0;
}
