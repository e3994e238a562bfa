/*
 * See files.h: opening, and the thread.
 */
#include "experiments/files_private.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/adapter_find.h"
#include "core/io/file.h"
#include "experiments/moment_make.h"
#include "experiments/results.h"

static const double publish_seconds = 0.1;

/* --- opening ----------------------------------------------------------------
 */

bool files_are(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
        return adapter_find_is_tensors(path);
    return !results_is(path) &&
           (stored_is_known(path) || adapter_find_count(path) > 0);
}

static int find_site(const struct files *files, const char *name)
{
    for (int s = 0; s < files->site_count; s++)
        for (int f = 0; f < files->count; f++)
            if (files->on_show[f].site[s].is_there &&
                strcmp(files->on_show[f].site[s].name, name) == 0)
                return s;
    return -1;
}

static int check_shape(const struct files *files, int site,
                       const struct update_site *of, struct err *err)
{
    const struct site *known = &files->model.site[site];
    if (known->out == of->out && known->in == of->in)
        return 0;
    return err_set(err,
                   "%s is (%d, %d) in the %.120s and (%d, %d) in the %.120s; "
                   "only updates of one shape can be compared",
                   of->name, known->out, known->in,
                   files->on_show[0].updates->what, of->out, of->in,
                   files->on_show[1].updates->what);
}

/* Sites of this file, those that are new behind those that are there. */
static int take_sites(struct files *files, int file, struct err *err)
{
    struct on_show *of = &files->on_show[file];
    int shared = 0;
    for (int i = 0; i < of->updates->count; i++) {
        const struct update_site *from = &of->updates->site[i];
        int at = file ? find_site(files, from->name) : -1;
        shared += at >= 0;
        if (at >= 0 && check_shape(files, at, from, err) < 0)
            return -1;
        if (at < 0) {
            struct site *to = &files->model.site[at = files->site_count++];
            (void)snprintf(to->name, sizeof to->name, "%s", from->name);
            to->out = from->out;
            to->in = from->in;
        }
        of->at[at] = i;
        of->site[at] =
            (struct file_site){.is_there = true,
                               .name = from->name,
                               .tensor = from->tensor,
                               .scale_from = from->scale_from,
                               .warning = from->warning,
                               .trouble = of->sight[at].trouble.text};
    }
    if (file == 0 || shared > 0)
        return 0;
    return err_set(err,
                   "%.120s and %.120s have no site in common; %.90s is one of "
                   "the first's",
                   files->on_show[0].updates->what, of->updates->what,
                   files->on_show[0].updates->site[0].name);
}

static void make_map(struct files *files)
{
    const char **name = xcalloc((size_t)files->site_count + 1, sizeof *name);
    for (int s = 0; s < files->site_count; s++)
        for (int f = files->count - 1; f >= 0; f--)
            if (files->on_show[f].site[s].is_there)
                name[s] = files->on_show[f].site[s].name;
    files->map = site_map_new(name, files->site_count);
    for (int s = 0; s < files->site_count; s++)
        files->model.site[s].layer = files->map->place[s].row;
    mem_free(name);
}

static void make_room(struct on_show *of, size_t sites)
{
    of->at = xcalloc(sites, sizeof *of->at);
    of->sight = xcalloc(sites, sizeof *of->sight);
    of->site = xcalloc(sites, sizeof *of->site);
    for (size_t s = 0; s < sites; s++) {
        of->at[s] = -1;
        of->sight[s].base_norm = of->sight[s].floor = NAN;
    }
}

/* Both, by their names, into one list of sites. */
static int face(struct files *files, struct err *err)
{
    size_t sites = 1;
    for (int f = 0; f < files->count; f++)
        sites += (size_t)files->on_show[f].updates->count;
    files->model.site = xcalloc(sites, sizeof *files->model.site);
    files->model.base.site = xcalloc(sites, sizeof *files->model.base.site);
    for (int f = 0; f < files->count; f++)
        make_room(&files->on_show[f], sites);
    for (int f = 0; f < files->count; f++)
        if (take_sites(files, f, err) < 0)
            return -1;
    files->model.site_count = files->site_count;
    if (files->site_count == 0)
        return err_set(err, "%s: holds no site to look at",
                       files->on_show[0].updates->what);
    return 0;
}

/* A file's name without its ending: columns are few. */
static void name_of(char *to, size_t size, const char *name)
{
    const char *dot = strrchr(name, '.');
    bool is_ending = dot && dot > name && adapter_find_is_tensors(name);
    (void)snprintf(to, size, "%.*s",
                   is_ending ? (int)(dot - name) : (int)strlen(name), name);
}

static void name_files(struct files *files)
{
    struct on_show *one = &files->on_show[0], *other = &files->on_show[1];
    for (int f = 0; f < files->count; f++)
        name_of(files->on_show[f].name, sizeof one->name,
                files->on_show[f].updates->name);
    (void)snprintf(files->title, sizeof files->title, "%s%s%s", one->name,
                   files->count > 1 ? " and " : "", other->name);
}

static void describe(struct files *files, const struct files_ask *ask)
{
    for (int f = 0; f < files->count; f++) {
        struct on_show *of = &files->on_show[f];
        of->view = (struct file_view){.path = ask->path[f],
                                      .kind = of->updates->kind,
                                      .count = of->updates->count,
                                      .site = of->site};
        updates_facts(&of->view.facts, of->updates);
        of->moment =
            moment_new(of->name, "", of->updates->step, files->site_count);
        of->moment->run = f;
    }
}

struct files *files_open(const struct files_ask *ask, struct err *err)
{
    struct files *files = xcalloc(1, sizeof *files);
    if (mailbox_init(&files->mailbox, err) < 0) {
        mem_free(files);
        return NULL;
    }
    for (int f = 0; f < FILES_MOST && ask->path[f]; f++) {
        struct updates_ask what = {
            .path = ask->path[f], .base = ask->base, .assets = ask->assets};
        files->on_show[f].updates = updates_open(&what, err);
        if (!files->on_show[f].updates)
            goto refused;
        files->count++;
    }
    if (face(files, err) < 0)
        goto refused;
    name_files(files);
    describe(files, ask);
    make_map(files);
    files->book = chance_book_new();
    files->ground = ground_new(&files->model);
    files_publish(files);
    return files;
refused:
    files_close(files);
    return NULL;
}

/* --- the thread -------------------------------------------------------------
 */

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void publish(struct files *files)
{
    files_publish(files);
    files->published = seconds_now();
}

/* The chosen site, of every file that has it. */
static bool measure_site(struct files *files, int site)
{
    bool is_new = false;
    if (site < 0 || site >= files->site_count)
        return false;
    for (int f = 0; f < files->count; f++) {
        struct on_show *of = &files->on_show[f];
        if (of->at[site] < 0 || of->sight[site].is_known)
            continue;
        files_measure(files, f, site);
        of->view.known++;
        is_new = true;
    }
    return is_new;
}

/* What is asked, if it is not known yet. */
static bool answer(struct files *files)
{
    struct question asked = mailbox_asked(&files->mailbox);
    bool is_new = measure_site(files, asked.site);
    return files_answer(files, &asked) || is_new;
}

static bool measure_next(struct files *files)
{
    for (int s = 0; s < files->site_count; s++)
        if (measure_site(files, s))
            return true;
    return false;
}

static void *files_main(void *ctx)
{
    struct files *files = ctx;
    linalg_thread_init();
    while (!mailbox_stopping(&files->mailbox)) {
        bool is_answered = answer(files);
        bool is_measured = !is_answered && measure_next(files);
        double since = seconds_now() - files->published;
        if (is_answered || (is_measured && since >= publish_seconds))
            publish(files);
        if (is_answered || is_measured)
            continue;
        publish(files); /* the last ones */
        mailbox_settle(&files->mailbox, "");
        mailbox_sleep(&files->mailbox);
    }
    return NULL;
}

/* --- the door ---------------------------------------------------------------
 */

int files_start(struct files *files, struct err *err)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before); /* workers block signals */
    int failed = pthread_create(&files->thread, NULL, files_main, files);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return err_set(err, "no thread to look at the file: %s",
                       strerror(failed));
    files->is_started = true;
    return 0;
}

const struct snapshot *files_look(struct files *files)
{
    return mailbox_look(&files->mailbox);
}

void files_ask(struct files *files, const struct question *question)
{
    mailbox_ask(&files->mailbox, question);
}

int files_wake_fd(const struct files *files)
{
    return files->mailbox.wake[0];
}

void files_wait(struct files *files)
{
    struct err ignored; /* looking at sites settles without trouble */
    (void)mailbox_await(&files->mailbox, &ignored);
}

static void close_one(struct on_show *of, int sites)
{
    for (int s = 0; of->sight && s < sites; s++)
        mem_free(of->sight[s].sigma);
    mem_free(of->sight);
    mem_free(of->site);
    mem_free(of->at);
    moment_release(of->moment);
    updates_close(of->updates);
}

void files_close(struct files *files)
{
    if (!files)
        return;
    if (files->is_started) {
        mailbox_stop(&files->mailbox);
        (void)pthread_join(files->thread, NULL);
    }
    mailbox_free(&files->mailbox);
    for (int kind = 0; kind < STUDY_KINDS; kind++)
        study_release(files->study[kind]);
    ground_free(&files->ground);
    chance_book_release(files->book);
    for (int f = 0; f < FILES_MOST; f++)
        close_one(&files->on_show[f], files->site_count);
    site_map_free(files->map);
    mem_free(files->model.site);
    mem_free(files->model.base.site);
    mem_free(files);
}
