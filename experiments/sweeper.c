/* See sweeper.h. */
#include "experiments/sweeper.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/mailbox.h"

static const double publish_seconds = 0.1, read_seconds = 2;

struct sweeper {
    /* constant after new */
    const struct grid *grid;               /* or NULL: */
    const struct intrinsic_recipe *recipe; /* it searches */
    struct sweep_options options;
    bool trains;
    struct mailbox mailbox; /* any thread, through its own functions */

    /* the thread that starts and closes */
    bool is_started;
    pthread_t thread;

    /* the sweeper's thread; before start, its maker's */
    struct board board;
    struct table *table; /* as the folder was when last read; or */
    struct intrinsic_search *search;
    double published, read; /* seconds, monotonic */
    struct event *event;
    int event_count, event_room;
    char message[256];
};

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void publish(struct sweeper *sweeper)
{
    sweeper->published = seconds_now();
    mailbox_publish(&sweeper->mailbox,
                    board_snapshot(&sweeper->board, sweeper->options.out,
                                   sweeper->message, sweeper->event,
                                   sweeper->event_count));
}

static void say_trouble(struct sweeper *sweeper, const struct err *err)
{
    snprintf(sweeper->message, sizeof sweeper->message, "%s", err->text);
}

static int read_grid(struct sweeper *sweeper, struct err *err)
{
    const struct sweep_options *options = &sweeper->options;
    struct table *table =
        table_read(sweeper->grid, options->out, options->force, err);
    if (!table)
        return -1;
    mem_free(sweeper->table);
    sweeper->board.table = sweeper->table = table;
    return 0;
}

static int read_search(struct sweeper *sweeper, struct err *err)
{
    const struct sweep_options *options = &sweeper->options;
    struct intrinsic_search *search = xcalloc(1, sizeof *search);
    if (intrinsic_search_read(search, NULL, sweeper->recipe, options->out,
                              options->force, err) < 0) {
        mem_free(search);
        return -1;
    }
    mem_free(sweeper->search);
    sweeper->board.search = sweeper->search = search;
    return 0;
}

/* What lies in the folder now; on trouble the board stays as it was. */
static int read_folder(struct sweeper *sweeper, struct err *err)
{
    int status =
        sweeper->grid ? read_grid(sweeper, err) : read_search(sweeper, err);
    sweeper->read = seconds_now();
    if (status == 0)
        board_find_busy(&sweeper->board, sweeper->options.out);
    return status;
}

/* Nothing is left to do there, by whomever. */
static bool is_over(const struct sweeper *sweeper)
{
    return sweeper->grid ? sweeper->table->done == sweeper->table->total
                         : sweeper->search->is_over;
}

/* --- the log ----------------------------------------------------------------
 */

static void note(struct sweeper *sweeper, const struct sweep_news *news)
{
    const struct cell_result *result = news->result;
    if (sweeper->event_count == sweeper->event_room) {
        size_t room = (size_t)sweeper->event_room;
        sweeper->event =
            xgrow(sweeper->event, room, 2 * room + 64, sizeof *sweeper->event);
        sweeper->event_room = 2 * sweeper->event_room + 64;
    }
    struct event *event = &sweeper->event[sweeper->event_count++];
    *event = (struct event){.tick = news->done,
                            .step = news->steps,
                            .run = -1,
                            .is_trouble = result->state == CELL_DIVERGED};
    int used = snprintf(event->text, sizeof event->text, "%s: ", news->cell);
    if (result->state == CELL_DIVERGED)
        snprintf(event->text + used, sizeof event->text - (size_t)used, "%s",
                 result->trouble);
    else
        sweep_result_text(event->text + used, sizeof event->text - (size_t)used,
                          result);
}

/* --- the thread -------------------------------------------------------------
 */

static bool is_stopped(void *ctx)
{
    return mailbox_stopping(&((struct sweeper *)ctx)->mailbox);
}

static void tell(void *ctx, const struct sweep_news *news)
{
    struct sweeper *sweeper = ctx;
    struct board_work *work = &sweeper->board.work;
    struct err ignored = {{0}}; /* sweep_run() finds it, and says it */
    double now = seconds_now();
    *work = (struct board_work){.is_on = !news->finished,
                                .cell = *news->at,
                                .step = news->step,
                                .steps = news->steps,
                                .loss = news->loss};
    sweeper->board.left = news->left;
    if (news->finished)
        note(sweeper, news);
    if (news->finished || now - sweeper->read >= read_seconds)
        (void)read_folder(sweeper, &ignored);
    if (news->finished || now - sweeper->published >= publish_seconds)
        publish(sweeper);
}

static void wait_a_moment(struct sweeper *sweeper)
{
    const struct timespec tenth = {0, 100000000};
    double until = seconds_now() + read_seconds;
    while (!is_stopped(sweeper) && seconds_now() < until)
        (void)nanosleep(&tenth, NULL); /* shorter is as good */
}

/* Others may still be at work here. */
static void watch_folder(struct sweeper *sweeper)
{
    struct err err = {{0}};
    while (!is_stopped(sweeper) && !is_over(sweeper)) {
        wait_a_moment(sweeper);
        if (read_folder(sweeper, &err) < 0)
            say_trouble(sweeper, &err);
        publish(sweeper);
    }
    if (is_over(sweeper))
        sweeper->board.state = BOARD_DONE;
    publish(sweeper);
}

static void begin(struct sweeper *sweeper)
{
    sweeper->board.state = BOARD_SWEEPING;
    publish(sweeper);
}

static enum sweep_end sweep_grid(struct sweeper *sweeper, struct err *err)
{
    int done;
    if (sweep_check(sweeper->grid, &sweeper->options, err) < 0)
        return SWEEP_FAILED;
    begin(sweeper);
    return sweep_run(sweeper->grid, &sweeper->options, &done, err);
}

static enum sweep_end search(struct sweeper *sweeper, struct err *err)
{
    struct intrinsic_counts counts;
    int done;
    if (intrinsic_counts_make(&counts, sweeper->recipe, &sweeper->options,
                              err) < 0)
        return SWEEP_FAILED;
    begin(sweeper);
    return intrinsic_run(sweeper->recipe, &counts, &sweeper->options, &done,
                         err);
}

static void sweep_all(struct sweeper *sweeper)
{
    struct err err = {{0}};
    enum sweep_end end =
        sweeper->grid ? sweep_grid(sweeper, &err) : search(sweeper, &err);
    sweeper->board.work.is_on = false;
    sweeper->board.left = NAN;
    sweeper->board.state = end == SWEEP_OTHERS ? BOARD_OTHERS
                           : end == SWEEP_DONE ? BOARD_DONE
                                               : BOARD_STOPPED;
    if (end == SWEEP_FAILED || read_folder(sweeper, &err) < 0)
        say_trouble(sweeper, &err);
    publish(sweeper);
}

static void *sweeper_main(void *ctx)
{
    struct sweeper *sweeper = ctx;
    linalg_thread_init();
    if (sweeper->trains)
        sweep_all(sweeper);
    if (!sweeper->trains || sweeper->board.state == BOARD_OTHERS ||
        sweeper->options.shards > 1)
        watch_folder(sweeper);
    return NULL;
}

/* --- the door ---------------------------------------------------------------
 */

static struct sweeper *make(const struct grid *grid,
                            const struct intrinsic_recipe *recipe,
                            const struct sweep_options *options, bool trains,
                            struct err *err)
{
    struct sweeper *sweeper = xcalloc(1, sizeof *sweeper);
    sweeper->grid = grid;
    sweeper->recipe = recipe;
    sweeper->options = *options;
    sweeper->options.stop = is_stopped;
    sweeper->options.tell = tell;
    sweeper->options.ctx = sweeper;
    sweeper->trains = trains;
    sweeper->board.state = trains ? BOARD_CHECKING : BOARD_LOOKING;
    sweeper->board.left = NAN;
    if (mailbox_init(&sweeper->mailbox, err) < 0) {
        mem_free(sweeper);
        return NULL;
    }
    if (read_folder(sweeper, err) < 0) {
        mailbox_free(&sweeper->mailbox);
        mem_free(sweeper);
        return NULL;
    }
    publish(sweeper);
    return sweeper;
}

struct sweeper *sweeper_new(const struct grid *grid,
                            const struct sweep_options *options, bool trains,
                            struct err *err)
{
    return make(grid, NULL, options, trains, err);
}

struct sweeper *sweeper_new_search(const struct intrinsic_recipe *recipe,
                                   const struct sweep_options *options,
                                   bool trains, struct err *err)
{
    return make(NULL, recipe, options, trains, err);
}

int sweeper_start(struct sweeper *sweeper, struct err *err)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    /* The new thread inherits the mask: signals stay with the screen. */
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    int status = pthread_create(&sweeper->thread, NULL, sweeper_main, sweeper);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    sweeper->is_started = status == 0;
    return status == 0 ? 0
                       : err_set(err, "cannot start the sweep's thread: %s",
                                 strerror(status));
}

const struct snapshot *sweeper_look(struct sweeper *sweeper)
{
    return mailbox_look(&sweeper->mailbox);
}

int sweeper_wake_fd(const struct sweeper *sweeper)
{
    return sweeper->mailbox.wake[0];
}

void sweeper_close(struct sweeper *sweeper)
{
    if (sweeper->is_started) {
        mailbox_stop(&sweeper->mailbox);
        (void)pthread_join(sweeper->thread, NULL); /* our own thread */
    }
    mailbox_free(&sweeper->mailbox);
    mem_free(sweeper->table);
    mem_free(sweeper->search);
    mem_free(sweeper->event);
    mem_free(sweeper);
}
