/*
 * A checkpoint of the whole session.  Every state goes to a file of a new
 * name; then checkpoint.json, renamed into place, names them all at once; then
 * what nobody names any more is removed.  So kill -9 at any moment leaves the
 * old checkpoint or the new one.
 *
 * A state's file is named by the run's version, which counts what was done to
 * it, and not by a clock: a resumed session leaves the same files.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "experiments/session_private.h"

static void put_real(struct json *to, const char *key, double value)
{
    if (isfinite(value))
        json_put_number(to, key, value);
    else
        json_put_null(to, key);
}

static struct json *reading_json(const struct reading *reading)
{
    struct json *to = json_new_object();
    json_put_integer(to, "branch", reading->branch);
    json_put_integer(to, "step", reading->step);
    put_real(to, "train_loss", reading->train_loss);
    put_real(to, "lr", reading->lr);
    put_real(to, "grad_norm", reading->grad_norm);
    put_real(to, "validation_loss", reading->validation_loss);
    put_real(to, "metric", reading->metric);
    put_real(to, "forget_loss", reading->forget_loss);
    return to;
}

static struct json *undo_json(const struct undo *undo)
{
    struct json *to = json_new_object();
    json_put_integer(to, "serial", undo->serial);
    json_put_text(to, "policy", rank_policy_name(undo->policy));
    json_put_number(to, "smooth", undo->smooth);
    json_put_number(to, "smooth_weight", undo->smooth_weight);
    json_put(to, "at", reading_json(&undo->at));
    return to;
}

static struct json *lane_json(const struct lane *lane)
{
    struct json *to = json_new_object(), *undos = json_new_array();
    char *spec = recipe_write_run(&lane->spec);
    json_put_text(to, "name", lane->spec.name);
    json_put_text(to, "spec", spec);
    mem_free(spec);
    json_put_bool(to, "removed", lane->removed);
    json_put_bool(to, "begun", lane->begun);
    json_put_text(to, "trouble", lane->diverged ? lane->trouble : "");
    json_put_integer(to, "branch", lane->branch);
    json_put_integer(to, "step", lane->step);
    json_put_integer(to, "version", lane->version);
    json_put_bool(to, "measured", lane->measured == lane->version);
    json_put_integer(to, "trainable", lane->run ? run_trainable(lane->run) : 0);
    json_put_text(to, "policy", rank_policy_name(lane->policy));
    json_put_number(to, "smooth", lane->smooth);
    json_put_number(to, "smooth_weight", lane->smooth_weight);
    json_put(to, "last", reading_json(&lane->last));
    json_put_integer(to, "metrics_bytes", lane->metrics.written);
    json_put_integer(to, "spectra_bytes", lane->spectra.written);
    for (int i = 0; i < lane->undo_count; i++)
        json_push(undos, undo_json(&lane->undo[i]));
    json_put(to, "undo", undos);
    return to;
}

static struct json *session_json(const struct session *session)
{
    struct json *to = json_new_object(), *lanes = json_new_array();
    json_put_integer(to, "tick", session->tick);
    json_put_integer(to, "steps", session->steps);
    json_put_integer(to, "serial", session->serial);
    json_put_integer(to, "journal_lines", session->journal_lines);
    json_put_integer(to, "events_bytes", session->events.written);
    json_put_integer(to, "journal_bytes", session->journal_rows.written);
    json_put_bool(to, "base_known", session->base_known);
    json_put(to, "base", reading_json(&session->base));
    for (int i = 0; i < session->lane_count; i++)
        json_push(lanes, lane_json(session->lane[i]));
    json_put(to, "runs", lanes);
    return to;
}

/* runs/NAME/checkpoint-12.safetensors, runs/NAME/undo-3.safetensors */
static char *state_path(char *to, const struct lane *lane, const char *kind,
                        long number)
{
    char name[64];
    snprintf(name, sizeof name, "%s-%ld.safetensors", kind, number);
    return file_join(to, PATH_ROOM, lane->folder, name);
}

static int write_states(struct lane *lane, struct err *err)
{
    char path[PATH_ROOM];
    if (lane->run && lane->stored != lane->version) {
        struct safetensors_out *out = safetensors_out_new();
        run_save(lane->run, out);
        state_path(path, lane, "checkpoint", lane->version);
        if (safetensors_out_commit(out, path, err) < 0)
            return -1;
        lane->stored = lane->version;
    }
    for (int i = 0; i < lane->undo_count; i++) {
        struct undo *undo = &lane->undo[i];
        if (undo->stored)
            continue;
        state_path(path, lane, "undo", undo->serial);
        if (file_write(path, undo->bytes, undo->size, err) < 0)
            return -1;
        undo->stored = true;
    }
    return 0;
}

static bool is_named(const struct lane *lane, const char *name)
{
    char *end;
    bool state = strncmp(name, "checkpoint-", 11) == 0;
    bool undo = strncmp(name, "undo-", 5) == 0;
    if (strstr(name, ".safetensors.tmp-"))
        return false;
    if (!state && !undo)
        return true; /* none of ours */
    long number = strtol(name + (state ? 11 : 5), &end, 10);
    if (strcmp(end, ".safetensors") != 0)
        return true;
    if (state)
        return lane->run && number == lane->version;
    for (int i = 0; i < lane->undo_count; i++)
        if (lane->undo[i].serial == number)
            return true;
    return false;
}

static void remove_unnamed(const struct lane *lane)
{
    char path[PATH_ROOM];
    DIR *folder = opendir(lane->folder);
    if (!folder)
        return;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (strlen(entry->d_name) < 128 && !is_named(lane, entry->d_name))
            (void)unlink(/* what stays is only a few bytes of disk */
                         file_join(path, sizeof path, lane->folder,
                                   entry->d_name));
    (void)closedir(folder);
}

static int sync_rows(struct session *session, struct err *err)
{
    if (rows_sync(&session->events, err) < 0 ||
        rows_sync(&session->journal_rows, err) < 0)
        return -1;
    for (int i = 0; i < session->lane_count; i++)
        if (rows_sync(&session->lane[i]->metrics, err) < 0 ||
            rows_sync(&session->lane[i]->spectra, err) < 0)
            return -1;
    return 0;
}

static int write_all(struct session *session, struct err *err)
{
    char path[PATH_ROOM];
    for (int i = 0; i < session->lane_count; i++)
        if (write_states(session->lane[i], err) < 0)
            return -1;
    if (sync_rows(session, err) < 0)
        return -1;
    struct json *root = session_json(session);
    char *text = json_write(root);
    json_free(root);
    file_join(path, sizeof path, session->out, "checkpoint.json");
    int result = file_write(path, text, strlen(text), err);
    mem_free(text);
    return result;
}

void checkpoint_write(struct session *session)
{
    struct err err = {{0}};
    session->checkpointed = clock_seconds();
    if (!session->out[0])
        return;
    if (write_all(session, &err) < 0) {
        store_trouble(session, &err);
        return;
    }
    session->changed = false;
    for (int i = 0; i < session->lane_count; i++)
        remove_unnamed(session->lane[i]);
}
