/*
 * rankscope overlap: what the updates of two stored things share, site by
 * site, beside chance; the second may be W0, or random directions instead.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/moment_make.h"
#include "tui/commands/commands.h"
#include "tui/commands/options.h"
#include "tui/commands/overlap_print.h"
#include "tui/commands/root.h"
#include "tui/commands/site_pick.h"
#include "tui/commands/subcommand.h"

struct ask {
    const char *path[2], *run[2], *base, *site, *side;
    bool factor, split, json, tsv;
};

/* Both operands; b is NULL where the second is no file. */
struct two {
    struct updates *a, *b;
    enum operand_kind kind;   /* of the second */
    struct model model;       /* a's sites by name and shape */
    struct moment *moment[2]; /* of those sites; one of them at a time */
};

static int check_shape(const struct two *two, int site, int other,
                       struct err *err)
{
    const struct update_site *one = &two->a->site[site];
    const struct update_site *its = &two->b->site[other];
    if (one->out == its->out && one->in == its->in)
        return 0;
    return err_set(err,
                   "%s is (%d, %d) in the %s and (%d, %d) in the %s; only "
                   "updates of one shape can be compared",
                   one->name, one->out, one->in, two->a->what, its->out,
                   its->in, two->b->what);
}

/* site keeps those that b has too. */
static int face(const struct two *two, int *site, int *count, struct err *err)
{
    int kept = 0, first = site[0];
    for (int i = 0; two->b && i < *count; i++) {
        int other = updates_find(two->b, two->a->site[site[i]].name);
        if (other < 0)
            continue;
        if (check_shape(two, site[i], other, err) < 0)
            return -1;
        site[kept++] = site[i];
    }
    if (two->b && !kept)
        return err_set(err,
                       "%s and %s have no site in common; %s is one of the "
                       "first's",
                       two->a->what, two->b->what, two->a->site[first].name);
    if (two->b)
        *count = kept;
    return 0;
}

/* The sites of a in the words of studies, which know of models and moments. */
static void make_ground(struct two *two)
{
    const struct updates *of[2] = {two->a, two->b};
    int count = two->a->count;
    two->model = (struct model){.site_count = count};
    two->model.site = xcalloc((size_t)count, sizeof *two->model.site);
    two->model.base.site = xcalloc((size_t)count, sizeof(struct mat));
    for (int i = 0; i < count; i++) {
        struct site *site = &two->model.site[i];
        site->out = two->a->site[i].out;
        site->in = two->a->site[i].in;
        (void)snprintf(site->name, sizeof site->name, "%s",
                       two->a->site[i].name);
    }
    for (int k = 0; k < 2 && of[k]; k++) {
        two->moment[k] = moment_new(of[k]->name, "", of[k]->step, count);
        two->moment[k]->run = k;
    }
}

static void free_ground(struct two *two)
{
    mem_free(two->model.site);
    mem_free(two->model.base.site);
    moment_release(two->moment[0]);
    moment_release(two->moment[1]);
}

static bool same_base(struct mat one, struct mat other)
{
    for (int row = 0; row < one.rows; row++)
        if (memcmp(mat_row(one, row), mat_row(other, row),
                   sizeof(float) * (size_t)one.cols) != 0)
            return false;
    return true;
}

/* Once: what the files say of their bases, or the bases themselves. */
static void say_bases(const struct two *two, const struct held held[2],
                      bool *said)
{
    const struct updates *a = two->a, *b = two->b;
    bool differ = a->base[0] && b->base[0] && strcmp(a->base, b->base) != 0;
    if (a->kind != STORED_WEIGHTS && b->kind != STORED_WEIGHTS &&
        held[0].w0.at && held[1].w0.at)
        differ = !same_base(held[0].w0, held[1].w0);
    if (differ && !*said)
        fprintf(stderr,
                "rankscope: the %s and the %s have different bases of the "
                "same shapes; compared all the same\n",
                a->what, b->what);
    *said |= differ;
}

/* One site and side; a refusal is said, and no report has it. */
static const struct study *study_one(const struct ask *ask,
                                     const struct two *two,
                                     struct ground *ground, int site,
                                     enum side side, struct err *err)
{
    struct question question = {.kind = STUDY_OVERLAP,
                                .is_asked = true,
                                .site = site,
                                .a = {OPERAND_RUN, 0, -1},
                                .b = {two->kind, 1, -1},
                                .side = side,
                                .of = ask->factor ? OVERLAP_OF_FACTOR
                                                  : OVERLAP_OF_DELTA};
    const struct study *study = study_overlap(ground, &question, two->moment[0],
                                              two->moment[1], NULL, 0);
    if (!study->refusal[0])
        return study;
    err_set(err, "%s", study->refusal);
    study_release(study);
    return NULL;
}

static void print(const struct ask *ask, const struct overlap_report *report)
{
    if (ask->json)
        overlap_print_json(report);
    else if (ask->tsv)
        overlap_print_tsv(report);
    else
        overlap_print_table(report);
}

/* What has been answered so far. */
struct answers {
    const struct study **study;
    const char **name;
    int done, refused;
    bool said; /* that the bases differ */
};

/* Windows on what is held, for one site of both moments. */
static void show_site(struct two *two, int site, const struct held held[2])
{
    for (int k = 0; k < 2 && two->moment[k]; k++)
        two->moment[k]->site[site] =
            (struct specimen){.adapted = held[k].update.out > 0,
                              .rank = held[k].update.a.rows,
                              .update = held[k].update};
    two->model.base.site[site] = held[0].w0;
}

/* Sites that cannot be answered are named on stderr. */
static void study_site(struct answers *to, const struct ask *ask,
                       const struct two *two, struct ground *ground, int site,
                       struct err *err)
{
    for (int s = SIDE_INPUT; s <= SIDE_OUTPUT; s++) {
        if (ask->side && strcmp(ask->side, side_name((enum side)s)) != 0)
            continue;
        const struct study *study =
            study_one(ask, two, ground, site, (enum side)s, err);
        if (study) {
            to->study[to->done] = study;
            to->name[to->done++] = two->a->site[site].name;
        } else if (to->refused++ == 0 && to->done) {
            fprintf(stderr, "rankscope: left out: %s\n", err->text);
        }
    }
}

static int take_site(struct answers *to, const struct ask *ask, struct two *two,
                     struct ground *ground, int site, struct err *err)
{
    struct held held[2] = {{.floor = 0}};
    int other = two->b ? updates_find(two->b, two->a->site[site].name) : -1;
    int status = updates_take(&held[0], two->a, site, err);
    if (status == 0 && two->b)
        status = updates_take(&held[1], two->b, other, err);
    if (status == 0 && two->b)
        say_bases(two, held, &to->said);
    if (status == 0 && two->kind == OPERAND_BASE && !held[0].w0.at)
        status = err_set(err,
                         "%s: W0 of %s is not at hand; say with --base where "
                         "it is",
                         two->a->what, two->a->site[site].name);
    if (status == 0) {
        show_site(two, site, held);
        study_site(to, ask, two, ground, site, err);
        show_site(two, site, (struct held[2]){{.floor = 0}});
        spectrum_free(&ground->base[site]);
    }
    updates_put(&held[0]);
    updates_put(&held[1]);
    return status;
}

/* None answered at all is an error. */
static int study_all(const struct ask *ask, struct two *two, const int *site,
                     int count, struct err *err)
{
    struct ground ground = ground_new(&two->model);
    size_t room = 2 * (size_t)count;
    struct answers to = {.study = xcalloc(room, sizeof *to.study),
                         .name = xcalloc(room, sizeof *to.name)};
    int status = 0;
    for (int i = 0; i < count && status == 0; i++)
        status = take_site(&to, ask, two, &ground, site[i], err);
    if (status == 0 && to.done)
        print(ask, &(struct overlap_report){to.study, to.name, to.done});
    for (int i = 0; i < to.done; i++)
        study_release(to.study[i]);
    mem_free(to.study);
    mem_free(to.name);
    ground_free(&ground);
    return status == 0 && to.done ? 0 : -1;
}

static int compare(const struct ask *ask, struct two *two, struct err *err)
{
    int count;
    int *site = site_pick(&count, two->a, ask->site, err);
    if (!site)
        return -1;
    int status = face(two, site, &count, err);
    if (status == 0) {
        make_ground(two);
        status = study_all(ask, two, site, count, err);
        free_ground(two);
    }
    mem_free(site);
    return status;
}

static struct updates *open_one(const struct ask *ask, int which,
                                const char *assets, bool split, bool base,
                                struct err *err)
{
    const struct updates_ask what = {.path = ask->path[which],
                                     .run = ask->run[which],
                                     .base = ask->base,
                                     .assets = assets,
                                     .split = split,
                                     .needs_base = base};
    return updates_open(&what, err);
}

static bool has_common_site(const struct two *two)
{
    for (int i = 0; i < two->a->count; i++)
        if (updates_find(two->b, two->a->site[i].name) >= 0)
            return true;
    return false;
}

/* An adapter's c_attn beside a run's q, k and v: divided, when its base is at
 * hand; else as they were. */
static void try_split(struct two *two, const struct ask *ask,
                      const char *assets)
{
    struct two split = *two;
    split.a = open_one(ask, 0, assets, true, false, NULL);
    split.b = split.a ? open_one(ask, 1, assets, true, false, NULL) : NULL;
    bool better = split.b && has_common_site(&split);
    struct two *worse = better ? two : &split;
    updates_close(worse->a);
    updates_close(worse->b);
    if (better)
        *two = split;
}

static int overlap(const struct ask *ask, struct err *err)
{
    char assets[ROOT_PATH] = "";
    struct two two = {.kind = OPERAND_RUN};
    bool split = ask->split;
    if (strcmp(ask->path[1], "random") == 0)
        two.kind = OPERAND_RANDOM;
    else if (strcmp(ask->path[1], "base") == 0)
        two.kind = OPERAND_BASE;
    (void)root_assets(assets, NULL); /* without: no run has its base */
    bool base = two.kind == OPERAND_BASE;
    two.a = open_one(ask, 0, assets, split, base, err);
    if (two.a && two.kind == OPERAND_RUN)
        two.b = open_one(ask, 1, assets, split, base, err);
    if (two.a && two.b && !split && !has_common_site(&two))
        try_split(&two, ask, assets);
    int status = -1;
    if (two.a && (two.b || two.kind != OPERAND_RUN))
        status = compare(ask, &two, err);
    updates_close(two.a);
    updates_close(two.b);
    return status;
}

/* What the words alone say is wrong. */
static bool check_words(const struct ask *ask)
{
    if (ask->json && ask->tsv)
        fprintf(stderr, "rankscope: use --json or --tsv, not both\n");
    else if (ask->side && strcmp(ask->side, "input") != 0 &&
             strcmp(ask->side, "output") != 0)
        fprintf(stderr,
                "rankscope: --side %.60s is not known; use input or output\n",
                ask->side);
    else
        return true;
    return false;
}

int command_overlap(int argc, char **argv)
{
    struct ask ask = {0};
    const struct option_row table[] = {
        {"base", OPTION_TEXT, &ask.base, "BASE",
         "what both were tuned from, or \"bundled\"", 0, 0},
        {"run", OPTION_TEXT, &ask.run[0], "NAME", "which run of the first PATH",
         0, 0},
        {"other", OPTION_TEXT, &ask.run[1], "NAME",
         "which run of the second PATH", 0, 0},
        {"site", OPTION_TEXT, &ask.site, "RE",
         "only sites that match, as attn.[qv]", 0, 0},
        {"side", OPTION_TEXT, &ask.side, "SIDE", "input or output (both)", 0,
         0},
        {"factor", OPTION_FLAG, &ask.factor, NULL,
         "of A (input) and B (output), not of their product", 0, 0},
        {"split", OPTION_FLAG, &ask.split, NULL,
         "an adapter's c_attn as q, k and v", 0, 0},
        {"json", OPTION_FLAG, &ask.json, NULL, "one JSON object", 0, 0},
        {"tsv", OPTION_FLAG, &ask.tsv, NULL, "one row a site and side", 0, 0},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv,
                       "overlap PATH PATH [options]",
                       "What two updates share, beside chance, in at most 64 "
                       "directions a site.  PATH is\nas for spectrum; the "
                       "second may be \"random\", or \"base\" for W0.",
                       table, 2, 2))
        return status;
    ask.path[0] = arguments.at[0];
    ask.path[1] = arguments.at[1];
    if (!check_words(&ask))
        return EXIT_USAGE;
    struct err err = {""};
    return overlap(&ask, &err) == 0 ? EXIT_DONE : fail(&err);
}
