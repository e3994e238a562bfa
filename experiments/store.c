/*
 * The run folder:
 *
 *   recipe.yaml   as resolved       journal.tsv   commands with their ticks
 *   events.tsv    what happened     sites.tsv     name kind layer out in
 *   checkpoint.json, and in runs/NAME/: metrics.tsv spectra.tsv timing.tsv
 *   checkpoint-TICK.safetensors undo-N.safetensors adapter/, model/ or
 *   method/
 *
 * Training never ends because a file could not be written: the sentence
 * becomes the session's message, and the exit status.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/io/adapter.h"
#include "core/io/file.h"
#include "core/io/inserted.h"
#include "experiments/session_private.h"

void store_trouble(struct session *session, const struct err *err)
{
    session->failed = true;
    if (strcmp(session->message, err->text) == 0)
        return; /* the same again: a full disk says so at every row */
    snprintf(session->message, sizeof session->message, "%s", err->text);
    event_add(session, -1, EVENT_TROUBLE | EVENT_PASSING, "%.155s", err->text);
}

/* Refuses what must not be touched; anything else is trouble, not the end. */
int store_open(struct session *session, bool force, struct err *err)
{
    const char *out = session->out;
    char path[PATH_ROOM];
    struct err why = {{0}};
    struct stat about;
    if (!out[0])
        return 0;
    if (stat(out, &about) == 0) {
        if (!S_ISDIR(about.st_mode))
            return err_set(err, "%s: there already, and not a folder", out);
        if (!force)
            return err_set(err,
                           "%s: there already; use --force to replace its "
                           "results, --resume to continue them, or another "
                           "--out",
                           out);
        /* First of all: old states must not meet new rows. */
        (void)unlink(file_join(path, sizeof path, out, "checkpoint.json"));
    }
    if (file_make_folder(out, &why) < 0)
        store_trouble(session, &why);
    return 0;
}

static void write_text(struct session *session, const char *name,
                       const char *text)
{
    char path[PATH_ROOM];
    struct err err = {{0}};
    file_join(path, sizeof path, session->out, name);
    if (file_write(path, text, strlen(text), &err) < 0)
        store_trouble(session, &err);
}

static void write_sites(struct session *session)
{
    enum { LINE = 160 };
    const struct model *model = session->model;
    size_t room = ((size_t)model->site_count + 1) * LINE, used = 0;
    char *text = xcalloc(room, 1);
    used += (size_t)snprintf(text, room, "site\tkind\tlayer\tout\tin\n");
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        used += (size_t)snprintf(
            text + used, room - used, "%s\t%s\t%d\t%d\t%d\n", site->name,
            site_kind_name(site->kind), site->layer, site->out, site->in);
    }
    write_text(session, "sites.tsv", text);
    mem_free(text);
}

static void open_rows(struct session *session, struct rows *rows,
                      const char *name, const char *header, long keep)
{
    char path[PATH_ROOM];
    struct err err = {{0}};
    file_join(path, sizeof path, session->out, name);
    if (rows_open(rows, path, header, keep, &err) < 0)
        store_trouble(session, &err);
}

/* The session's own files; bytes -1: from nothing. */
void store_begin(struct session *session, long events_bytes, long journal_bytes)
{
    if (!session->out[0])
        return;
    char *text = recipe_write(&session->recipe);
    write_text(session, "recipe.yaml", text);
    mem_free(text);
    write_sites(session);
    open_rows(session, &session->events, "events.tsv",
              "tick\tstep\trun\tkind\ttext\n", events_bytes);
    open_rows(session, &session->journal_rows, "journal.tsv", "",
              journal_bytes);
}

static void flush(struct session *session, struct rows *rows)
{
    struct err err = {{0}};
    if (rows_flush(rows, &err) < 0)
        store_trouble(session, &err);
}

void store_flush(struct session *session)
{
    flush(session, &session->events);
    flush(session, &session->journal_rows);
    for (int i = 0; i < session->lane_count; i++) {
        flush(session, &session->lane[i]->metrics);
        flush(session, &session->lane[i]->spectra);
        flush(session, &session->lane[i]->timing);
    }
}

static int save_model(struct session *session, struct lane *lane,
                      const char *folder, struct err *err)
{
    if (model_save(session->model, run_weights(lane->run), folder, err) < 0)
        return -1;
    return session->tokenizer
               ? tokenizer_copy(folder, session->tokenizer_path, err)
               : 0;
}

/* In which way a run's result is written. */
struct result_kind {
    const char *folder;
    int (*save)(struct session *session, struct lane *lane, const char *folder,
                struct err *err);
};

static int save_adapter(struct session *session, struct lane *lane,
                        const char *folder, struct err *err)
{
    return adapter_save_peft(run_method(lane->run), session->recipe.base,
                             folder, err);
}

static int save_inserted(struct session *session, struct lane *lane,
                         const char *folder, struct err *err)
{
    return inserted_save(run_method(lane->run), &run_conf_of(lane->run)->method,
                         session->recipe.base, folder, err);
}

static struct result_kind kind_of(const struct method *method)
{
    if (method->ops->insert_forward)
        return (struct result_kind){"method", save_inserted};
    if (method_is_adapter(method))
        return (struct result_kind){"adapter", save_adapter};
    return (struct result_kind){"model", save_model};
}

/* What has been learned, as ordinary files: an adapter, a model, or what was
 * put beside one. */
void store_result(struct session *session, struct lane *lane)
{
    char folder[PATH_ROOM];
    struct err err = {{0}};
    if (!lane->folder[0] || !lane->run || lane->written == lane->version)
        return;
    struct result_kind kind = kind_of(run_method(lane->run));
    file_join(folder, sizeof folder, lane->folder, kind.folder);
    int result = file_make_folder(folder, &err);
    if (result == 0)
        result = kind.save(session, lane, folder, &err);
    if (result < 0)
        store_trouble(session, &err);
    else
        lane->written = lane->version;
}

void store_results(struct session *session)
{
    store_flush(session);
    for (int i = 0; i < session->lane_count; i++)
        store_result(session, session->lane[i]);
}

void store_close(struct session *session)
{
    rows_close(&session->events);
    rows_close(&session->journal_rows);
}
