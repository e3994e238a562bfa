/*
 * What studies stand on: spectra of W0, made once, and losses on a few
 * sequences.
 */
#include "experiments/study.h"

#include <math.h>

#include "core/base/mem.h"

/* Activations of eight sequences fit a cache; more would only take memory. */
enum { GROUND_SEQUENCES = 8 };

struct ground ground_new(const struct model *model)
{
    struct ground made = {.model = model};
    made.base = xcalloc((size_t)model->site_count, sizeof *made.base);
    return made;
}

void ground_free(struct ground *ground)
{
    for (int i = 0; ground->base && i < ground->model->site_count; i++)
        spectrum_free(&ground->base[i]);
    mem_free(ground->base);
    *ground = (struct ground){0};
}

const struct spectrum *ground_base(struct ground *ground, int site,
                                   struct err *err)
{
    struct spectrum *base = &ground->base[site];
    if (base->count == 0 &&
        spectrum_of_matrix(base, ground->model->base.site[site], WITH_VECTORS,
                           err) < 0) {
        err_prefix(err, "W0 of %s", ground->model->site[site].name);
        return NULL;
    }
    return base;
}

bool ground_stops(const struct ground *ground)
{
    return ground->stop && atomic_load(ground->stop);
}

double ground_loss(const struct ground *ground, const struct weights *weights,
                   const struct batch *batch, double *exact)
{
    struct score sum = {0};
    int sequences = batch && ground->pass ? batch->sequences : 0;
    int parts = (sequences + GROUND_SEQUENCES - 1) / GROUND_SEQUENCES;
    for (int i = 0; i < parts; i++) {
        int starts[GROUND_SEQUENCES + 1];
        if (ground_stops(ground))
            return NAN;
        struct batch slice = batch_slice(batch, i, parts, starts);
        struct score score = pass_score(ground->pass, weights, &slice);
        sum.loss += score.loss;
        sum.targets += score.targets;
        sum.exact += score.exact;
        sum.sequences += score.sequences;
    }
    if (exact)
        *exact =
            sum.sequences ? (double)sum.exact / (double)sum.sequences : NAN;
    return sum.targets ? sum.loss / (double)sum.targets : NAN;
}

struct batch ground_few(const struct batch *all, int most, int *starts)
{
    if (!all)
        return (struct batch){0};
    int parts = (all->sequences + most - 1) / most;
    return batch_slice(all, 0, parts > 0 ? parts : 1, starts);
}
