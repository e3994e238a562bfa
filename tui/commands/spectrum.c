/*
 * rankscope spectrum: singular values and rank measures of every update in a
 * stored run, an adapter, a checkpoint, or the difference of two.
 */
#include <math.h>
#include <stdio.h>

#include "analysis/metric_table.h"
#include "core/base/mem.h"
#include "tui/commands/commands.h"
#include "tui/commands/options.h"
#include "tui/commands/root.h"
#include "tui/commands/site_pick.h"
#include "tui/commands/spectrum_print.h"
#include "tui/commands/subcommand.h"

struct ask {
    const char *path, *run, *base, *site;
    int top;
    bool split, json, tsv;
};

/* The first values of a large matrix by random projection; of the measures
 * only those of its entries. */
static int take_top(struct spectrum_row *to, struct mat w, int top,
                    struct err *err)
{
    double norm = sqrt(mat_norm_squared(w));
    to->top = top;
    for (int i = 0; i < metric_count; i++)
        to->metric[i] = NAN;
    to->metric[metric_index("frobenius")] = norm;
    to->metric[metric_index("rms")] =
        norm / sqrt((double)w.rows * (double)w.cols);
    return spectrum_top(&to->spectrum, w, top, err);
}

static int measure(struct spectrum_row *to, const struct held *held, int top,
                   struct err *err)
{
    struct spectrum *spectrum = &to->spectrum;
    int out = held->update.out, in = held->update.in;
    to->floor = held->floor;
    to->is_zero = update_is_zero(&held->update);
    if (to->is_zero)
        return 0;
    if (top > 0 && top < (out < in ? out : in) &&
        !update_has_factors(&held->update))
        return take_top(to, held->update.dw, top, err);
    if (update_spectrum(spectrum, &held->update, VALUES_ONLY, err) < 0)
        return -1;
    for (int i = 0; i < metric_count; i++)
        to->metric[i] = metric_value(i, spectrum->sigma, spectrum->count,
                                     spectrum->out, spectrum->in);
    return 0;
}

static int take_row(struct spectrum_row *to, const struct updates *updates,
                    int site, int top, struct err *err)
{
    struct held held;
    *to = (struct spectrum_row){.site = &updates->site[site]};
    if (updates_take(&held, updates, site, err) < 0)
        return -1;
    int status = measure(to, &held, top, err);
    updates_put(&held);
    return status < 0 ? err_prefix(err, "%s: %s", updates->what, to->site->name)
                      : 0;
}

static void print(const struct ask *ask, const struct spectrum_report *report)
{
    if (ask->json)
        spectrum_print_json(report);
    else if (ask->tsv)
        spectrum_print_tsv(report);
    else
        spectrum_print_table(report);
}

/* Nothing is printed before everything is known. */
static int look(const struct ask *ask, const struct updates *updates,
                struct err *err)
{
    int count, known = 0, status = 0;
    int *site = site_pick(&count, updates, ask->site, err);
    if (!site)
        return -1;
    struct spectrum_row *row = xcalloc((size_t)count, sizeof *row);
    while (status == 0 && known < count) {
        status = take_row(&row[known], updates, site[known], ask->top, err);
        known++;
    }
    if (status == 0)
        print(ask, &(struct spectrum_report){ask->path, updates, row, count});
    for (int i = 0; i < known; i++)
        spectrum_free(&row[i].spectrum);
    mem_free(row);
    mem_free(site);
    return status;
}

static int spectrum(const struct ask *ask, struct err *err)
{
    char assets[ROOT_PATH] = "";
    (void)root_assets(assets, NULL); /* without: no run has its base */
    const struct updates_ask what = {.path = ask->path,
                                     .run = ask->run,
                                     .base = ask->base,
                                     .assets = assets,
                                     .split = ask->split};
    struct updates *updates = updates_open(&what, err);
    if (!updates)
        return -1;
    int status = look(ask, updates, err);
    updates_close(updates);
    return status;
}

int command_spectrum(int argc, char **argv)
{
    struct ask ask = {0};
    const struct option_row table[] = {
        {"base", OPTION_TEXT, &ask.base, "BASE",
         "what it was tuned from, or \"bundled\"", 0, 0},
        {"run", OPTION_TEXT, &ask.run, "NAME", "which run of the results", 0,
         0},
        {"site", OPTION_TEXT, &ask.site, "RE",
         "only sites that match, as attn.[qv]", 0, 0},
        {"split", OPTION_FLAG, &ask.split, NULL,
         "an adapter's c_attn as q, k and v", 0, 0},
        {"top", OPTION_INT, &ask.top, "K",
         "of large matrices the first K alone, by random projection", 1,
         1000000},
        {"json", OPTION_FLAG, &ask.json, NULL, "one JSON object", 0, 0},
        {"tsv", OPTION_FLAG, &ask.tsv, NULL, "one row a site, all measures", 0,
         0},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv,
                       "spectrum PATH [options]",
                       "Singular values of what was learned.  PATH is a "
                       "folder of results or one of its\nruns, an adapter "
                       "(PEFT, kohya, diffusers, loralib, MLX, cloneofsimo, "
                       "SAM), a Hugging\nFace model, or a file of tensors "
                       "(safetensors, torch).",
                       table, 1, 1))
        return status;
    if (ask.json && ask.tsv) {
        fprintf(stderr, "rankscope: use --json or --tsv, not both\n");
        return EXIT_USAGE;
    }
    ask.path = arguments.at[0];
    struct err err = {""};
    return spectrum(&ask, &err) == 0 ? EXIT_DONE : fail(&err);
}
