/*
 * One run of the session: made from its spec, with its series and files.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/io/file.h"
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

static struct run *make_run(struct session *session,
                            const struct run_spec *spec, struct err *err)
{
    const struct model *model = session->model;
    int *ranks = xcalloc((size_t)model->site_count, sizeof *ranks);
    bool has_rank = method_uses(spec->method, USES_RANKS);
    struct run *run = NULL;
    if (!has_rank || spread_ranks(ranks, model, spec, err) == 0) {
        struct run_conf conf = {
            .method = recipe_method(spec),
            .optimizer = spec->optimizer,
            .seed = spec->seed,
            .steps = session->steps,
            .slices = session->recipe.slices,
        };
        conf.method.ranks = has_rank ? ranks : NULL;
        run = run_new(model, &conf, err);
    }
    if (run && check_memory(session, run, err) < 0) {
        run_free(run);
        run = NULL;
    }
    mem_free(ranks);
    return run;
}

struct lane *lane_new(struct session *session, const struct run_spec *spec,
                      struct err *err)
{
    if (lane_find(session, -1, spec->name)) {
        err_set(err, "the name %s is taken; choose another", spec->name);
        return NULL;
    }
    if (lanes_live(session) == SNAPSHOT_RUNS) {
        err_set(err, "%d runs are the most; remove one first",
                (int)SNAPSHOT_RUNS);
        return NULL;
    }
    struct run *run = make_run(session, spec, err);
    if (!run)
        return NULL;
    struct lane *lane = xcalloc(1, sizeof *lane);
    lane->id = session->lane_count;
    lane->spec = *spec;
    lane->run = run;
    lane->written = lane->measured = lane->stored = -1;
    lane->tokens_per_second = NAN;
    lane->last = reading_unknown(lane);
    lane->train = series_new();
    lane->validation = series_new();
    lane->metric = series_new();
    lane->forget = series_new();
    lane->grad_norm = series_new();
    size_t count = (size_t)session->lane_count;
    session->lane =
        xgrow(session->lane, count, count + 1, sizeof *session->lane);
    session->lane[session->lane_count++] = lane;
    return lane;
}

void lane_free(struct lane *lane)
{
    while (lane->undo_count > 0)
        undo_drop(lane, 0);
    history_free(&lane->history);
    rows_close(&lane->metrics);
    rows_close(&lane->spectra);
    rows_close(&lane->timing);
    series_release(lane->train);
    series_release(lane->validation);
    series_release(lane->metric);
    series_release(lane->forget);
    series_release(lane->grad_norm);
    run_free(lane->run);
    mem_free(lane);
}

static void open_rows(struct session *session, struct lane *lane,
                      struct rows *rows, const char *name, const char *header,
                      long keep)
{
    char path[PATH_ROOM];
    struct err err = {{0}};
    if (rows_open(rows, file_join(path, sizeof path, lane->folder, name),
                  header, keep, &err) < 0)
        store_trouble(session, &err);
}

/* Clocks and machine facts stand in timing.tsv and nowhere else. */
static void open_timing(struct session *session, struct lane *lane)
{
    char header[256];
    snprintf(header, sizeof header,
             "# threads %d, %.160s\nstep\tseconds\ttokens_per_second\n",
             team_threads(session->team), linalg_describe());
    open_rows(session, lane, &lane->timing, "timing.tsv", header, -1);
}

void lane_name_folder(const struct session *session, struct lane *lane)
{
    char inside[64];
    snprintf(inside, sizeof inside, "runs/%s", lane->spec.name);
    file_join(lane->folder, sizeof lane->folder, session->out, inside);
}

void lane_open_files(struct session *session, struct lane *lane,
                     const long *keep)
{
    struct err err = {{0}};
    if (!session->out[0])
        return;
    lane_name_folder(session, lane);
    if (file_make_folder(lane->folder, &err) < 0)
        store_trouble(session, &err);
    open_rows(session, lane, &lane->metrics, "metrics.tsv",
              "branch\tstep\ttrain_loss\tlr\tgrad_norm\tvalidation_loss\t"
              "metric\tforget_loss\n",
              keep ? keep[0] : -1);
    open_rows(session, lane, &lane->spectra, "spectra.tsv",
              "branch\tstep\tsite\trank\tscale\tstable_rank\t"
              "participation_ratio\tentropy_rank\tsigma\n",
              keep ? keep[1] : -1);
    open_timing(session, lane);
}

struct lane *lane_find(struct session *session, int id, const char *name)
{
    for (int i = 0; i < session->lane_count; i++) {
        struct lane *lane = session->lane[i];
        if (name ? strcmp(lane->spec.name, name) == 0 : lane->id == id)
            return lane;
    }
    return NULL;
}

int lanes_live(const struct session *session)
{
    int live = 0;
    for (int i = 0; i < session->lane_count; i++)
        live += !session->lane[i]->removed;
    return live;
}

bool lane_trains(const struct session *session, const struct lane *lane)
{
    return !lane->removed && !lane->diverged && lane->step < session->steps;
}

struct reading reading_unknown(const struct lane *lane)
{
    return (struct reading){lane->branch, lane->step, NAN, NAN,
                            NAN,          NAN,        NAN, NAN};
}

static void take_one(struct series *series, double *last,
                     const struct reading *reading, double value)
{
    if (isnan(value))
        return;
    *last = value;
    series_add(series, reading->step, value, reading->branch);
}

/* The screen's train loss is an exponential mean over about 20 steps,
 * corrected for its start as Adam's moments are. */
static void smooth(struct lane *lane, double loss)
{
    const double keep = 0.95;
    lane->smooth = keep * lane->smooth + (1 - keep) * loss;
    lane->smooth_weight = keep * lane->smooth_weight + (1 - keep);
}

void lane_take(struct lane *lane, const struct reading *reading)
{
    struct reading *last = &lane->last;
    last->step = reading->step;
    last->branch = reading->branch;
    if (!isnan(reading->lr))
        last->lr = reading->lr;
    take_one(lane->train, &last->train_loss, reading, reading->train_loss);
    take_one(lane->grad_norm, &last->grad_norm, reading, reading->grad_norm);
    take_one(lane->validation, &last->validation_loss, reading,
             reading->validation_loss);
    take_one(lane->metric, &last->metric, reading, reading->metric);
    take_one(lane->forget, &last->forget_loss, reading, reading->forget_loss);
    if (!isnan(reading->validation_loss))
        lane->measured = lane->version;
    if (!isnan(reading->train_loss))
        smooth(lane, reading->train_loss);
}

void lane_touch(struct lane *lane)
{
    if (lane->measured == lane->version)
        lane->measured++;
    lane->version++;
}

void lane_diverge(struct session *session, struct lane *lane, const char *why)
{
    lane->diverged = true;
    snprintf(lane->trouble, sizeof lane->trouble, "diverged at step %ld: %s",
             lane->step, why);
    event_add(session, lane->id, EVENT_TROUBLE,
              "%s diverged at step %ld: %s; undo, or a smaller lr",
              lane->spec.name, lane->step, why);
}
