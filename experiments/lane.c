/*
 * One run of the session: made from its spec, with its series and files.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/session_private.h"

struct lane *lane_new(struct session *session, const struct run_spec *spec,
                      bool state_follows, struct err *err)
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
    char begun[SNAPSHOT_EVENT_TEXT];
    struct run *run =
        lane_run_new(session, spec, state_follows, begun, sizeof begun, err);
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
    if (begun[0])
        event_add(session, lane->id, EVENT_PASSING, "%s", begun);
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
