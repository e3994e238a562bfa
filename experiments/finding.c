/*
 * From a run to numbers the screen shows: a copy (trainer's thread), then
 * spectra, rank measures and truncation losses (analyst's thread).
 */
#include "experiments/finding.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "analysis/metric_table.h"
#include "core/base/mem.h"
#include "experiments/snapshot_owned.h"

enum { TRUNCATION_SEQUENCES = 16 };

void sample_free(struct sample *sample)
{
    for (int i = 0; i < sample->site_count; i++) {
        mat_free(&sample->site[i].bt);
        mat_free(&sample->site[i].a);
        mat_free(&sample->site[i].dw);
        mem_free(sample->site[i].share);
    }
    mem_free(sample->site);
    truncation_free(&sample->truncation);
    mem_free(sample);
}

void finding_release(const struct finding *finding)
{
    struct finding *mine = (struct finding *)(uintptr_t)finding;
    if (!mine || atomic_fetch_sub(&mine->holders, 1) != 1)
        return;
    for (int i = 0; i < mine->site_count; i++) {
        spectrum_free(&mine->site[i].spectrum);
        mem_free(mine->site[i].share);
    }
    mem_free(mine->site);
    mem_free(mine->truncation_loss);
    mem_free(mine);
}

static struct mat mat_clone(struct mat m)
{
    struct mat copy = mat_new(m.rows, m.cols);
    mat_copy(copy, m);
    return copy;
}

static void take_site(struct specimen *to, const struct lane *lane, int site)
{
    const struct method *method = run_method(lane->run);
    struct mat bt, a;
    *to = (struct specimen){.scale = NAN};
    to->adapted = method->ops->adapts(method, site);
    if (!to->adapted)
        return;
    if (method->ops->factors &&
        method->ops->factors(method, site, &bt, &a, &to->scale)) {
        to->rank = a.rows;
        to->bt = mat_clone(bt);
        to->a = mat_clone(a);
        to->share = xcalloc((size_t)a.rows, sizeof *to->share);
        to->share_count =
            run_gradient_share(lane->run, site, to->share, a.rows);
        return;
    }
    const struct site *of = &method->model->site[site];
    to->dw = mat_new(of->out, of->in);
    method_delta(method, site, to->dw);
}

struct sample *sample_take(const struct session *session,
                           const struct lane *lane)
{
    struct sample *sample = xcalloc(1, sizeof *sample);
    sample->run = lane->id;
    sample->truncation_site = -1;
    sample->is_dense = !run_method(lane->run)->ops->factors;
    sample->step = lane->step;
    sample->version = lane->version;
    sample->site_count = session->model->site_count;
    sample->site = xcalloc((size_t)sample->site_count, sizeof *sample->site);
    for (int i = 0; i < sample->site_count; i++)
        take_site(&sample->site[i], lane, i);
    return sample;
}

static void study_site(struct site_finding *to, struct specimen *from)
{
    int result = -1;
    to->stable_rank = to->participation_ratio = to->entropy_rank = NAN;
    to->share = from->share;
    to->share_count = from->share_count;
    from->share = NULL;
    if (from->a.at)
        result = spectrum_of_factors(&to->spectrum, from->bt, from->a,
                                     from->scale, VALUES_ONLY, NULL);
    else if (from->dw.at)
        result = spectrum_of_matrix(&to->spectrum, from->dw, VALUES_ONLY, NULL);
    if (result < 0) { /* not finite: shown as unknown */
        to->spectrum = (struct spectrum){0};
        return;
    }
    const struct spectrum *of = &to->spectrum;
    to->stable_rank = metric_stable_rank(of->sigma, of->count, of->out, of->in);
    to->participation_ratio =
        metric_participation_ratio(of->sigma, of->count, of->out, of->in);
    to->entropy_rank =
        metric_entropy_rank(of->sigma, of->count, of->out, of->in);
}

struct finding *finding_new(struct sample *sample)
{
    struct finding *finding = xcalloc(1, sizeof *finding);
    atomic_init(&finding->holders, 1);
    finding->run = sample->run;
    finding->step = sample->step;
    finding->version = sample->version;
    finding->site_count = sample->site_count;
    finding->truncated = sample->truncation_site;
    finding->truncation_version = sample->version;
    finding->truncation_step = sample->step;
    finding->site = xcalloc((size_t)sample->site_count, sizeof *finding->site);
    for (int i = 0; i < sample->site_count; i++)
        study_site(&finding->site[i], &sample->site[i]);
    return finding;
}

void finding_truncate(struct finding *finding, struct sample *sample,
                      const struct batch *held_out, struct pass *pass)
{
    const struct specimen *of = &sample->site[sample->truncation.site];
    int parts =
        (held_out->sequences + TRUNCATION_SEQUENCES - 1) / TRUNCATION_SEQUENCES;
    int starts[TRUNCATION_SEQUENCES + 2];
    struct batch few = batch_slice(held_out, 0, parts, starts);
    double *loss = xcalloc((size_t)of->rank + 1, sizeof *loss);
    finding->truncation_loss = loss;
    if (truncation_measure(loss, &sample->truncation, of->bt, of->a, of->scale,
                           pass, &few, NULL) == 0)
        finding->truncation_count = of->rank + 1;
}

void finding_inherit(struct finding *to, const struct finding *from)
{
    if (!from || to->truncated >= 0 || from->truncation_count == 0 ||
        to->site[from->truncated].spectrum.count + 1 != from->truncation_count)
        return;
    size_t count = (size_t)from->truncation_count;
    to->truncation_loss = xcalloc(count, sizeof *to->truncation_loss);
    memcpy(to->truncation_loss, from->truncation_loss,
           count * sizeof *to->truncation_loss);
    to->truncation_count = from->truncation_count;
    to->truncation_version = from->truncation_version;
    to->truncation_step = from->truncation_step;
    to->truncated = from->truncated;
}

static const double *copy_numbers(struct snapshot *snapshot, const double *from,
                                  int count)
{
    double *to = snapshot_take(snapshot, (size_t)count, sizeof *to);
    if (to)
        memcpy(to, from, (size_t)count * sizeof *to);
    return to;
}

void finding_show(struct snapshot *snapshot, struct site_view *to,
                  const struct finding *finding, int site)
{
    const struct site_finding *from = &finding->site[site];
    if (!from->spectrum.sigma)
        return;
    to->spectrum_step = finding->step;
    to->sigma_count = from->spectrum.count;
    to->sigma =
        copy_numbers(snapshot, from->spectrum.sigma, from->spectrum.count);
    to->stable_rank = from->stable_rank;
    to->participation_ratio = from->participation_ratio;
    to->entropy_rank = from->entropy_rank;
    to->direction_count = from->share_count;
    to->gradient_share = copy_numbers(snapshot, from->share, from->share_count);
    if (site != finding->truncated)
        return;
    to->truncation_count = finding->truncation_count;
    to->truncation_step = finding->truncation_step;
    to->truncation_loss = copy_numbers(snapshot, finding->truncation_loss,
                                       finding->truncation_count);
}
