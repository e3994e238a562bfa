/*
 * What the analyst knows, put into a snapshot: the trainer's thread, when it
 * publishes.  Nothing is copied: the snapshot holds the findings it points
 * into.
 */
#include "core/base/mem.h"
#include "experiments/analyst_private.h"
#include "experiments/snapshot_owned.h"

/* Under the mutex. */
static const struct finding *past_of(const struct analyst *analyst,
                                     const struct moment *moment)
{
    for (int i = 0; i < analyst->past_count; i++)
        if (analyst->past[i].moment == moment)
            return analyst->past[i].finding;
    return NULL;
}

/* Under the mutex. */
static void show_moments(const struct analyst *analyst, const struct lane *lane,
                         struct snapshot *snapshot, struct run_view *to)
{
    const struct history *history = &lane->history;
    struct moment_view *view =
        snapshot_take(snapshot, (size_t)history->count, sizeof *view);
    for (int i = 0; i < history->count; i++) {
        const struct finding *finding = past_of(analyst, history->moment[i]);
        view[i].step = history->moment[i]->step;
        if (!finding)
            continue;
        snapshot_keep_finding(snapshot, finding);
        view[i].site = finding->sigma;
    }
    to->moment = view;
    to->moment_count = history->count;
}

/* Under the mutex. */
static void show_site(const struct analyst *analyst, const struct site *of,
                      int site, struct site_view *to)
{
    if (!to->adapted)
        return;
    to->chance =
        chance_book_find(analyst->book, of->out, of->in, to->rank);
    if (analyst->base_norm)
        to->base_norm = analyst->base_norm[site];
    if (analyst->rounding && to->rank == 0)
        to->rounding_floor = analyst->rounding[site];
}

void analyst_show(struct analyst *analyst, const struct lane *lane,
                  struct snapshot *snapshot, struct run_view *to)
{
    (void)pthread_mutex_lock(&analyst->mutex);
    const struct finding *finding =
        lane->id < analyst->found_count ? analyst->found[lane->id] : NULL;
    if (finding)
        snapshot_keep_finding(snapshot, finding);
    for (int i = 0; i < snapshot->site_count; i++) {
        show_site(analyst, &snapshot->site[i], i, &to->site[i]);
        if (finding && to->site[i].adapted)
            finding_show(&to->site[i], finding, i);
    }
    if (finding)
        finding_show_cut(to, finding);
    show_moments(analyst, lane, snapshot, to);
    (void)pthread_mutex_unlock(&analyst->mutex);
}

void analyst_show_studies(struct analyst *analyst, struct snapshot *snapshot)
{
    snapshot_keep_book(snapshot, analyst->book);
    (void)pthread_mutex_lock(&analyst->mutex);
    for (int i = 0; i < STUDY_KINDS; i++)
        if (analyst->answered[i].study)
            snapshot->study[i] = study_hold(analyst->answered[i].study);
    (void)pthread_mutex_unlock(&analyst->mutex);
}
