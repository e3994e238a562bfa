/*
 * One update against the W0 it changes: amplification (Hu et al. 2021, Table
 * 7), how much of dW lies in the leading directions of W0, and intruder
 * dimensions (Shuttleworth et al. 2025) with what scaling them by lambda does
 * to both losses:
 *   W(lambda) = W0 + dW + (lambda - 1) sum over intruders of sigma_j y_j z_j^T.
 */
#include <math.h>

#include "core/base/mem.h"
#include "experiments/directions.h"

static const double enough = 0.9; /* of dW's energy: k_0.9^base */

static void amplify(struct base_study *to, const struct spectrum *dw,
                    const struct spectrum *base)
{
    int rank = spectrum_rank(dw);
    for (int r = 1; r < rank; r *= 2) {
        if (to->amplification_count == BASE_AMPLIFICATIONS - 1)
            break;
        to->amplification[to->amplification_count++] =
            amplification_of(dw, base, r);
    }
    to->amplification[to->amplification_count++] =
        amplification_of(dw, base, rank);
}

static void align(struct study *study, const struct spectrum *dw,
                  const struct spectrum *base)
{
    struct base_study *to = &study->base;
    to->curve_count = base->count;
    for (int side = 0; side < 2; side++) {
        double *share = study_take(study, (size_t)base->count, sizeof *share);
        alignment_curve(share, dw, base, (enum side)side);
        to->alignment[side] = share;
        to->align90[side] = alignment_rank(share, base->count, enough);
    }
}

/* Enough to see a loss move, few enough for sliders. */
enum { LAMBDA_SEQUENCES = 32 };

/* Both losses with the intruders of the side asked for scaled at this site. */
static void scale(struct base_study *to, const struct ground *ground,
                  const struct question *asked, const struct moment *moment,
                  const struct spectrum *tuned)
{
    const struct intruders *of = &to->intruders[asked->side];
    struct rebuilt room = rebuilt_new(ground->model);
    struct mat w = room.weights.site[asked->site];
    int starts[2][LAMBDA_SEQUENCES + 1];
    struct batch task =
        ground_few(ground->held_out, LAMBDA_SEQUENCES, starts[0]);
    struct batch corpus =
        ground_few(ground->corpus, LAMBDA_SEQUENCES, starts[1]);
    rebuilt_moment(&room, moment);
    to->lambda_count = BASE_LAMBDAS;
    for (int i = 0; i < BASE_LAMBDAS; i++) {
        to->lambda[i] = 0.25 * i;
        rebuilt_site(&room, moment, asked->site);
        intruders_scale(w, tuned, of, asked->epsilon, asked->top,
                        to->lambda[i]);
        to->task_loss[i] = ground_loss(ground, &room.weights, &task, NULL);
        to->forget_loss[i] = ground_loss(ground, &room.weights, &corpus, NULL);
    }
    rebuilt_free(&room);
}

static int intrude(struct base_study *to, struct ground *ground,
                   const struct question *asked, const struct moment *moment,
                   const struct spectrum *base, struct err *err)
{
    const struct site *site = &ground->model->site[asked->site];
    struct mat w = mat_new(site->out, site->in);
    struct spectrum tuned;
    specimen_write(w, ground->model->base.site[asked->site],
                   &moment->site[asked->site]);
    int status = spectrum_of_matrix(&tuned, w, WITH_VECTORS, err);
    mat_free(&w);
    if (status < 0)
        return err_prefix(err, "W0 + dW of %s at %s", moment->name, site->name);
    for (int side = 0; side < 2; side++)
        intruders_find(&to->intruders[side], base, &tuned, (enum side)side,
                       STUDY_CLUSTER_GAP);
    to->intruder_count = intruders_count(&to->intruders[asked->side],
                                         asked->epsilon, asked->top, false);
    bool measurable =
        ground->pass && ground->held_out && ground->held_out->targets > 0;
    if (to->intruder_count > 0 && measurable)
        scale(to, ground, asked, moment, &tuned);
    spectrum_free(&tuned);
    return 0;
}

const struct study *study_base(struct ground *ground,
                               const struct question *question,
                               const struct moment *moment)
{
    struct study *study = study_new(STUDY_BASE, question);
    struct base_study *to = &study->base;
    const struct spectrum *base = NULL;
    struct spectrum dw = {0};
    struct err err = {""};
    int site = question->site;
    if (directions_check(ground->model, moment, &question->a, site, &err) ||
        !(base = ground_base(ground, site, &err)) ||
        directions_spectrum(&dw, ground->model, moment, site, &err) ||
        intrude(to, ground, question, moment, base, &err)) {
        spectrum_free(&dw);
        return study_refuse(study, "%s", err.text);
    }
    study->step = moment->step;
    directions_name(to->name, &question->a, moment);
    to->out = base->out;
    to->in = base->in;
    amplify(to, &dw, base);
    align(study, &dw, base);
    spectrum_free(&dw);
    return study;
}
