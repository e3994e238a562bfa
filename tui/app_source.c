/*
 * The two sources of an app: a session, and a stored snapshot.
 */
#include "tui/app.h"

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

static void session_care(void *ctx, int run, int site)
{
    session_focus(ctx, run, site);
}

int app_run(struct session *session, const struct app_options *options,
            struct err *err)
{
    struct app_source source = {.ctx = session,
                                .look = session_view,
                                .done = session_view_done,
                                .send = session_take,
                                .focus = session_care,
                                .wake_fd = session_wake_fd(session)};
    return app_loop(&source, options, err);
}

static const struct snapshot *stored_view(void *ctx)
{
    return ctx;
}

static void stored_view_done(void *ctx, const struct snapshot *snapshot)
{
    (void)ctx, (void)snapshot; /* the caller keeps holding it */
}

int app_look(const struct snapshot *snapshot, const struct app_options *options,
             struct err *err)
{
    struct app_source source = {.ctx = (void *)snapshot,
                                .look = stored_view,
                                .done = stored_view_done,
                                .wake_fd = -1};
    return app_loop(&source, options, err);
}
