/*
 * What the thread of files finds out: the spectrum of a site, and studies of
 * what is held in memory for just one of them.
 */
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/files_private.h"
#include "experiments/study_owned.h"

/* The null of a larger dense matrix takes seconds to draw. */
enum { CHANCE_MOST = 1024 };

static int take_spectrum(struct sight *to, const struct held *held,
                         struct err *err)
{
    struct spectrum spectrum = {0};
    if (update_spectrum(&spectrum, &held->update, VALUES_ONLY, err) < 0)
        return -1;
    to->count = spectrum.count;
    to->sigma = xcalloc((size_t)spectrum.count + 1, sizeof *to->sigma);
    if (!update_is_zero(&held->update)) /* not the rounding of zero */
        memcpy(to->sigma, spectrum.sigma,
               (size_t)spectrum.count * sizeof *to->sigma);
    spectrum_free(&spectrum);
    return 0;
}

static void draw_chance(struct files *files, const struct update_site *of)
{
    int smaller = of->out < of->in ? of->out : of->in;
    if (of->rank > 0 || smaller <= CHANCE_MOST)
        (void)chance_book_draw(files->book, of->out, of->in, of->rank);
}

void files_measure(struct files *files, int file, int site)
{
    struct on_show *of = &files->on_show[file];
    struct sight *to = &of->sight[site];
    struct held held;
    if (updates_take(&held, of->updates, of->at[site], &to->trouble) == 0) {
        (void)take_spectrum(to, &held, &to->trouble);
        if (of->view.kind == STORED_DELTA)
            to->floor = held.floor;
        if (held.w0.at && of->view.kind != STORED_WEIGHTS)
            to->base_norm = sqrt(mat_norm_squared(held.w0));
        updates_put(&held);
    }
    draw_chance(files, &of->updates->site[of->at[site]]);
    to->is_known = true;
}

/* --- studies ----------------------------------------------------------------
 */

/* Windows on what is held, or nothing, for one site of a file's moment. */
static void show_site(struct on_show *of, int site, const struct held *held)
{
    struct specimen *to = &of->moment->site[site];
    *to = (struct specimen){.adapted = held != NULL};
    if (held) {
        to->update = held->update;
        to->rank = held->update.a.rows;
    }
}

static const struct study *ask_study(struct files *files,
                                     const struct question *question,
                                     const struct held held[FILES_MOST])
{
    const struct moment *of[2] = {NULL, NULL};
    const struct operand *operand[2] = {&question->a, &question->b};
    int a = question->a.run;
    bool needs_base =
        question->kind == STUDY_BASE || question->b.kind == OPERAND_BASE;
    if (needs_base &&
        (!held[a].w0.at || files->on_show[a].view.kind == STORED_WEIGHTS))
        return study_refuse(study_new(question->kind, question),
                            "W0 is not known: leave with q and open it with "
                            "its base, rankscope open %.160s --base BASE",
                            files->on_show[a].view.path);
    for (int i = 0; i < 2; i++)
        if (operand[i]->kind == OPERAND_RUN && operand[i]->run >= 0 &&
            operand[i]->run < files->count)
            of[i] = files->on_show[operand[i]->run].moment;
    files->model.base.site[question->site] = held[a].w0;
    return question->kind == STUDY_BASE
               ? study_base(&files->ground, question, of[0])
               : study_overlap(&files->ground, question, of[0], of[1], NULL, 0);
}

static const struct study *take_and_ask(struct files *files,
                                        const struct question *question)
{
    struct held held[FILES_MOST] = {{.floor = 0}};
    struct err err = {""};
    const struct study *study = NULL;
    int site = question->site, status = 0;
    for (int f = 0; status == 0 && f < files->count; f++) {
        struct on_show *of = &files->on_show[f];
        if (of->at[site] < 0)
            continue;
        status = updates_take(&held[f], of->updates, of->at[site], &err);
        if (status == 0)
            show_site(of, site, &held[f]);
    }
    study = status == 0 ? ask_study(files, question, held)
                        : study_refuse(study_new(question->kind, question),
                                       "%s", err.text);
    files->model.base.site[site] = (struct mat){0};
    for (int f = 0; f < files->count; f++) {
        show_site(&files->on_show[f], site, NULL);
        updates_put(&held[f]);
    }
    return study;
}

bool files_answer(struct files *files, const struct question *question)
{
    const struct study **to = &files->study[question->kind];
    bool is_ours =
        question->kind == STUDY_OVERLAP || question->kind == STUDY_BASE;
    bool is_here = question->site >= 0 && question->site < files->site_count &&
                   question->a.run >= 0 && question->a.run < files->count;
    if (!question->is_asked || !is_ours || !is_here ||
        (*to && question_same(&(*to)->asked, question)))
        return false;
    study_release(*to);
    *to = take_and_ask(files, question);
    return true;
}
