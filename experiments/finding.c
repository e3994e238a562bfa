/*
 * From a moment to numbers the screen shows; see finding.h.
 */
#include "experiments/finding.h"

#include <math.h>
#include <string.h>

#include "core/base/mem.h"

enum { CUT_SEQUENCES = 16 };

const struct finding *finding_hold(const struct finding *finding)
{
    atomic_fetch_add(&((struct finding *)finding)->holders, 1);
    return finding;
}

void finding_release(const struct finding *finding)
{
    struct finding *mine = (struct finding *)finding;
    if (!mine || atomic_fetch_sub(&mine->holders, 1) != 1)
        return;
    for (int i = 0; i < mine->site_count; i++) {
        spectrum_free(&mine->site[i].spectrum);
        mem_free(mine->site[i].share);
        mem_free(mine->site[i].norm);
    }
    mem_free(mine->site);
    mem_free(mine->sigma);
    mem_free(mine->cut.site_loss);
    mem_free(mine->cut.zeroed_loss);
    mem_free(mine->cut.all_loss);
    mem_free(mine);
}

static double *copy_numbers(const double *from, int count)
{
    if (!from || count == 0)
        return NULL;
    double *to = xcalloc((size_t)count, sizeof *to);
    memcpy(to, from, (size_t)count * sizeof *to);
    return to;
}

/* ||s b_k a_k||_F = |s| ||b_k|| ||a_k||, direction by direction. */
static double *direction_norms(const struct update *update)
{
    int rank = update->a.rows;
    double *norm = xcalloc((size_t)rank, sizeof *norm);
    for (int k = 0; k < rank; k++)
        norm[k] = fabs(update->scale) *
                  sqrt(mat_norm_squared(mat_rows(update->bt, k, 1)) *
                       mat_norm_squared(mat_rows(update->a, k, 1)));
    return norm;
}

static void study_site(struct site_finding *to, const struct specimen *from)
{
    if (!from->adapted)
        return;
    if (update_has_factors(&from->update)) {
        to->direction_count = from->rank;
        to->norm = direction_norms(&from->update);
        to->share = copy_numbers(from->share, from->share_count);
    }
    if (update_spectrum(&to->spectrum, &from->update, VALUES_ONLY, NULL) < 0)
        to->spectrum = (struct spectrum){0}; /* not finite: unknown */
}

struct finding *finding_new(const struct moment *moment)
{
    struct finding *finding = xcalloc(1, sizeof *finding);
    size_t sites = (size_t)moment->site_count;
    atomic_init(&finding->holders, 1);
    finding->run = moment->run;
    finding->step = moment->step;
    finding->version = moment->version;
    finding->site_count = moment->site_count;
    finding->cut.site = -1;
    finding->site = xcalloc(sites, sizeof *finding->site);
    finding->sigma = xcalloc(sites, sizeof *finding->sigma);
    for (int i = 0; i < moment->site_count; i++) {
        struct site_finding *site = &finding->site[i];
        study_site(site, &moment->site[i]);
        finding->sigma[i] =
            (struct sigma_view){.rank = moment->site[i].rank,
                                .count = site->spectrum.sigma
                                             ? site->spectrum.count
                                             : 0,
                                .sigma = site->spectrum.sigma};
    }
    return finding;
}

void finding_cut(struct finding *finding, const struct moment *moment, int site,
                 struct rebuilt *rebuilt, const struct ground *ground)
{
    int starts[CUT_SEQUENCES + 1], rank = cuts_rank(moment, site);
    int most = cuts_rank_most(moment);
    struct batch few = ground_few(ground->held_out, CUT_SEQUENCES, starts);
    struct cut_finding *cut = &finding->cut;
    *cut = (struct cut_finding){
        .site = site,
        .version = moment->version,
        .step = moment->step,
        .site_loss = xcalloc((size_t)rank + 1, sizeof(double)),
        .zeroed_loss = xcalloc((size_t)rank + 1, sizeof(double)),
        .all_loss = xcalloc((size_t)most + 1, sizeof(double))};
    if (cuts_site(cut->site_loss, rebuilt, moment, site, ground, &few, NULL) ==
            0 &&
        cuts_zeroed(cut->zeroed_loss, rebuilt, moment, site, ground, &few,
                    NULL) == 0)
        cut->site_count = rank + 1;
    if (cuts_all(cut->all_loss, rebuilt, moment, ground, &few, NULL) == 0)
        cut->all_count = most + 1;
}

static int longest_sigma(const struct finding *finding)
{
    int longest = 0;
    for (int i = 0; i < finding->site_count; i++)
        if (finding->sigma[i].rank > longest)
            longest = finding->sigma[i].rank;
    return longest;
}

void finding_inherit(struct finding *to, const struct finding *from)
{
    const struct cut_finding *old = from ? &from->cut : NULL;
    if (!old || to->cut.site >= 0 || old->site < 0)
        return;
    to->cut.site = old->site;
    to->cut.version = old->version;
    to->cut.step = old->step;
    if (to->sigma[old->site].rank + 1 == old->site_count) {
        to->cut.site_count = old->site_count;
        to->cut.site_loss = copy_numbers(old->site_loss, old->site_count);
        to->cut.zeroed_loss = copy_numbers(old->zeroed_loss, old->site_count);
    }
    if (longest_sigma(to) + 1 == old->all_count) {
        to->cut.all_count = old->all_count;
        to->cut.all_loss = copy_numbers(old->all_loss, old->all_count);
    }
}

void finding_show(struct site_view *to, const struct finding *finding, int site)
{
    const struct site_finding *from = &finding->site[site];
    const struct cut_finding *cut = &finding->cut;
    if (!from->spectrum.sigma)
        return;
    to->spectrum_step = finding->step;
    to->sigma_count = from->spectrum.count;
    to->sigma = from->spectrum.sigma;
    to->direction_count = from->direction_count;
    to->gradient_share = from->share;
    to->direction_norm = from->norm;
    if (site != cut->site)
        return;
    to->truncation_count = cut->site_count;
    to->truncation_step = cut->step;
    to->truncation_loss = cut->site_loss;
    to->zeroed_loss = cut->zeroed_loss;
}

void finding_show_cut(struct run_view *to, const struct finding *finding)
{
    to->cut_count = finding->cut.all_count;
    to->cut_step = finding->cut.step;
    to->cut_loss = finding->cut.all_loss;
}
