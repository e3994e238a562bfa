/*
 * See spectra_read.h.  Rows of a road not taken are replaced by the later rows
 * of the same step; what lies past the run's last step was undone.
 */
#include "experiments/spectra_read.h"

#include <string.h>

#include "experiments/lines.h"
#include "experiments/metrics_read.h"
#include "experiments/snapshot_owned.h"

enum {
    WORDS = 9,
    BRANCH_WORD = 0,
    STEP_WORD,
    SITE_WORD,
    RANK_WORD,
    SCALE_WORD,
    SIGMA_WORD = WORDS - 1
};

/* Moments as they are collected, steps rising. */
struct collected {
    struct moment_view *moment;
    struct sigma_view **site; /* the same, still to be written */
    int count;
};

static int site_index(const struct snapshot *snapshot, const char *name)
{
    for (int i = 0; i < snapshot->site_count; i++)
        if (strcmp(snapshot->site[i].name, name) == 0)
            return i;
    return -1;
}

/* 1.5,0.7,0.1 */
static void read_sigma(struct snapshot *snapshot, struct sigma_view *to,
                       char *text)
{
    int count = *text ? 1 : 0;
    for (const char *c = text; *c; c++)
        count += *c == ',';
    double *sigma = snapshot_take(snapshot, (size_t)count, sizeof *sigma);
    for (int i = 0; i < count; i++) {
        char *comma = strchr(text, ',');
        if (comma)
            *comma = '\0';
        sigma[i] = tsv_number(text);
        text = comma ? comma + 1 : text;
    }
    to->sigma = sigma;
    to->count = count;
}

/* The moment of a step, made if need be.  Steps mostly rise. */
static struct sigma_view *moment_of(struct snapshot *snapshot,
                                    struct collected *all, long step)
{
    int at = all->count;
    while (at > 0 && all->moment[at - 1].step > step)
        at--;
    if (at > 0 && all->moment[at - 1].step == step)
        return all->site[at - 1];
    size_t behind = (size_t)(all->count - at);
    memmove(all->moment + at + 1, all->moment + at,
            behind * sizeof *all->moment);
    memmove(all->site + at + 1, all->site + at, behind * sizeof *all->site);
    all->site[at] = snapshot_take(snapshot, (size_t)snapshot->site_count,
                                  sizeof **all->site);
    all->moment[at] = (struct moment_view){.step = step, .site = all->site[at]};
    all->count++;
    return all->site[at];
}

static void read_row(struct snapshot *snapshot, struct run_view *run,
                     struct collected *all, char **word)
{
    int site = site_index(snapshot, word[SITE_WORD]);
    long step = lines_whole(word[STEP_WORD]);
    if (site < 0 || step > run->step)
        return;
    struct sigma_view *row = &moment_of(snapshot, all, step)[site];
    const struct site *of = &snapshot->site[site];
    struct site_view *to = &run->site[site];
    row->rank = lines_whole(word[RANK_WORD]);
    read_sigma(snapshot, row, word[SIGMA_WORD]);
    to->adapted = true;
    to->max_rank = of->out < of->in ? of->out : of->in;
    to->scale = tsv_number(word[SCALE_WORD]);
}

/* The last moment is what the run is now. */
static void show_last(const struct snapshot *snapshot, struct run_view *run)
{
    const struct moment_view *last =
        run->moment_count ? &run->moment[run->moment_count - 1] : NULL;
    for (int i = 0; last && i < snapshot->site_count; i++) {
        const struct sigma_view *site = &last->site[i];
        struct site_view *to = &run->site[i];
        if (site->count == 0)
            continue;
        to->spectrum_step = last->step;
        to->sigma = site->sigma;
        to->sigma_count = site->count;
        to->rank = site->rank;
        if (site->rank == 0)
            continue;
        if (run->rank_low == 0 || site->rank < run->rank_low)
            run->rank_low = site->rank;
        if (site->rank > run->rank_high)
            run->rank_high = site->rank;
    }
}

void spectra_read(struct snapshot *snapshot, struct run_view *run,
                  const char *folder)
{
    struct lines lines;
    char *word[WORDS];
    size_t rows = 0;
    if (lines_open(&lines, folder, "spectra.tsv", NULL) < 0)
        return;
    for (const char *c = lines.text; *c; c++)
        rows += *c == '\n';
    struct collected all = {
        .moment = snapshot_take(snapshot, rows + 1, sizeof *all.moment),
        .site = snapshot_take(snapshot, rows + 1, sizeof *all.site)};
    for (char *line; (line = lines_next(&lines));)
        if (lines_split(line, word, WORDS))
            read_row(snapshot, run, &all, word);
    lines_close(&lines);
    run->moment = all.moment;
    run->moment_count = all.count;
    show_last(snapshot, run);
}
