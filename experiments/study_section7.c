/*
 * Section 7 of the LoRA paper (Hu et al. 2021) on three LoRA runs: a low rank,
 * a high one, and a second seed of the high one.  Figures 3 and 4 are
 * phi(i, j) of A's right singular vectors, as in the paper, and of dW's, which
 * do not depend on how dW is factored; Table 7 is amplification.  Controls are
 * uniformly random subspaces, which is what the right singular vectors of a
 * Gaussian matrix span.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "experiments/directions.h"

enum { LOW, HIGH, SEED, RUNS };

static const enum site_kind targets[SECTION7_TARGETS] = {SITE_Q, SITE_V};

struct seven {
    struct study *study;
    struct ground *ground;
    const struct moment *run[RUNS];
    const struct operand *asked[RUNS];
};

/* What three runs have at one site. */
struct look {
    const struct spectrum *base;
    struct spectrum dw[RUNS];
    struct dmat factor[RUNS], delta[RUNS]; /* (n, rank), input side */
};

static void look_free(struct look *look)
{
    for (int i = 0; i < RUNS; i++) {
        spectrum_free(&look->dw[i]);
        dmat_free(&look->factor[i]);
        dmat_free(&look->delta[i]);
    }
}

/* Fewer columns where A and dW are not of one rank. */
static void level(struct dmat *one, struct dmat *other)
{
    int cols = one->cols < other->cols ? one->cols : other->cols;
    one->cols = other->cols = cols;
}

static int look_at(struct look *look, const struct seven *of, int site,
                   struct err *err)
{
    const struct model *model = of->ground->model;
    *look = (struct look){.base = ground_base(of->ground, site, err)};
    if (!look->base)
        return -1;
    for (int i = 0; i < RUNS; i++) {
        int most = model->site[site].in;
        if (directions_check(model, of->run[i], of->asked[i], site, err) ||
            directions_take(&look->factor[i], model, of->run[i], site,
                            SIDE_INPUT, OVERLAP_OF_FACTOR, most, err) ||
            directions_spectrum(&look->dw[i], model, of->run[i], site, err))
            return -1;
        look->delta[i] = directions_of(&look->dw[i], SIDE_INPUT, most);
        level(&look->factor[i], &look->delta[i]);
    }
    return 0;
}

static const double *overlap(struct study *study, struct dmat a, struct dmat b)
{
    double *phi =
        study_take(study, (size_t)a.cols * (size_t)b.cols, sizeof *phi);
    overlap_phi(dmat_of(phi, a.cols, b.cols), a, b);
    return phi;
}

static struct section7_grid compare(struct study *study,
                                    const struct look *look, int a, int b)
{
    return (struct section7_grid){
        .n = look->factor[a].rows,
        .rows = look->factor[a].cols,
        .cols = look->factor[b].cols,
        .factor = overlap(study, look->factor[a], look->factor[b]),
        .delta = overlap(study, look->delta[a], look->delta[b])};
}

/* As many random directions as the high rank has, twice, in the stream of
 * controls: 2 t and 2 t + 1, so no two of the study are the same. */
static int control(struct section7_grid *to, struct study *study, int target,
                   int n, int rank, struct err *err)
{
    struct dmat a = dmat_new(n, rank), b = dmat_new(n, rank);
    uint64_t index = 2 * (uint64_t)target;
    int status = subspace_random(a, 0, index, err) ||
                         subspace_random(b, 0, index + 1, err)
                     ? -1
                     : 0;
    *to = (struct section7_grid){.n = n, .rows = rank, .cols = rank};
    if (status == 0)
        to->factor = to->delta = overlap(study, a, b);
    dmat_free(&a);
    dmat_free(&b);
    return status;
}

/* All of one target at the layer shown. */
static int show(const struct seven *of, int target, struct err *err)
{
    struct study *study = of->study;
    struct section7_study *to = &study->section7;
    const struct model *model = of->ground->model;
    int site = model_site_of(model, targets[target], to->layer);
    struct look look;
    int status = look_at(&look, of, site, err);
    if (status == 0) {
        (void)snprintf(to->target[target].site, sizeof to->target[target].site,
                       "%s", model->site[site].name);
        to->target[target].ranks = compare(study, &look, LOW, HIGH);
        to->target[target].seeds = compare(study, &look, HIGH, SEED);
        for (int i = LOW; i <= HIGH; i++)
            to->target[target].amplification[i] = amplification_of(
                &look.dw[i], look.base, spectrum_rank(&look.dw[i]));
        to->target[target].base_norm =
            to->target[target].amplification[LOW].base_norm;
        status = control(&to->target[target].control, study, target,
                         look.factor[HIGH].rows, look.factor[HIGH].cols, err);
    }
    look_free(&look);
    return status;
}

/* phi(1, 1) without the others. */
static double top_of(struct dmat a, struct dmat b)
{
    double phi;
    overlap_phi(dmat_of(&phi, 1, 1), dmat_cols(a, 0, 1), dmat_cols(b, 0, 1));
    return phi;
}

/* Means over all layers that the three runs adapt. */
static int average(const struct seven *of, int target, struct err *err)
{
    struct section7_study *to = &of->study->section7;
    double ranks = 0, seeds = 0, rho[2] = {0};
    int count = 0;
    for (int layer = 0; layer < to->layers; layer++) {
        int site = model_site_of(of->ground->model, targets[target], layer);
        struct look look;
        if (!of->run[LOW]->site[site].adapted ||
            !of->run[HIGH]->site[site].adapted ||
            !of->run[SEED]->site[site].adapted)
            continue;
        if (look_at(&look, of, site, err)) {
            look_free(&look);
            return -1;
        }
        ranks += top_of(look.factor[LOW], look.factor[HIGH]);
        seeds += top_of(look.factor[HIGH], look.factor[SEED]);
        for (int i = LOW; i <= HIGH; i++)
            rho[i] += amplification_of(&look.dw[i], look.base,
                                       spectrum_rank(&look.dw[i]))
                          .rho;
        look_free(&look);
        count++;
    }
    to->target[target].mean_top_ranks = ranks / count;
    to->target[target].mean_top_seeds = seeds / count;
    for (int i = LOW; i <= HIGH; i++)
        to->target[target].mean_rho[i] = rho[i] / count;
    return 0;
}

/* That there are three LoRA runs, the second above the first. */
static int check(const struct seven *of, struct err *err)
{
    const struct moment *const *run = of->run;
    for (int i = 0; i < RUNS; i++) {
        if (!run[i])
            return directions_check(of->ground->model, NULL, of->asked[i], 0,
                                    err);
        if (moment_is_dense(run[i]))
            return err_set(err,
                           "%s has no factors: section 7 compares LoRA runs",
                           run[i]->name);
    }
    if (run[HIGH] == run[SEED] || (run[HIGH]->run == run[SEED]->run &&
                                   run[HIGH]->step == run[SEED]->step))
        return err_set(err,
                       "%s stands twice: two seeds need two runs of one rank "
                       "that differ in the seed",
                       run[HIGH]->name);
    return 0;
}

/* W_q and W_v of the chosen site's layer; the head has none. */
static int choose_layer(struct section7_study *to, const struct model *model,
                        int site)
{
    int layers = model->conf.layers;
    bool inside = site >= 0 && site < model->site_count &&
                  model->site[site].layer < layers;
    to->layers = layers;
    return inside ? model->site[site].layer : layers / 2;
}

static int check_ranks(const struct seven *of, struct err *err)
{
    struct section7_study *to = &of->study->section7;
    int site = model_site_of(of->ground->model, SITE_Q, to->layer);
    for (int i = 0; i < RUNS; i++)
        if (directions_check(of->ground->model, of->run[i], of->asked[i], site,
                             err))
            return -1;
    to->low = of->run[LOW]->site[site].rank;
    to->high = of->run[HIGH]->site[site].rank;
    if (to->low >= to->high)
        return err_set(err,
                       "%s has rank %d at %s and %s has %d: the second must "
                       "have more",
                       of->run[LOW]->name, to->low,
                       of->ground->model->site[site].name, of->run[HIGH]->name,
                       to->high);
    return 0;
}

static void date(const struct seven *of, char *aside, size_t size)
{
    struct section7_study *to = &of->study->section7;
    const struct moment *const *run = of->run;
    to->step = run[LOW]->step;
    to->steps = run[LOW]->steps;
    bool same = true;
    for (int i = HIGH; i < RUNS; i++) {
        same = same && run[i]->step == run[LOW]->step;
        to->step = run[i]->step < to->step ? run[i]->step : to->step;
        to->steps = run[i]->steps > to->steps ? run[i]->steps : to->steps;
    }
    of->study->step = to->step;
    aside[0] = '\0';
    if (!same)
        (void)snprintf(aside, size, "  Steps differ: %ld, %ld and %ld.",
                       run[LOW]->step, run[HIGH]->step, run[SEED]->step);
}

static int answer(const struct seven *of, int site, struct err *err)
{
    struct section7_study *to = &of->study->section7;
    char aside[96];
    if (check(of, err))
        return -1;
    to->layer = choose_layer(to, of->ground->model, site);
    if (check_ranks(of, err))
        return -1;
    directions_name(to->name_low, of->asked[LOW], of->run[LOW]);
    directions_name(to->name_high, of->asked[HIGH], of->run[HIGH]);
    directions_name(to->name_seed, of->asked[SEED], of->run[SEED]);
    for (int target = 0; target < SECTION7_TARGETS; target++)
        if (show(of, target, err) || average(of, target, err))
            return -1;
    date(of, aside, sizeof aside);
    section7_judge(to, aside);
    return 0;
}

const struct study *study_section7(struct ground *ground,
                                   const struct question *question,
                                   const struct moment *low,
                                   const struct moment *high,
                                   const struct moment *seed)
{
    struct study *study = study_new(STUDY_SECTION7, question);
    const struct seven of = {
        .study = study,
        .ground = ground,
        .run = {low, high, seed},
        .asked = {&question->a, &question->b, &question->c}};
    struct err err = {""};
    if (answer(&of, question->site, &err)) {
        study->section7 = (struct section7_study){0};
        study->step = -1;
        return study_refuse(study, "%s", err.text);
    }
    return study;
}
