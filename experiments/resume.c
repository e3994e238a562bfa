/*
 * Going on from the last checkpoint: what was written after it is cut from
 * the files, and the commands after it are replayed from the journal, so the
 * session continues with the same bits as if nothing had happened.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "experiments/metrics_read.h"
#include "experiments/session_private.h"

enum { STATE_BYTES = 2000000000, RECIPE_BYTES = 1 << 20 };

static double get_real(const struct json *from, const char *key)
{
    return json_number(json_get(from, key), NAN);
}

static long get_whole(const struct json *from, const char *key)
{
    return (long)json_int(json_get(from, key), 0);
}

static struct reading get_reading(const struct json *from)
{
    return (struct reading){.branch = (int)get_whole(from, "branch"),
                            .step = get_whole(from, "step"),
                            .train_loss = get_real(from, "train_loss"),
                            .lr = get_real(from, "lr"),
                            .grad_norm = get_real(from, "grad_norm"),
                            .validation_loss =
                                get_real(from, "validation_loss"),
                            .metric = get_real(from, "metric"),
                            .forget_loss = get_real(from, "forget_loss")};
}

static enum rank_policy get_policy(const struct json *from)
{
    const char *name = json_text(json_get(from, "policy"), "");
    for (int i = RANK_KEEP_SCALE; i <= RANK_ALPHA_SQRT_R; i++)
        if (strcmp(rank_policy_name((enum rank_policy)i), name) == 0)
            return (enum rank_policy)i;
    return RANK_KEEP_SCALE;
}

static int read_undo(struct lane *lane, const struct json *from,
                     struct err *err)
{
    char name[64], path[PATH_ROOM];
    if (lane->undo_count == UNDO_DEPTH)
        return err_set(err, "more than %d undo states", (int)UNDO_DEPTH);
    struct undo *undo = &lane->undo[lane->undo_count];
    *undo = (struct undo){.serial = get_whole(from, "serial"),
                          .policy = get_policy(from),
                          .smooth = get_real(from, "smooth"),
                          .smooth_weight = get_real(from, "smooth_weight"),
                          .at = get_reading(json_get(from, "at")),
                          .stored = true};
    snprintf(name, sizeof name, "undo-%ld.safetensors", undo->serial);
    file_join(path, sizeof path, lane->folder, name);
    if (file_read(&undo->bytes, &undo->size, path, STATE_BYTES, err) < 0)
        return -1;
    lane->undo_count++;
    return 0;
}

static int read_state(struct lane *lane, struct err *err)
{
    char name[64], path[PATH_ROOM];
    snprintf(name, sizeof name, "checkpoint-%ld.safetensors", lane->version);
    file_join(path, sizeof path, lane->folder, name);
    struct safetensors *from = safetensors_open(path, err);
    if (!from)
        return -1;
    int result = run_load(lane->run, from, err);
    safetensors_close(from);
    if (result < 0)
        return err_prefix(err, "%.200s", path);
    if (run_step(lane->run) != lane->step)
        return err_set(err, "%.200s is of step %ld, not %ld", path,
                       run_step(lane->run), lane->step);
    lane->stored = lane->version;
    return 0;
}

static void read_numbers(struct lane *lane, const struct json *from)
{
    lane->branch = (int)get_whole(from, "branch");
    lane->step = get_whole(from, "step");
    lane->version = get_whole(from, "version");
    lane->begun = json_bool(json_get(from, "begun"), false);
    lane->policy = get_policy(from);
    snprintf(lane->trouble, sizeof lane->trouble, "%s",
             json_text(json_get(from, "trouble"), ""));
    lane->diverged = lane->trouble[0] != '\0';
}

/* The curves as they were, from the rows that stay. */
static int read_curves(struct lane *lane, const struct json *from,
                       struct err *err)
{
    char path[PATH_ROOM];
    file_join(path, sizeof path, lane->folder, "metrics.tsv");
    struct metrics metrics;
    if (metrics_read(&metrics, path, err) < 0)
        return -1;
    for (long i = 0; i < metrics.count; i++)
        lane_take(lane, &metrics.row[i]);
    metrics_free(&metrics);
    lane->last = get_reading(json_get(from, "last"));
    lane->smooth = get_real(from, "smooth");
    lane->smooth_weight = get_real(from, "smooth_weight");
    lane->measured =
        json_bool(json_get(from, "measured"), false) ? lane->version : -1;
    return 0;
}

static int check_length(const char *path, long least, struct err *err)
{
    struct stat about;
    if (stat(path, &about) == 0 && about.st_size >= least)
        return 0;
    return err_set(err,
                   "%.300s: shorter than its checkpoint says; it was changed, "
                   "start anew with --force",
                   path);
}

/* What would be cut must be there, and the rows must be rows. */
static int check_files(const struct lane *lane, const struct json *from,
                       struct err *err)
{
    char path[PATH_ROOM];
    struct metrics metrics;
    file_join(path, sizeof path, lane->folder, "spectra.tsv");
    if (check_length(path, get_whole(from, "spectra_bytes"), err) < 0)
        return -1;
    file_join(path, sizeof path, lane->folder, "metrics.tsv");
    if (check_length(path, get_whole(from, "metrics_bytes"), err) < 0 ||
        metrics_read(&metrics, path, err) < 0)
        return -1;
    metrics_free(&metrics);
    return 0;
}

/* Everything of a run that is only read. */
static int read_lane(struct session *session, const struct json *from,
                     struct err *err)
{
    struct run_spec spec;
    const char *text = json_text(json_get(from, "spec"), "");
    if (recipe_parse_run(&spec, text, "spec", &session->recipe, err) < 0)
        return -1;
    struct lane *lane = lane_new(session, &spec, true, err);
    if (!lane)
        return -1;
    lane_name_folder(session, lane);
    read_numbers(lane, from);
    if (check_files(lane, from, err) < 0)
        return -1;
    lane->removed = json_bool(json_get(from, "removed"), false);
    if (lane->removed) {
        run_free(lane->run);
        lane->run = NULL;
        return 0;
    }
    const struct json *undos = json_get(from, "undo");
    for (int i = 0; i < json_length(undos); i++)
        if (read_undo(lane, json_at(undos, i), err) < 0)
            return -1;
    return read_state(lane, err);
}

/* From here on its files are cut to what the checkpoint knows. */
static int open_lane(struct session *session, struct lane *lane,
                     const struct json *from, struct err *err)
{
    long keep[2] = {get_whole(from, "metrics_bytes"),
                    get_whole(from, "spectra_bytes")};
    lane_open_files(session, lane, keep);
    if (session->failed)
        return err_set(err, "%s", session->message);
    return read_curves(lane, from, err);
}

/* The same recipe, or the bits could not be the same. */
int resume_check_recipe(struct session *session, struct err *err)
{
    char path[PATH_ROOM], *stored;
    size_t size;
    file_join(path, sizeof path, session->out, "recipe.yaml");
    if (file_read(&stored, &size, path, RECIPE_BYTES, err) < 0)
        return -1;
    char *ours = recipe_write(&session->recipe);
    bool same = strcmp(stored, ours) == 0;
    mem_free(stored);
    mem_free(ours);
    if (same)
        return 0;
    return err_set(err,
                   "%.300s is not the recipe to be resumed; resume with the "
                   "same one, or use --force to start anew",
                   path);
}

/* Commands after the checkpoint: from a given journal, or out's own, of which
 * *bytes are complete lines. */
static int read_replay(struct session *session, long *bytes, struct err *err)
{
    char path[PATH_ROOM];
    struct journal own;
    if (session->replay.count == 0) {
        file_join(path, sizeof path, session->out, "journal.tsv");
        if (journal_read(&own, path, bytes, err) < 0)
            return -1;
        session->replay = own;
        session->replays_own = true;
    }
    session->replay.next = (int)session->journal_lines;
    if (session->journal_lines > session->replay.count)
        return err_set(err,
                       "%.300s: the journal is shorter than its "
                       "checkpoint says; start anew with --force",
                       session->out);
    return 0;
}

/* First everything is read and checked, then files are cut: a session that
 * cannot go on leaves its folder as it was. */
static int read_root(struct session *session, const struct json *root,
                     struct err *err)
{
    session->tick = get_whole(root, "tick");
    session->steps = get_whole(root, "steps");
    session->serial = get_whole(root, "serial");
    session->journal_lines = get_whole(root, "journal_lines");
    session->base = get_reading(json_get(root, "base"));
    session->base_known = json_bool(json_get(root, "base_known"), false);
    const struct json *runs = json_get(root, "runs");
    for (int i = 0; i < json_length(runs); i++)
        if (read_lane(session, json_at(runs, i), err) < 0)
            return -1;
    if (json_length(runs) == 0)
        return err_set(err, "%.300s: its checkpoint names no run",
                       session->out);
    char path[PATH_ROOM];
    long journal = get_whole(root, "journal_bytes");
    long events = get_whole(root, "events_bytes");
    file_join(path, sizeof path, session->out, "events.tsv");
    if (check_length(path, events, err) < 0 ||
        read_replay(session, &journal, err) < 0)
        return -1;
    for (int i = 0; i < session->lane_count; i++)
        if (open_lane(session, session->lane[i], json_at(runs, i), err) < 0)
            return -1;
    store_begin(session, events, journal);
    return session->failed ? err_set(err, "%s", session->message) : 0;
}

int resume_read(struct session *session, struct err *err)
{
    char path[PATH_ROOM];
    file_join(path, sizeof path, session->out, "checkpoint.json");
    if (!file_exists(path))
        return 0;
    if (resume_check_recipe(session, err) < 0)
        return -1;
    struct json *root = json_read(path, err);
    if (!root)
        return -1;
    int result = read_root(session, root, err);
    json_free(root);
    return result < 0 ? -1 : 1;
}
