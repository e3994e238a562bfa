/*
 * The two sources of an app: a session, and a stored snapshot.
 */
#include "tui/app.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "experiments/stored_answers.h"

static const struct snapshot *session_view(void *ctx)
{
    return session_look(ctx);
}

static void session_view_done(void *ctx, const struct snapshot *snapshot)
{
    (void)ctx;
    snapshot_release(snapshot);
}

static bool session_take(void *ctx, const struct command *command)
{
    return session_send(ctx, command);
}

static void session_wonder(void *ctx, const struct question *question)
{
    session_ask(ctx, question);
}

int app_run(struct session *session, const struct app_options *options,
            struct err *err)
{
    struct app_source source = {.ctx = session,
                                .look = session_view,
                                .done = session_view_done,
                                .send = session_take,
                                .ask = session_wonder,
                                .wake_fd = session_wake_fd(session)};
    return app_loop(&source, options, err);
}

static const struct snapshot *sweeper_view(void *ctx)
{
    return sweeper_look(ctx);
}

int app_grid(struct sweeper *sweeper, const struct app_options *options,
             struct err *err)
{
    struct app_source source = {.ctx = sweeper,
                                .look = sweeper_view,
                                .done = session_view_done,
                                .wake_fd = sweeper_wake_fd(sweeper)};
    return app_loop(&source, options, err);
}

static const struct snapshot *files_view(void *ctx)
{
    return files_look(ctx);
}

static void files_wonder(void *ctx, const struct question *question)
{
    files_ask(ctx, question);
}

struct app_source app_source_of_files(struct files *files)
{
    return (struct app_source){.ctx = files,
                               .look = files_view,
                               .done = session_view_done,
                               .ask = files_wonder,
                               .wake_fd = files_wake_fd(files)};
}

int app_files(struct files *files, const struct app_options *options,
              struct err *err)
{
    struct app_source source = app_source_of_files(files);
    return app_loop(&source, options, err);
}

struct stored_source {
    const struct snapshot *snapshot;
    struct stored_answers *answers;
    int wake[2]; /* an answer is news */
};

static const struct snapshot *stored_view(void *ctx)
{
    return ((struct stored_source *)ctx)->snapshot;
}

static void stored_view_done(void *ctx, const struct snapshot *snapshot)
{
    (void)ctx, (void)snapshot; /* the caller keeps holding it */
}

static void stored_wonder(void *ctx, const struct question *question)
{
    struct stored_source *source = ctx;
    stored_answers_ask(source->answers, question);
    (void)!write(source->wake[1], "", 1); /* full: it is awake already */
}

int app_look(const struct snapshot *snapshot, const char *assets,
             const struct app_options *options, struct err *err)
{
    struct stored_source stored = {.snapshot = snapshot};
    if (pipe(stored.wake) != 0)
        return err_set(err, "no pipe to wake the screen: %s", strerror(errno));
    (void)fcntl(stored.wake[1], F_SETFL, O_NONBLOCK);
    stored.answers = stored_answers_new(snapshot, assets);
    struct app_source source = {.ctx = &stored,
                                .look = stored_view,
                                .done = stored_view_done,
                                .ask = stored_wonder,
                                .wake_fd = stored.wake[0]};
    int left = app_loop(&source, options, err);
    stored_answers_free(stored.answers);
    (void)close(stored.wake[0]);
    (void)close(stored.wake[1]);
    return left;
}
