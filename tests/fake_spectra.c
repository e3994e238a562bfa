/*
 * Formulas; see fake_spectra.h.
 */
#include "tests/fake_spectra.h"

#include <math.h>
#include <string.h>

#include "analysis/noise.h"
#include "core/base/mem.h"

enum { SHAPES = 32 };

/* Drawn once a shape and kept to the end of the program: hundreds of
 * snapshots share them. */
static const struct chance *chance_of(const struct site *site, int rank)
{
    static struct chance *known[SHAPES];
    int i = 0;
    for (; i < SHAPES && known[i]; i++)
        if (known[i]->out == site->out && known[i]->in == site->in &&
            known[i]->rank == rank)
            return known[i];
    if (i == SHAPES)
        return NULL;
    return known[i] = chance_new(site->out, site->in, rank);
}

void fake_sigma(double *sigma, int count, int run, int site, int rank,
                double step)
{
    double grown = 1 - exp(-step / 200);
    /* The tail comes later than the first directions. */
    double length = (rank ? 3.0 + site % 4 : 9.0) * (0.4 + 0.6 * grown);
    for (int i = 0; i < count; i++) {
        double signal =
            (2.4 - 0.05 * (site % 7)) * pow(i + 1, -0.7) * exp(-i / length);
        double noise =
            rank ? 0 : 0.03 * marchenko_pastur_sigma(1 - (i + 0.5) / count, 1);
        sigma[i] = grown * hypot(signal, noise);
    }
    if (run == 1 && site == FAKE_COLLAPSED && count > 1)
        sigma[0] *= 1 + 2 * grown;
}

static double *take(int count)
{
    return xcalloc((size_t)count, sizeof(double));
}

static void add_norms(struct site_view *view, int s)
{
    double *norm = take(view->rank), *share = take(view->rank), sum = 0;
    for (int k = 0; k < view->rank; k++) {
        bool is_dead = s == FAKE_DEAD && view->rank > 1 && k % 3 == 1;
        norm[k] = 1.4 * exp(-0.4 * ((k * 5 + s) % 8)) * (is_dead ? 1e-3 : 1);
        share[k] = view->gradient_share[k] * (is_dead ? 0.02 : 1);
        sum += share[k];
    }
    for (int k = 0; k < view->rank; k++)
        share[k] /= sum;
    mem_free((void *)view->gradient_share);
    view->gradient_share = share;
    view->direction_norm = norm;
}

/* sigma_i^2 less, and a little that sigma does not know of. */
static void add_zeroed(struct site_view *view)
{
    int count = view->truncation_count - 1;
    double *loss = take(count), whole = view->truncation_loss[count];
    for (int i = 0; i < count; i++)
        loss[i] =
            whole +
            0.12 * view->sigma[i] * view->sigma[i] * (1 + 0.8 * cos(2.1 * i)) -
            0.0004 * (i % 5 == 4);
    view->zeroed_loss = loss;
}

static void add_cuts(struct run_view *run)
{
    run->cut_count = run->rank_high + 1;
    run->cut_step = run->step / 20 * 20;
    double *loss = take(run->cut_count);
    for (int k = 0; k < run->cut_count; k++)
        loss[k] = 0.28 + 2.6 * exp(-0.62 * k);
    run->cut_loss = loss;
}

static void add_moments(struct run_view *run, int site_count)
{
    enum { UNKNOWN = 3 }; /* the analyst has not come to it */
    int count =
        (int)((run->step + FAKE_SPECTRA_EVERY - 1) / FAKE_SPECTRA_EVERY);
    struct moment_view *moment = xcalloc((size_t)count, sizeof *moment);
    for (int m = 0; m < count; m++) {
        moment[m].step = (long)m * FAKE_SPECTRA_EVERY;
        if (m == UNKNOWN)
            continue;
        struct sigma_view *site = xcalloc((size_t)site_count, sizeof *site);
        for (int s = 0; s < site_count; s++) {
            if (!run->site[s].adapted || !run->site[s].sigma_count)
                continue;
            bool is_grown = run->site[s].rank == 16;
            site[s].rank =
                is_grown && moment[m].step <= 240 ? 8 : run->site[s].rank;
            site[s].count =
                site[s].rank ? site[s].rank : run->site[s].sigma_count;
            double *sigma = take(site[s].count);
            fake_sigma(sigma, site[s].count, run->id, s, site[s].rank,
                       (double)moment[m].step);
            site[s].sigma = sigma;
        }
        moment[m].site = site;
    }
    run->moment = moment;
    run->moment_count = count;
}

void fake_spectra_fill(struct snapshot *snapshot)
{
    for (int r = 0; r < snapshot->run_count; r++) {
        struct run_view *run = &snapshot->run[r];
        for (int s = 0; s < snapshot->site_count && run->step > 0; s++) {
            struct site_view *view = &run->site[s];
            if (!view->sigma_count)
                continue;
            view->chance = chance_of(&snapshot->site[s], view->rank);
            view->base_norm = 12.5 + s % 5;
            if (view->gradient_share)
                add_norms(view, s);
            if (view->truncation_count)
                add_zeroed(view);
            if (!view->rank)
                view->rounding_floor = 2e-3;
        }
        if (run->step > 0 && run->rank_high > 0)
            add_cuts(run);
        if (run->step > 0)
            add_moments(run, snapshot->site_count);
    }
}

void fake_spectra_free(struct snapshot *snapshot)
{
    for (int r = 0; r < snapshot->run_count; r++) {
        struct run_view *run = &snapshot->run[r];
        for (int s = 0; s < snapshot->site_count; s++) {
            mem_free((void *)run->site[s].direction_norm);
            mem_free((void *)run->site[s].zeroed_loss);
        }
        for (int m = 0; m < run->moment_count; m++) {
            for (int s = 0; run->moment[m].site && s < snapshot->site_count;
                 s++)
                mem_free((void *)run->moment[m].site[s].sigma);
            mem_free((void *)run->moment[m].site);
        }
        mem_free((void *)run->moment);
        mem_free((void *)run->cut_loss);
    }
}
