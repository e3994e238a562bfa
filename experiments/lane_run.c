/*
 * The machine of one run, from its spec: ranks site by site, memory, and the
 * update it begins with, if an adapter gives one.
 *
 * An adapter may have other ranks than the run: it is taken in at its own, and
 * then the dial turns every site to the run's, so that growing changes nothing
 * and shrinking keeps the largest singular directions
 * (core/method/lora_rank.c). s stays the run's own, alpha / r; B makes up for
 * the difference.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/io/adapter.h"
#include "experiments/recipe_field.h"
#include "experiments/session_private.h"

static int find_site(const struct model *model, const char *name,
                     const char *run, struct err *err)
{
    int site = model_site_find(model, name);
    if (site >= 0)
        return site;
    const char **names = xcalloc((size_t)model->site_count, sizeof *names);
    for (int i = 0; i < model->site_count; i++)
        names[i] = model->site[i].name;
    const char *near = nearest(name, names, model->site_count);
    err_set(err, "run %s: no site is called %.40s%s%s%s", run, name,
            near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    mem_free(names);
    return -1;
}

/* The rank of every site as the spec wants it: (site_count), 0 elsewhere. */
static int spread_ranks(int *ranks, const struct model *model,
                        const struct run_spec *spec, struct err *err)
{
    for (int i = 0; i < model->site_count; i++)
        ranks[i] = spec->targets[model->site[i].kind] ? spec->rank : 0;
    for (int i = 0; i < spec->rank_count; i++) {
        int site = find_site(model, spec->ranks[i].site, spec->name, err);
        if (site < 0)
            return -1;
        if (ranks[site] == 0)
            return err_set(err,
                           "run %s: ranks names %s, but %s is no target; add "
                           "it to targets",
                           spec->name, spec->ranks[i].site,
                           site_kind_name(model->site[site].kind));
        ranks[site] = spec->ranks[i].rank;
    }
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        int most = site->out < site->in ? site->out : site->in;
        if (ranks[i] > most)
            return err_set(err,
                           "run %s: rank %d is too large for %s (%d, %d); use "
                           "1..%d",
                           spec->name, ranks[i], site->name, site->out,
                           site->in, most);
    }
    return 0;
}

/* What is inserted makes slices longer than assemble() could know. */
static int check_memory(const struct session *session, const struct run *run,
                        struct err *err)
{
    int slices = session->recipe.slices;
    int most = (session->recipe.batch - 1) / slices + 1;
    size_t need = run_pass_bytes(run, most, session_context(session));
    if (need <= mem_machine())
        return 0;
    return err_set(err,
                   "a slice of %d sequences with what %s inserts may need "
                   "%.0f GiB, more than this machine has; raise slices, or "
                   "lower batch, prefix or rank",
                   most, run_method(run)->ops->name, (double)need / (1 << 30));
}

/* What a run begins with: an adapter, and what became of it. */
struct beginning {
    struct adapter *adapter; /* NULL: nothing, W0 */
    int sites, low, high;    /* how many it has, and their ranks */
    int turned;              /* of them came to another rank */
    double dropped;          /* ||.||_F of what smaller ranks leave away */
};

/* Ranks (site_count) become the adapter's, where it has any. */
static int take_ranks(struct beginning *from, int *ranks,
                      const struct model *model, const struct run_spec *spec,
                      struct err *err)
{
    from->low = 1 << 30;
    for (int i = 0; i < model->site_count; i++) {
        struct mat bt, a;
        double scale;
        if (adapter_factors(from->adapter, i, &bt, &a, &scale) != 0)
            continue;
        int rank = bt.rows;
        mat_free(&bt);
        mat_free(&a);
        if (ranks[i] == 0)
            return err_set(err,
                           "run %s: the adapter updates %s, which the run "
                           "leaves alone; add %s to targets",
                           spec->name, model->site[i].name,
                           site_kind_name(model->site[i].kind));
        from->low = rank < from->low ? rank : from->low;
        from->high = rank > from->high ? rank : from->high;
        from->sites++;
        ranks[i] = rank;
    }
    return 0;
}

static int open_beginning(struct beginning *from, int *ranks,
                          const struct model *model,
                          const struct run_spec *spec, struct err *err)
{
    if (!spec->adapter[0])
        return 0;
    from->adapter = adapter_open(model, spec->adapter, err);
    if (!from->adapter)
        return err_prefix(err, "run %s", spec->name);
    if (adapter_has_magnitudes(from->adapter))
        return err_set(err,
                       "run %s: %.300s is DoRA's, with lengths for the rows of "
                       "W; a run begins with an update s B A",
                       spec->name, spec->adapter);
    return take_ranks(from, ranks, model, spec, err);
}

/* One site from the adapter's rank to the run's. */
static int turn_site(struct beginning *from, struct run *run, int site,
                     int rank, struct err *err)
{
    const struct method *method = run_method(run);
    struct site_state is;
    struct rank_change change;
    int count;
    method->ops->state_of(method, site, &is);
    if (is.rank == rank)
        return 0;
    if (run_set_rank(run, site, rank,
                     is.rule == SCALE_ALPHA_SQRT_R ? RANK_ALPHA_SQRT_R
                                                   : RANK_ALPHA_R,
                     &change, &count, err) != 0)
        return -1;
    from->dropped = hypot(from->dropped, change.dropped);
    from->turned++;
    rank_change_free(&change);
    return 0;
}

/* ranks (site_count): those the run shall have. */
static int begin(struct beginning *from, struct run *run, const int *ranks,
                 struct err *err)
{
    int sites = run_method(run)->model->site_count, status = 0;
    for (int i = 0; i < sites && status == 0; i++) {
        struct mat bt, a;
        double scale;
        if (adapter_factors(from->adapter, i, &bt, &a, &scale) != 0)
            continue;
        run_set_factors(run, i, bt, a, scale);
        mat_free(&bt);
        mat_free(&a);
        status = turn_site(from, run, i, ranks[i], err);
    }
    return status;
}

static void tell(char *to, size_t size, const struct beginning *from,
                 const struct run_spec *spec)
{
    char ranks[32], dropped[48] = "";
    (void)snprintf(ranks, sizeof ranks,
                   from->low == from->high ? "%d" : "%d..%d", from->low,
                   from->high);
    if (from->dropped > 0)
        (void)snprintf(dropped, sizeof dropped, ", ||dropped||_F %.3g",
                       from->dropped);
    (void)snprintf(to, size,
                   "%s begins with an adapter: %d %s of rank %s, %d "
                   "turned%s",
                   spec->name, from->sites, from->sites == 1 ? "site" : "sites",
                   ranks, from->turned, dropped);
}

static struct run *new_run(struct session *session, const struct run_spec *spec,
                           const int *ranks, struct err *err)
{
    struct run_conf conf = {
        .method = recipe_method(spec),
        .optimizer = spec->optimizer,
        .seed = spec->seed,
        .steps = session->steps,
        .slices = session->recipe.slices,
    };
    conf.method.ranks = ranks;
    struct run *run = run_new(session->model, &conf, err);
    if (!run || check_memory(session, run, err) == 0)
        return run;
    run_free(run);
    return NULL;
}

struct run *lane_run_new(struct session *session, const struct run_spec *spec,
                         bool state_follows, char *begun, size_t size,
                         struct err *err)
{
    const struct model *model = session->model;
    size_t sites = (size_t)model->site_count;
    int *ranks = xcalloc(sites, sizeof *ranks), *first = NULL;
    struct beginning from = {0};
    struct run *run = NULL;
    begun[0] = '\0';
    if (!method_uses(spec->method, USES_RANKS)) {
        run = new_run(session, spec, NULL, err);
        goto out;
    }
    if (spread_ranks(ranks, model, spec, err) != 0)
        goto out;
    first = xcalloc(sites, sizeof *first);
    memcpy(first, ranks, sites * sizeof *first);
    if (state_follows || open_beginning(&from, first, model, spec, err) == 0)
        run = new_run(session, spec, first, err);
    if (run && from.adapter && begin(&from, run, ranks, err) != 0) {
        run_free(run);
        run = NULL;
    }
    if (run && from.adapter)
        tell(begun, size, &from, spec);
out:
    adapter_close(from.adapter);
    mem_free(first);
    mem_free(ranks);
    return run;
}
