/*
 * Rows of spectra.tsv: the singular values of every adapted site's update,
 * at steps the recipe names.  Computed by the team from the state of that
 * very step, so the file is the same whatever the machine; what the screen
 * shows between these steps comes from the analyst.
 */
#include <math.h>
#include <stdio.h>

#include "analysis/metric_table.h"
#include "analysis/spectrum.h"
#include "core/base/mem.h"
#include "experiments/session_private.h"

struct spectra_job {
    const struct method *method;
    const struct lane *lane;
    int site, rank;
    double scale;
    struct spectrum spectrum;
    bool known;
    struct err err;
};

static void spectra_run(void *ctx, int index, int thread)
{
    struct spectra_job *job = (struct spectra_job *)ctx + index;
    const struct method *method = job->method;
    const struct site *site = &method->model->site[job->site];
    struct mat bt, a;
    (void)thread;
    if (method->ops->factors &&
        method->ops->factors(method, job->site, &bt, &a, &job->scale)) {
        job->rank = a.rows;
        job->known = spectrum_of_factors(&job->spectrum, bt, a, job->scale,
                                         VALUES_ONLY, &job->err) == 0;
        return;
    }
    struct mat dw = mat_new(site->out, site->in);
    method_delta(method, job->site, dw);
    job->known =
        spectrum_of_matrix(&job->spectrum, dw, VALUES_ONLY, &job->err) == 0;
    mat_free(&dw);
}

static void write_row(struct lane *lane, const struct spectra_job *job)
{
    const struct spectrum *of = &job->spectrum;
    char number[32];
    rows_add(&lane->spectra, "%d\t%ld\t%s\t%d\t%s", lane->branch, lane->step,
             job->method->model->site[job->site].name, job->rank,
             rows_number(number, job->scale));
    double ranks[] = {
        metric_stable_rank(of->sigma, of->count, of->out, of->in),
        metric_participation_ratio(of->sigma, of->count, of->out, of->in),
        metric_entropy_rank(of->sigma, of->count, of->out, of->in)};
    for (int i = 0; i < 3; i++)
        rows_add(&lane->spectra, "\t%s", rows_number(number, ranks[i]));
    for (int i = 0; i < of->count; i++)
        rows_add(&lane->spectra, "%c%s", i ? ',' : '\t',
                 rows_number(number, of->sigma[i]));
    rows_add(&lane->spectra, "\n");
}

static int add_jobs(struct spectra_job *jobs, const struct lane *lane)
{
    const struct method *method = run_method(lane->run);
    int count = 0;
    for (int i = 0; i < method->model->site_count; i++)
        if (method->ops->adapts(method, i))
            jobs[count++] = (struct spectra_job){
                .method = method, .lane = lane, .site = i, .scale = NAN};
    return count;
}

void spectra_write(struct session *session, struct lane *const *lanes,
                   int count)
{
    if (!session->out[0] || count == 0)
        return;
    size_t room = (size_t)count * (size_t)session->model->site_count;
    struct spectra_job *jobs = xcalloc(room, sizeof *jobs);
    int job_count = 0;
    for (int i = 0; i < count; i++)
        job_count += add_jobs(jobs + job_count, lanes[i]);
    for (int i = 0; i < job_count; i++)
        team_post(session->team, spectra_run, jobs, i);
    team_wait(session->team);
    for (int i = 0, l = 0; i < job_count; i++) {
        while (lanes[l] != jobs[i].lane)
            l++;
        if (jobs[i].known) {
            write_row(lanes[l], &jobs[i]);
            spectrum_free(&jobs[i].spectrum);
        } else {
            store_trouble(session, &jobs[i].err);
        }
    }
    mem_free(jobs);
}
