/*
 * See directions.h.  Vectors of singular values that are zero are any that
 * complete a basis, so they are left out: they would overlap by chance.
 */
#include "experiments/directions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

void directions_name(char *to, const struct operand *operand,
                     const struct moment *moment)
{
    if (operand->kind == OPERAND_BASE)
        (void)snprintf(to, STUDY_NAME, "W0");
    else if (operand->kind == OPERAND_RANDOM)
        (void)snprintf(to, STUDY_NAME, "random");
    else if (!moment)
        (void)snprintf(to, STUDY_NAME, "run %d", operand->run);
    else if (operand->step >= 0)
        (void)snprintf(to, STUDY_NAME, "%s at step %ld", moment->name,
                       moment->step);
    else
        (void)snprintf(to, STUDY_NAME, "%s", moment->name);
}

static int missing(const struct operand *asked, struct err *err)
{
    if (!asked)
        return err_set(err, "no run is chosen: nothing to compare");
    if (asked->step < 0)
        return err_set(err,
                       "no update of run %d is at hand: choose a run that is "
                       "still here",
                       asked->run);
    return err_set(err,
                   "nothing of run %d is kept at or before step %ld: choose a "
                   "later step",
                   asked->run, asked->step);
}

static int no_update(const struct model *model, const struct moment *moment,
                     int site, struct err *err)
{
    if (moment->step < 0)
        return err_set(err,
                       "the update of %s at %s is zero: nothing to compare",
                       moment->name, model->site[site].name);
    return err_set(err,
                   "%s has no update at %s yet (step %ld): nothing to compare",
                   moment->name, model->site[site].name, moment->step);
}

static bool is_finite(const struct update *update)
{
    return update_has_factors(update)
               ? mat_finite(update->bt) && mat_finite(update->a) &&
                     isfinite(update->scale)
               : mat_finite(update->dw);
}

int directions_check_finite(const struct model *model,
                            const struct moment *moment,
                            const struct operand *asked, int site,
                            struct err *err)
{
    if (!moment)
        return missing(asked, err);
    if (site < 0 || site >= model->site_count)
        return err_set(err, "no site is chosen: choose one of the model's %d",
                       model->site_count);
    if (moment->site_count != model->site_count)
        return err_set(err,
                       "%s is of a model with %d sites, this one has %d: "
                       "nothing to compare",
                       moment->name, moment->site_count, model->site_count);
    const struct site *at = &model->site[site];
    const struct specimen *of = &moment->site[site];
    if (!of->adapted)
        return err_set(err, "%s does not adapt %s: choose a site that it does",
                       moment->name, at->name);
    if (of->update.out != at->out || of->update.in != at->in)
        return err_set(err,
                       "%s: the update of %s is (%d, %d) but W0 is (%d, %d): "
                       "they are of different models",
                       at->name, moment->name, of->update.out, of->update.in,
                       at->out, at->in);
    if (!is_finite(&of->update))
        return err_set(err,
                       "the update of %s at %s holds NaN or Inf (step %ld): "
                       "nothing to compare",
                       moment->name, at->name, moment->step);
    return 0;
}

int directions_check(const struct model *model, const struct moment *moment,
                     const struct operand *asked, int site, struct err *err)
{
    if (directions_check_finite(model, moment, asked, site, err))
        return -1;
    return update_is_zero(&moment->site[site].update)
               ? no_update(model, moment, site, err)
               : 0;
}

int directions_spectrum(struct spectrum *to, const struct model *model,
                        const struct moment *moment, int site, struct err *err)
{
    if (update_spectrum(to, &moment->site[site].update, WITH_VECTORS, err))
        return err_prefix(err, "%s at %s", moment->name,
                          model->site[site].name);
    if (spectrum_rank(to) > 0)
        return 0;
    spectrum_free(to); /* factors that are not zero, but their product is */
    return no_update(model, moment, site, err);
}

struct dmat directions_of(const struct spectrum *spectrum, enum side side,
                          int most)
{
    int rank = spectrum_rank(spectrum), count = rank < most ? rank : most;
    bool input = side == SIDE_INPUT;
    int n = input ? spectrum->in : spectrum->out;
    struct dmat to = dmat_new(n, count);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < count; k++)
            dmat_row(to, i)[k] = input ? dmat_row(spectrum->vt, k)[i]
                                       : dmat_row(spectrum->u, i)[k];
    return to;
}

int directions_take(struct dmat *to, const struct model *model,
                    const struct moment *moment, int site, enum side side,
                    enum overlap_of of, int most, struct err *err)
{
    const struct update *update = &moment->site[site].update;
    struct spectrum spectrum;
    *to = (struct dmat){0};
    if (of == OVERLAP_OF_DELTA) {
        if (directions_spectrum(&spectrum, model, moment, site, err))
            return -1;
    } else if (!update_has_factors(update)) {
        return err_set(err,
                       "%s has no factors at %s: compare singular vectors of "
                       "dW instead",
                       moment->name, model->site[site].name);
    } else {
        /* Left vectors of B (out, r) are right ones of Bt. */
        struct mat factor = side == SIDE_INPUT ? update->a : update->bt;
        if (spectrum_of_matrix(&spectrum, factor, WITH_VECTORS, err))
            return err_prefix(err, "%s at %s", moment->name,
                              model->site[site].name);
        side = SIDE_INPUT;
    }
    *to = directions_of(&spectrum, side, most);
    spectrum_free(&spectrum);
    return 0;
}
