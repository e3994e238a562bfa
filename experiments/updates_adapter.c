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

static void close_adapter(struct updates *updates)
{
    adapter_file_close(updates->owned);
}

static const struct updates_ops ops = {
    .take = take, .caveat = caveat, .close = close_adapter};

int updates_of_adapter(struct updates *to, const char *path, struct err *err)
{
    struct adapter_file *file = adapter_file_open(path, err);
    if (!file)
        return -1;
    to->ops = &ops;
    to->owned = file;
    to->kind = STORED_LORA;
    to->count = adapter_file_count(file);
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
