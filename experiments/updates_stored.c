/* Of a run, an adapter with its model, or a model of a family: stored.h. */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/updates_owned.h"

/* Sites that are adapted, by their index in the model. */
struct of_stored {
    struct stored *stored;
    int *index;
};

static int take(struct held *to, const struct updates *updates, int site,
                struct err *err)
{
    const struct of_stored *own = updates->owned;
    int at = own->index[site];
    (void)err;
    to->update = own->stored->moment->site[at].update;
    to->w0 = own->stored->model->base.site[at];
    if (updates->kind == STORED_DELTA)
        to->floor = rounding_floor(to->w0, updates->storage, updates->rounded);
    return 0;
}

static void close_stored(struct updates *updates)
{
    struct of_stored *own = updates->owned;
    stored_close(own->stored);
    mem_free(own->index);
    mem_free(own);
}

static void tell(struct update_facts *to, const struct updates *updates)
{
    const struct of_stored *own = updates->owned;
    const struct model_conf *conf = &own->stored->model->conf;
    const char *family = conf->family ? conf->family : "dense layers";
    update_fact_add(to, "what", "%s", updates->what);
    update_fact_add(to, "family", "%s: %d layers, width %d, %d heads, %s",
                    family, conf->layers, conf->width, conf->heads,
                    storage_name(updates->storage));
}

static const struct updates_ops ops = {
    .take = take, .tell = tell, .close = close_stored};

static void list_sites(struct updates *to, struct of_stored *own)
{
    const struct stored *stored = own->stored;
    const struct moment *moment = stored->moment;
    size_t most = (size_t)moment->site_count;
    to->site = xcalloc(most + 1, sizeof *to->site);
    own->index = xcalloc(most + 1, sizeof *own->index);
    for (int i = 0; i < moment->site_count; i++) {
        const struct specimen *of = &moment->site[i];
        if (!of->adapted)
            continue;
        own->index[to->count] = i;
        to->site[to->count++] =
            (struct update_site){.name = stored->model->site[i].name,
                                 .tensor = stored->origin[i].tensor,
                                 .scale_from = stored->origin[i].scale_from,
                                 .warning = "",
                                 .out = of->update.out,
                                 .in = of->update.in,
                                 .rank = of->rank,
                                 .scale = of->update.scale};
    }
}

int updates_of_stored(struct updates *to, const struct updates_ask *ask,
                      struct err *err)
{
    struct stored *stored =
        stored_open(ask->path, ask->run, ask->base, ask->assets, err);
    if (!stored)
        return -1;
    if (!ask->split)
        stored_fuse(stored);
    struct of_stored *own = xcalloc(1, sizeof *own);
    own->stored = stored;
    to->ops = &ops;
    to->owned = own;
    to->kind = stored->kind;
    to->step = stored->moment->step;
    to->storage = stored->storage;
    to->rounded = stored->rounded;
    (void)snprintf(to->what, sizeof to->what, "%s", stored->what);
    (void)snprintf(to->name, sizeof to->name, "%s", stored->moment->name);
    list_sites(to, own);
    return 0;
}
