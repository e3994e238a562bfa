/*
 * rankscope spectrum: singular values and rank measures of every update in a
 * stored run, an adapter, or a model beside its base.
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

static int take_row(struct spectrum_row *to, const struct stored *stored,
                    int site, int top, struct err *err)
{
    const struct specimen *of = &stored->moment->site[site];
    int out = stored->model->site[site].out, in = stored->model->site[site].in;
    struct spectrum *spectrum = &to->spectrum;
    *to = (struct spectrum_row){.site = &stored->model->site[site],
                                .origin = &stored->origin[site],
                                .rank = of->rank,
                                .scale = of->update.scale,
                                .is_zero = update_is_zero(&of->update)};
    if (stored->kind == STORED_DELTA)
        to->floor = rounding_floor(stored->model->base.site[site],
                                   stored->storage, stored->rounded);
    if (to->is_zero)
        return 0;
    if (top > 0 && top < (out < in ? out : in) &&
        !update_has_factors(&of->update))
        return take_top(to, of->update.dw, top, err);
    if (update_spectrum(spectrum, &of->update, VALUES_ONLY, err) < 0)
        return err_prefix(err, "%s: %s", stored->what, to->site->name);
    for (int i = 0; i < metric_count; i++)
        to->metric[i] = metric_value(i, spectrum->sigma, spectrum->count,
                                     spectrum->out, spectrum->in);
    return 0;
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
static int look(const struct ask *ask, const struct stored *stored,
                struct err *err)
{
    int count, known = 0, status = 0;
    int *site = site_pick(&count, stored, ask->site, err);
    if (!site)
        return -1;
    struct spectrum_row *row = xcalloc((size_t)count, sizeof *row);
    while (status == 0 && known < count) {
        status = take_row(&row[known], stored, site[known], ask->top, err);
        known++;
    }
    if (status == 0)
        print(ask, &(struct spectrum_report){ask->path, stored, row, count});
    for (int i = 0; i < known; i++)
        spectrum_free(&row[i].spectrum);
    mem_free(row);
    mem_free(site);
    return status;
}

static int spectrum(const struct ask *ask, struct err *err)
{
    char assets[ROOT_PATH];
    if (root_assets(assets, err) != 0)
        return -1;
    struct stored *stored =
        stored_open(ask->path, ask->run, ask->base, assets, err);
    if (!stored)
        return -1;
    if (!ask->split)
        stored_fuse(stored);
    int status = look(ask, stored, err);
    stored_close(stored);
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
                       "folder of results or one of its\nruns, a PEFT "
                       "adapter, or a Hugging Face model.",
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
