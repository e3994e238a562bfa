/*
 * The picture of files on show: every file is a run that has taken no step,
 * so that the views of updates draw it as they draw a run.
 */
#include <math.h>
#include <stdio.h>

#include "experiments/files_private.h"
#include "experiments/snapshot_owned.h"

static struct site_view site_of(const struct files *files, int file, int site)
{
    const struct on_show *of = &files->on_show[file];
    const struct sight *sight = &of->sight[site];
    struct site_view to = site_view_unknown();
    if (of->at[site] < 0)
        return to;
    const struct update_site *from = &of->updates->site[of->at[site]];
    to.adapted = true;
    to.rank = from->rank;
    to.max_rank = from->out < from->in ? from->out : from->in;
    to.scale = from->rank ? from->scale : NAN;
    to.base_norm = sight->base_norm;
    to.rounding_floor = sight->floor;
    if (!sight->is_known)
        return to;
    to.sigma = sight->sigma;
    to.sigma_count = sight->count;
    to.chance = chance_book_find(files->book, from->out, from->in, from->rank);
    return to;
}

static void show_file(const struct files *files, int file,
                      struct snapshot *snapshot)
{
    struct run_view *to = &snapshot->run[file];
    struct site_view *site =
        snapshot_take(snapshot, (size_t)files->site_count, sizeof *site);
    *to = (struct run_view){.id = file,
                            .state = RUN_DONE,
                            .step = -1,
                            .alpha = NAN,
                            .lr = NAN,
                            .lr_peak = NAN,
                            .tokens_per_second = NAN,
                            .train_loss = NAN,
                            .validation_loss = NAN,
                            .metric = NAN,
                            .forget_loss = NAN,
                            .site = site};
    (void)snprintf(to->name, sizeof to->name, "%s", files->on_show[file].name);
    for (int s = 0; s < files->site_count; s++) {
        site[s] = site_of(files, file, s);
        int rank = site[s].rank;
        if (rank && (!to->rank_low || rank < to->rank_low))
            to->rank_low = rank;
        to->rank_high = rank > to->rank_high ? rank : to->rank_high;
    }
}

void files_publish(struct files *files)
{
    struct snapshot *snapshot = snapshot_new();
    struct file_view *file =
        snapshot_take(snapshot, (size_t)files->count, sizeof *file);
    snapshot->base_validation_loss = snapshot->base_forget_loss = NAN;
    snapshot->ticks_per_second = NAN;
    snapshot->finished = true;
    snapshot->site = files->model.site;
    snapshot->site_count = files->site_count;
    snapshot->layers = files->map->rows;
    snapshot->map = files->map;
    snapshot->file = file;
    snapshot->file_count = snapshot->run_count = files->count;
    (void)snprintf(snapshot->title, sizeof snapshot->title, "%s", files->title);
    for (int f = 0; f < files->count; f++) {
        file[f] = files->on_show[f].view;
        show_file(files, f, snapshot);
    }
    for (int kind = 0; kind < STUDY_KINDS; kind++)
        if (files->study[kind])
            snapshot->study[kind] = study_hold(files->study[kind]);
    snapshot_keep_book(snapshot, files->book);
    mailbox_publish(&files->mailbox, snapshot);
}
