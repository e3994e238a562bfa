/*
 * The event loop; see app.h.  It sleeps in poll() on the keyboard, the pipe
 * of signals and the session; a frame is drawn when something changed, at
 * most ten times a second, but at once after a key.
 */
#include "tui/app.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tui/screen.h"
#include "tui/term.h"
#include "tui/ui.h"
#include "tui/views/view.h"

enum { FRAME_MS = 100, FRAME_MS_REMOTE = 200 };
enum { KEYBOARD, SIGNALS, NEWS, GUEST_NEWS, FDS };

struct app {
    const struct app_source *source;
    struct files *guest; /* open beside it, or NULL */
    struct app_source guest_source;
    const char *assets;
    struct ui ui;
    struct canvas canvas;
    int frame_ms;
    long drawn_at;   /* ms */
    bool is_changed; /* something is not on the screen yet */
    bool is_torn;    /* the whole screen must be sent again */
    int silent;      /* times the keyboard was readable, yet gave nothing */
    struct question asked;
    bool asked_guest; /* whom it was asked */
    char note[256];   /* the newest line on stderr */
    int result;
    bool is_over;
};

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static void leave(struct app *app, int result)
{
    app->is_over = true;
    app->result = result;
}

/* What is on the screen. */
static const struct app_source *source_of(const struct app *app)
{
    return app->ui.on_guest ? &app->guest_source : app->source;
}

static void draw(struct app *app)
{
    const struct app_source *source = source_of(app);
    const struct snapshot *snapshot = source->look(source->ctx);
    (void)term_note(app->note, sizeof app->note);
    ui_see(&app->ui, snapshot);
    ui_draw(&app->canvas, &app->ui, snapshot, app->note);
    struct question question = ui_question(&app->ui, snapshot);
    source->done(source->ctx, snapshot);
    screen_draw(&app->canvas, app->is_torn);
    app->is_changed = app->is_torn = false;
    app->drawn_at = now_ms();
    bool is_new = app->asked_guest != app->ui.on_guest ||
                  !question_same(&question, &app->asked);
    if (source->ask && is_new)
        source->ask(source->ctx, &question);
    app->asked = question;
    app->asked_guest = app->ui.on_guest;
}

static void send_commands(struct app *app)
{
    const struct app_source *source = source_of(app);
    for (int i = 0; i < app->ui.out_count; i++)
        if (!source->send || !source->send(source->ctx, &app->ui.out[i]))
            ui_say(&app->ui, true,
                   source->send
                       ? "64 commands are waiting already; once more, please"
                       : "a stored run is only looked at");
    app->ui.out_count = 0;
}

static void resize(struct app *app)
{
    int cols, rows;
    screen_size(&cols, &rows);
    canvas_size(&app->canvas, cols, rows);
    ui_size(&app->ui, cols, rows);
    app->is_changed = true;
}

/* --- a file beside the session ----------------------------------------------
 */

static void close_guest(struct app *app)
{
    files_close(app->guest);
    app->guest = NULL;
    app->asked = (struct question){.run = -1, .site = -1};
}

/* What is wrong is said, and nothing changes. */
static void open_guest(struct app *app)
{
    struct err err = {""};
    struct files_ask ask = {.path = {app->ui.wants_file},
                            .assets = app->assets};
    struct files *guest = files_open(&ask, &err);
    if (guest && files_start(guest, &err) < 0) {
        files_close(guest);
        guest = NULL;
    }
    if (!guest) {
        ui_say(&app->ui, true, "%s", err.text);
    } else {
        close_guest(app);
        app->guest = guest;
        app->guest_source = app_source_of_files(guest);
        ui_take_guest(&app->ui);
    }
    app->ui.wants_file[0] = '\0';
}

static void serve_guest(struct app *app)
{
    if (app->ui.wants_no_file)
        close_guest(app);
    if (app->ui.wants_file[0])
        open_guest(app);
    app->ui.wants_no_file = false;
}

/* All keys that wait, then one frame. */
static void read_keys(struct app *app)
{
    enum { GONE = 3 };
    int code, count = 0;
    while (!app->is_over && (code = screen_key()) != SCREEN_NO_KEY) {
        count++;
        if (code == SCREEN_RESIZED) {
            resize(app);
            continue;
        }
        const struct app_source *source = source_of(app);
        const struct snapshot *snapshot = source->look(source->ctx);
        ui_key(&app->ui, snapshot, code);
        source->done(source->ctx, snapshot);
        send_commands(app);
        serve_guest(app);
        app->is_torn = app->is_torn || app->ui.wants_redraw;
        app->ui.wants_redraw = false;
        if (app->ui.quit)
            leave(app, APP_QUIT);
    }
    /* End of file: readable for ever, and never a key. */
    app->silent = count ? 0 : app->silent + 1;
    if (app->silent >= GONE)
        leave(app, SIGHUP);
    if (count && !app->is_over)
        draw(app);
}

static void suspend(struct app *app)
{
    screen_leave();
    term_suspend();
    screen_return();
    resize(app);
    app->is_torn = true;
}

static void read_signals(struct app *app)
{
    int number;
    while (!app->is_over && (number = term_signal()) != 0) {
        if (number == SIGWINCH) {
            resize(app);
        } else if (number == SIGTSTP) {
            suspend(app);
        } else if (number == SIGCONT) { /* stopped by force, and back */
            screen_return();
            resize(app);
            app->is_torn = true;
        } else {
            leave(app, number);
        }
    }
}

static void drain(int fd)
{
    char bytes[256];
    ssize_t got = read(fd, bytes, sizeof bytes);
    (void)got; /* what matters is that it was read, not what it said */
}

static void turn(struct app *app)
{
    struct pollfd fd[FDS] = {
        [KEYBOARD] = {.fd = STDIN_FILENO, .events = POLLIN},
        [SIGNALS] = {.fd = term_signal_fd(), .events = POLLIN},
        [NEWS] = {.fd = app->source->wake_fd, .events = POLLIN},
        [GUEST_NEWS] = {.fd = app->guest ? app->guest_source.wake_fd : -1,
                        .events = POLLIN}};
    long wait = app->is_changed ? app->drawn_at + app->frame_ms - now_ms() : -1;
    if (app->is_changed && wait <= 0) {
        draw(app);
        wait = -1;
    }
    if (poll(fd, FDS, (int)wait) < 0 && errno != EINTR) {
        leave(app, SIGHUP);
        return;
    }
    if (fd[SIGNALS].revents & POLLIN)
        read_signals(app);
    if (fd[NEWS].revents & POLLIN) {
        drain(app->source->wake_fd);
        app->is_changed = true;
    }
    if (fd[GUEST_NEWS].revents & POLLIN) {
        drain(app->guest_source.wake_fd);
        app->is_changed = true;
    }
    if (app->is_over)
        return;
    if (fd[KEYBOARD].revents & (POLLHUP | POLLERR | POLLNVAL))
        leave(app, SIGHUP); /* the terminal is gone */
    else if (fd[KEYBOARD].revents & POLLIN)
        read_keys(app);
}

static void start(struct app *app, const struct app_source *source,
                  const struct app_options *options)
{
    const char *name = getenv("TERM");
    bool is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    /* The Linux console has no braille in its fonts. */
    enum glyphs suits =
        strcmp(name ? name : "", "linux") == 0 ? GLYPHS_BLOCK : GLYPHS_BRAILLE;
    app->source = source;
    app->asked = (struct question){.run = -1, .site = -1};
    app->frame_ms = getenv("SSH_CONNECTION") ? FRAME_MS_REMOTE : FRAME_MS;
    ui_start(&app->ui, options->new_run,
             options->glyphs >= 0 ? (enum glyphs)options->glyphs : suits,
             is_utf8);
    app->assets = options->assets;
    app->ui.can_open = options->assets != NULL;
    int view = options->view ? view_find(options->view) : -1;
    if (view >= 0)
        app->ui.view = (enum view_id)view;
    app->canvas = canvas_new(1, 1, app->ui.glyphs, screen_colours());
    resize(app);
}

int app_loop(const struct app_source *source, const struct app_options *options,
             struct err *err)
{
    struct app *app;
    if (term_check(err) != 0 || term_open(err) != 0)
        return APP_FAILED;
    if (screen_open(!options->no_colour, err) != 0) {
        term_close();
        return APP_FAILED;
    }
    app = calloc(1, sizeof *app);
    if (!app) {
        screen_close();
        term_close();
        return err_set(err, "no memory for the screen");
    }
    start(app, source, options);
    draw(app);
    while (!app->is_over)
        turn(app);
    int result = app->result;
    screen_close();
    term_close();
    close_guest(app);
    canvas_free(&app->canvas);
    free(app);
    return result;
}

int app_check(struct err *err)
{
    return term_check(err);
}

void app_die(int signal)
{
    term_die(signal);
}
