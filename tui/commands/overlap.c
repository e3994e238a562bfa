/*
 * rankscope overlap: what the updates of two stored things share, site by
 * site, beside chance; the second may be W0, or random directions instead.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
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
    struct stored *a, *b;
    enum operand_kind kind; /* of the second */
    struct moment facing;   /* b's sites in a's order, windows on b's */
};

static const struct specimen none;

static int find_site(const struct stored *in, const char *name)
{
    for (int i = 0; i < in->model->site_count; i++)
        if (strcmp(in->model->site[i].name, name) == 0)
            return i;
    return -1;
}

static int check_shape(const struct two *two, int site, int other,
                       struct err *err)
{
    const struct site *one = &two->a->model->site[site];
    const struct site *its = &two->b->model->site[other];
    if (one->out == its->out && one->in == its->in)
        return 0;
    return err_set(err,
                   "%s is (%d, %d) in the %s and (%d, %d) in the %s; only "
                   "updates of one shape can be compared",
                   one->name, one->out, one->in, two->a->what, its->out,
                   its->in, two->b->what);
}

/* b's sites where a has them; site keeps those that both adapt. */
static int face(struct two *two, int *site, int *count, struct err *err)
{
    const struct stored *a = two->a, *b = two->b;
    struct moment *facing = &two->facing;
    int kept = 0;
    if (!b)
        return 0;
    atomic_init(&facing->holders, 1);
    facing->run = 1;
    facing->step = b->moment->step;
    facing->site_count = a->moment->site_count;
    facing->site = xcalloc((size_t)facing->site_count, sizeof *facing->site);
    memcpy(facing->name, b->moment->name, sizeof facing->name);
    memcpy(facing->method, b->moment->method, sizeof facing->method);
    for (int i = 0; i < *count; i++) {
        int other = find_site(b, a->model->site[site[i]].name);
        const struct specimen *of = other < 0 ? &none : &b->moment->site[other];
        if (!of->adapted)
            continue;
        if (check_shape(two, site[i], other, err) < 0)
            return -1;
        facing->site[site[i]] = *of;
        site[kept++] = site[i];
    }
    if (!kept)
        return err_set(err,
                       "%s and %s have no site in common; %s is one of the "
                       "first's",
                       a->what, b->what, a->model->site[site[0]].name);
    *count = kept;
    return 0;
}

static bool same_base(const struct two *two, const int *site, int count)
{
    for (int i = 0; i < count; i++) {
        const char *name = two->a->model->site[site[i]].name;
        struct mat one = two->a->model->base.site[site[i]];
        struct mat its = two->b->model->base.site[find_site(two->b, name)];
        for (int row = 0; row < one.rows; row++)
            if (memcmp(mat_row(one, row), mat_row(its, row),
                       sizeof(float) * (size_t)one.cols) != 0)
                return false;
    }
    return true;
}

static void say_bases(const struct two *two, const int *site, int count)
{
    if (two->b && two->a->kind != STORED_WEIGHTS &&
        two->b->kind != STORED_WEIGHTS && !same_base(two, site, count))
        fprintf(stderr,
                "rankscope: the %s and the %s have different bases of the "
                "same shapes; compared all the same\n",
                two->a->what, two->b->what);
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
    const struct study *study =
        study_overlap(ground, &question, two->a->moment,
                      two->b ? &two->facing : NULL, NULL, 0);
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

/* Sites that cannot be answered are named on stderr; none at all is an
 * error. */
static int study_all(const struct ask *ask, const struct two *two,
                     const int *site, int count, struct err *err)
{
    struct ground ground = ground_new(two->a->model);
    size_t room = 2 * (size_t)count;
    const struct study **study = xcalloc(room, sizeof *study);
    const char **name = xcalloc(room, sizeof *name);
    int done = 0, refused = 0;
    for (int i = 0; i < count; i++)
        for (int s = SIDE_INPUT; s <= SIDE_OUTPUT; s++) {
            if (ask->side && strcmp(ask->side, side_name((enum side)s)) != 0)
                continue;
            study[done] =
                study_one(ask, two, &ground, site[i], (enum side)s, err);
            name[done] = two->a->model->site[site[i]].name;
            if (study[done])
                done++;
            else if (refused++ == 0 && done)
                fprintf(stderr, "rankscope: left out: %s\n", err->text);
        }
    if (done)
        print(ask, &(struct overlap_report){study, name, done});
    for (int i = 0; i < done; i++)
        study_release(study[i]);
    mem_free(study);
    mem_free(name);
    ground_free(&ground);
    return done ? 0 : -1;
}

static int compare(const struct ask *ask, struct two *two, struct err *err)
{
    int count;
    if (!ask->split && stored_is_file(two->a) &&
        (!two->b || stored_is_file(two->b))) {
        stored_fuse(two->a);
        if (two->b)
            stored_fuse(two->b);
    }
    int *site = site_pick(&count, two->a, ask->site, err);
    if (!site)
        return -1;
    int status = face(two, site, &count, err);
    if (status == 0) {
        say_bases(two, site, count);
        status = study_all(ask, two, site, count, err);
    }
    mem_free(two->facing.site);
    mem_free(site);
    return status;
}

static int overlap(const struct ask *ask, struct err *err)
{
    char assets[ROOT_PATH];
    struct two two = {.kind = OPERAND_RUN};
    if (strcmp(ask->path[1], "random") == 0)
        two.kind = OPERAND_RANDOM;
    else if (strcmp(ask->path[1], "base") == 0)
        two.kind = OPERAND_BASE;
    if (root_assets(assets, err) != 0)
        return -1;
    two.a = stored_open(ask->path[0], ask->run[0], ask->base, assets, err);
    if (two.a && two.kind == OPERAND_RUN)
        two.b = stored_open(ask->path[1], ask->run[1], ask->base, assets, err);
    int status = -1;
    if (two.a && (two.b || two.kind != OPERAND_RUN))
        status = compare(ask, &two, err);
    stored_close(two.a);
    stored_close(two.b);
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
