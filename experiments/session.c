/*
 * The session's door: open, start, send, look, wait, close.  What happens
 * behind it is listed in session_private.h.
 */
#include "experiments/session.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/session_private.h"

static const double default_checkpoint_seconds = 15;

static struct session *session_new(const struct recipe *recipe,
                                   const struct session_options *options)
{
    struct session *session = xcalloc(1, sizeof *session);
    session->recipe = *recipe;
    session->steps = recipe->steps;
    session->watch = options->watch;
    session->paused = options->start_paused;
    session->checkpoint_seconds = options->checkpoint_seconds > 0
                                      ? options->checkpoint_seconds
                                      : default_checkpoint_seconds;
    session->batch_step[0] = session->batch_step[1] = -1;
    session->ticks_per_second = NAN;
    session->base = (struct reading){0, 0, NAN, NAN, NAN, NAN, NAN, NAN};
    snprintf(session->out, sizeof session->out, "%s",
             options->out ? options->out : "");
    session->changed = true;
    return session;
}

static void session_free(struct session *session)
{
    if (session->analyst)
        analyst_free(session->analyst);
    for (int i = 0; i < session->lane_count; i++)
        lane_free(session->lane[i]);
    mem_free(session->lane);
    mem_free(session->event);
    store_close(session);
    journal_free(&session->replay);
    disassemble(session);
    mem_free(session);
}

static int make_runs(struct session *session, struct err *err)
{
    for (int i = 0; i < session->recipe.run_count; i++)
        if (!lane_new(session, &session->recipe.run[i], false, err))
            return -1;
    return 0;
}

/* Runs first: a recipe that does not fit leaves no folder behind. */
static int begin_anew(struct session *session, bool force, struct err *err)
{
    if (make_runs(session, err) < 0 || store_open(session, force, err) < 0)
        return -1;
    store_begin(session, -1, -1);
    for (int i = 0; i < session->lane_count; i++)
        lane_open_files(session, session->lane[i], NULL);
    return 0;
}

/* Something else than what a run killed at its very first file leaves. */
static bool holds_strangers(const char *path)
{
    static const char first[] = "recipe.yaml.tmp-";
    DIR *folder = opendir(path);
    bool found = !folder;
    for (struct dirent *entry = folder ? readdir(folder) : NULL;
         entry && !found; entry = readdir(folder))
        found = strcmp(entry->d_name, ".") != 0 &&
                strcmp(entry->d_name, "..") != 0 &&
                strncmp(entry->d_name, first, sizeof first - 1) != 0;
    if (folder)
        (void)closedir(folder);
    return found;
}

/* A folder that never came to its first checkpoint begins again, but with
 * the commands it had.  Any other folder is none of ours: hands off. */
static int keep_commands(struct session *session, struct err *err)
{
    char path[PATH_ROOM];
    file_join(path, sizeof path, session->out, "recipe.yaml");
    if (!file_exists(path) && holds_strangers(session->out))
        return err_set(err,
                       "%s: no results to resume are in it; use --force "
                       "to write into it all the same",
                       session->out);
    if (file_exists(path) && resume_check_recipe(session, err) < 0)
        return -1;
    file_join(path, sizeof path, session->out, "journal.tsv");
    if (session->replay.count > 0 || !file_exists(path))
        return 0;
    return journal_read(&session->replay, path, NULL, err);
}

static int begin(struct session *session, const struct session_options *options,
                 struct err *err)
{
    if (options->journal &&
        journal_read(&session->replay, options->journal, NULL, err) < 0)
        return -1;
    if (!options->resume || !session->out[0] || !file_exists(session->out))
        return begin_anew(session, options->force, err);
    int resumed = resume_read(session, err);
    if (resumed < 0)
        return -1;
    if (resumed == 0)
        return keep_commands(session, err) < 0 ? -1
                                               : begin_anew(session, true, err);
    event_add(session, -1, EVENT_PASSING, "resumed at tick %ld", session->tick);
    return 0;
}

/* What was left out or cut of a published file is said, not only done. */
static void say_data(struct session *session)
{
    struct task_report report = task_report(session->task);
    if (session->task->conf.data == NULL)
        return; /* drawn: nothing can be cut or bad */
    if (session->task->ops->kind != EXAMPLE_TEXT) { /* nor here */
        event_add(session, -1, EVENT_PASSING,
                  "data: %ld examples to train on, %ld to be asked; %s",
                  report.examples[SPLIT_TRAIN],
                  report.examples[SPLIT_VALIDATION], report.said);
        return;
    }
    event_add(session, -1, EVENT_PASSING,
              "data: %ld examples to train on, %ld held out, %ld cut at the "
              "front, %ld row%s skipped",
              report.examples[SPLIT_TRAIN], report.examples[SPLIT_VALIDATION],
              report.cut, report.skipped, report.skipped == 1 ? "" : "s");
}

struct session *session_open(const struct recipe *recipe,
                             const struct session_options *options,
                             struct err *err)
{
    linalg_thread_init();
    struct session *session = session_new(recipe, options);
    if (mailbox_init(&session->mailbox, err) < 0) {
        mem_free(session);
        return NULL;
    }
    if (assemble(session, options, err) < 0 ||
        begin(session, options, err) < 0) {
        mailbox_free(&session->mailbox);
        session_free(session);
        return NULL;
    }
    say_data(session);
    if (session->watch)
        session->analyst = analyst_new(session);
    publish(session);
    return session;
}

int session_start(struct session *session, struct err *err)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    /* The new threads inherit the mask: signals stay with the screen. */
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    int result = 0, status = 0;
    if (session->analyst)
        result = analyst_start(session->analyst, err);
    if (result == 0)
        status = pthread_create(&session->trainer, NULL, trainer_main, session);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status != 0)
        result = err_set(err, "cannot start the trainer's thread: %s",
                         strerror(status));
    session->is_started = result == 0;
    return result;
}

bool session_send(struct session *session, const struct command *command)
{
    return mailbox_send(&session->mailbox, command);
}

void session_ask(struct session *session, const struct question *question)
{
    mailbox_ask(&session->mailbox, question);
    if (session->analyst)
        analyst_wake(session->analyst);
}

const struct snapshot *session_look(struct session *session)
{
    return mailbox_look(&session->mailbox);
}

int session_wake_fd(const struct session *session)
{
    return session->mailbox.wake[0];
}

int session_wait(struct session *session, struct err *err)
{
    return mailbox_await(&session->mailbox, err);
}

struct run *session_run(struct session *session, const char *name)
{
    struct lane *lane = lane_find(session, -1, name);
    return lane ? lane->run : NULL;
}

const struct model *session_model(const struct session *session)
{
    return session->model;
}

const struct task *session_task(const struct session *session)
{
    return session->task;
}

struct ground session_ground(const struct session *session)
{
    struct ground ground = ground_new(session->model);
    ground.held_out = &session->validation;
    ground.corpus = session->corpus ? &session->forget : NULL;
    ground.task = session->task;
    return ground;
}

void session_close(struct session *session)
{
    if (session->is_started) {
        mailbox_stop(&session->mailbox);
        (void)pthread_join(session->trainer, NULL); /* our own thread */
    }
    if (session->analyst)
        analyst_stop(session->analyst);
    mailbox_free(&session->mailbox);
    session_free(session);
}
