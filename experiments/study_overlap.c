/*
 * What two updates share at one site: overlaps phi(i, j) and principal angles
 * of their leading directions, the inner product of the updates themselves,
 * and how it came about through time (PRIOR_ART 4.7).  Either may be W0 or a
 * random subspace instead.  A full update has min(out, in) directions and W0
 * too: the 64 leading ones are taken.
 */
#include <math.h>

#include "experiments/directions.h"

enum { LEFT, RIGHT };

struct pair {
    const struct operand *operand[2];
    const struct moment *moment[2]; /* NULL: no run */
    struct dmat u[2];               /* (n, directions) */
};

static int take_base(struct dmat *to, struct ground *ground,
                     const struct question *question, struct err *err)
{
    const struct spectrum *base = ground_base(ground, question->site, err);
    if (!base)
        return -1;
    *to = directions_of(base, question->side, DIRECTIONS_MOST);
    return to->cols > 0 ? 0
                        : err_set(err, "W0 of %s is zero: no directions",
                                  ground->model->site[question->site].name);
}

/* Runs and W0; what is random waits until it is known how much is needed. */
static int take_given(struct pair *pair, int which, struct ground *ground,
                      const struct question *question, struct err *err)
{
    const struct operand *operand = pair->operand[which];
    const struct moment *moment = pair->moment[which];
    switch (operand->kind) {
    case OPERAND_RANDOM:
        return 0;
    case OPERAND_BASE:
        return take_base(&pair->u[which], ground, question, err);
    case OPERAND_RUN:
        break;
    }
    return directions_check(ground->model, moment, operand, question->site,
                            err) ||
                   directions_take(&pair->u[which], ground->model, moment,
                                   question->site, question->side, question->of,
                                   DIRECTIONS_MOST, err)
               ? -1
               : 0;
}

static int take_random(struct pair *pair, int which, int site, int n,
                       struct err *err)
{
    if (pair->operand[which]->kind != OPERAND_RANDOM)
        return 0;
    int other = pair->u[1 - which].cols;
    int most = n < DIRECTIONS_MOST ? n : DIRECTIONS_MOST;
    pair->u[which] = dmat_new(n, other ? other : most);
    /* An index each, or random would be compared with itself, and every site
     * of one width with the same directions. */
    return subspace_random(pair->u[which], 0, (uint64_t)(2 * site + which),
                           err);
}

/* "the updates of r8 (128, 128) and of r4 (64, 64) ..." */
static int check_shapes(const struct pair *pair, int site, struct err *err)
{
    const struct moment *a = pair->moment[LEFT], *b = pair->moment[RIGHT];
    if (!a || !b || site < 0 || site >= a->site_count || site >= b->site_count)
        return 0; /* said elsewhere */
    const struct update *one = &a->site[site].update;
    const struct update *other = &b->site[site].update;
    if (!a->site[site].adapted || !b->site[site].adapted ||
        (one->out == other->out && one->in == other->in))
        return 0;
    return err_set(err,
                   "the update of %s is (%d, %d), that of %s is (%d, %d): only "
                   "updates of one shape can be compared",
                   a->name, one->out, one->in, b->name, other->out, other->in);
}

static int take_pair(struct pair *pair, struct ground *ground,
                     const struct question *question, struct err *err)
{
    int site = question->site;
    if (site < 0 || site >= ground->model->site_count)
        return err_set(err, "no site is chosen: choose one of the model's %d",
                       ground->model->site_count);
    const struct site *at = &ground->model->site[site];
    int n = question->side == SIDE_INPUT ? at->in : at->out;
    return check_shapes(pair, site, err) ||
                   take_given(pair, LEFT, ground, question, err) ||
                   take_given(pair, RIGHT, ground, question, err) ||
                   take_random(pair, LEFT, site, n, err) ||
                   take_random(pair, RIGHT, site, n, err)
               ? -1
               : 0;
}

/* Cosine and energy of the updates themselves, all directions of them. */
static void weigh(struct overlap_study *to, const struct pair *pair, int site)
{
    to->cosine = to->energy_ratio = NAN;
    if (!pair->moment[LEFT] || !pair->moment[RIGHT])
        return;
    const struct update *one = &pair->moment[LEFT]->site[site].update;
    const struct update *other = &pair->moment[RIGHT]->site[site].update;
    double inner = update_inner(one, other);
    double first = update_inner(one, one), second = update_inner(other, other);
    to->cosine = inner / (sqrt(first) * sqrt(second));
    to->energy_ratio = 1 + 2 * inner / (first + second);
}

static int share(struct study *study, const struct pair *pair, struct err *err)
{
    struct overlap_study *to = &study->overlap;
    struct dmat a = pair->u[LEFT], b = pair->u[RIGHT];
    size_t cells = (size_t)a.cols * (size_t)b.cols;
    to->n = a.rows;
    to->rows = a.cols;
    to->cols = b.cols;
    to->angle_count = a.cols < b.cols ? a.cols : b.cols;
    double *phi = study_take(study, cells, sizeof *phi);
    double *angle = study_take(study, (size_t)to->angle_count, sizeof *angle);
    overlap_phi(dmat_of(phi, a.cols, b.cols), a, b);
    to->phi = phi;
    to->angle = angle;
    if (principal_angles(angle, a, b, err))
        return -1;
    to->distances = subspace_distances(angle, to->angle_count);
    return 0;
}

/* phi(1, 1) and phi(k, k) of one moment of a's past; NaN: nothing then. */
static void share_then(double *top, double *all, const struct moment *moment,
                       const struct model *model,
                       const struct question *question, struct dmat b)
{
    struct dmat a;
    *top = *all = NAN;
    if (directions_check(model, moment, NULL, question->site, NULL) ||
        directions_take(&a, model, moment, question->site, question->side,
                        question->of, DIRECTIONS_MOST, NULL))
        return;
    struct dmat phi = dmat_new(a.cols, b.cols);
    int k = a.cols < b.cols ? a.cols : b.cols;
    if (k > 0) {
        overlap_phi(phi, a, b);
        *top = phi.at[0];
        *all = dmat_row(phi, k - 1)[k - 1];
    }
    dmat_free(&phi);
    dmat_free(&a);
}

static void follow(struct study *study, const struct model *model,
                   const struct moment *const *trail, int count, struct dmat b)
{
    struct overlap_study *to = &study->overlap;
    long *step = study_take(study, (size_t)count, sizeof *step);
    double *top = study_take(study, (size_t)count, sizeof *top);
    double *all = study_take(study, (size_t)count, sizeof *all);
    for (int i = 0; i < count; i++) {
        step[i] = trail[i] ? trail[i]->step : -1;
        share_then(&top[i], &all[i], trail[i], model, &study->asked, b);
    }
    to->trail_count = count;
    to->trail_step = step;
    to->trail_top = top;
    to->trail_all = all;
}

const struct study *
study_overlap(struct ground *ground, const struct question *question,
              const struct moment *a, const struct moment *b,
              const struct moment *const *trail, int trail_count)
{
    struct study *study = study_new(STUDY_OVERLAP, question);
    struct overlap_study *to = &study->overlap;
    bool is_run[] = {question->a.kind == OPERAND_RUN,
                     question->b.kind == OPERAND_RUN};
    struct pair pair = {
        .operand = {&question->a, &question->b},
        .moment = {is_run[LEFT] ? a : NULL, is_run[RIGHT] ? b : NULL}};
    struct err err = {""};
    directions_name(to->name_a, &question->a, pair.moment[LEFT]);
    directions_name(to->name_b, &question->b, pair.moment[RIGHT]);
    if (take_pair(&pair, ground, question, &err) || share(study, &pair, &err)) {
        study->overlap = (struct overlap_study){0};
        (void)study_refuse(study, "%s", err.text);
        goto out;
    }
    weigh(to, &pair, question->site);
    const struct moment *dated = pair.moment[is_run[LEFT] ? LEFT : RIGHT];
    study->step = dated ? dated->step : -1;
    follow(study, ground->model, trail, is_run[LEFT] ? trail_count : 0,
           pair.u[RIGHT]);
out:
    dmat_free(&pair.u[LEFT]);
    dmat_free(&pair.u[RIGHT]);
    return study;
}
