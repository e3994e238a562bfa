/* See resize.h. */
#include "experiments/resize.h"

#include <math.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/rounding.h"
#include "core/method/factor_svd.h"
#include "core/train/team.h"
#include "experiments/resize_private.h"

/* The first pass: values alone. */
struct looking {
    const struct resize *resize;
    double **sigma;
    struct err *error; /* (count) */
};

static void look(void *ctx, int i, int thread)
{
    const struct looking *all = ctx;
    const struct peft *peft = all->resize->peft;
    struct err *err = &all->error[i];
    struct mat bt, a;
    (void)thread;
    if (peft_read(&bt, &a, peft, i, err))
        return;
    if (factor_svd((struct dmat){0}, all->sigma[i], (struct dmat){0}, bt, a,
                   peft->pair[i].scale, err))
        err_prefix(err, "%.200s", peft->pair[i].a->name);
    mat_free(&bt);
    mat_free(&a);
}

static int first_error(struct err *err, const struct err *error, int count)
{
    for (int i = 0; i < count; i++)
        if (error[i].text[0])
            return err_set(err, "%s", error[i].text);
    return 0;
}

static int look_at_all(struct resize *resize, struct err *err)
{
    int count = resize->count;
    struct team *team = team_new(resize->threads, err);
    if (!team)
        return -1;
    struct looking all = {.resize = resize};
    all.sigma = xcalloc((size_t)count, sizeof *all.sigma);
    all.error = xcalloc((size_t)count, sizeof *all.error);
    for (int i = 0; i < count; i++) {
        const struct peft_pair *pair = &resize->peft->pair[i];
        int least = pair->out < pair->in ? pair->out : pair->in;
        int q = pair->rank < least ? pair->rank : least;
        all.sigma[i] = xcalloc((size_t)q, sizeof *all.sigma[i]);
        resize->site[i] =
            (struct plan_site){all.sigma[i], q, pair->out, pair->in};
    }
    for (int i = 0; i < count; i++)
        team_post(team, look, &all, i);
    team_wait(team);
    team_free(team);
    int status = first_error(err, all.error, count);
    mem_free(all.error);
    mem_free(all.sigma);
    return status;
}

struct resize *resize_open(const char *folder, int threads, struct err *err)
{
    struct peft *peft = peft_open(folder, err);
    if (!peft)
        return NULL;
    struct resize *resize = xcalloc(1, sizeof *resize);
    *resize =
        (struct resize){.peft = peft, .count = peft->count, .threads = threads};
    size_t count = (size_t)peft->count;
    resize->site = xcalloc(count, sizeof *resize->site);
    resize->rank = xcalloc(count, sizeof *resize->rank);
    resize->read_back = xcalloc(count, sizeof *resize->read_back);
    resize->type = peft_type(peft);
    int status = 0;
    if (peft->has_magnitudes || !peft_is_off(peft->config, "use_dora"))
        status = err_set(err,
                         "%.300s: DoRA also rescales every row of W, so its "
                         "update is not s B A; merge it, then extract at the "
                         "rank you want",
                         folder);
    if (status == 0)
        status = look_at_all(resize, err);
    if (status == 0)
        return resize;
    resize_close(resize);
    return NULL;
}

void resize_close(struct resize *resize)
{
    if (!resize)
        return;
    for (int i = 0; i < resize->count; i++)
        mem_free((double *)(uintptr_t)resize->site[i].sigma);
    mem_free(resize->site);
    mem_free(resize->rank);
    mem_free(resize->read_back);
    peft_close(resize->peft);
    mem_free(resize);
}

/* Whether every module is still there. */
static bool keeps_all(const struct resize *resize, const int *rank)
{
    for (int i = 0; i < resize->count; i++)
        if (!rank[i])
            return false;
    return true;
}

struct peft_out *resize_out(const struct resize *resize, const int *rank)
{
    struct peft_out *out = peft_out_new(resize->peft, "", false,
                                        !keeps_all(resize, rank), resize->type);
    peft_out_set_names(out, resize->names);
    for (int i = 0; i < resize->count; i++) {
        const struct peft_pair *pair = &resize->peft->pair[i];
        if (rank[i])
            peft_out_add(out, (struct peft_item){
                                  pair->module, rank[i], pair->out, pair->in,
                                  pair->scale, pair->is_embedding});
    }
    return out;
}

size_t resize_bytes(const struct resize *resize, const int *rank)
{
    struct peft_out *out = resize_out(resize, rank);
    size_t size = peft_out_size(out);
    peft_out_abandon(out);
    return size;
}

struct json *resize_ranks(const struct resize *resize)
{
    struct peft_out *out = resize_out(resize, resize->rank);
    struct json *ranks = peft_out_ranks(out);
    peft_out_abandon(out);
    return ranks;
}

/* The head of the file has a line a tensor, and how long they are depends on
 * the plan: first as if all stayed, then as it came out, while that leaves
 * room for more. */
static int plan_bytes(struct resize *resize, double bytes, struct err *err)
{
    enum { TURNS = 4 };
    size_t count = (size_t)resize->count;
    int *rank = xcalloc(count, sizeof *rank), status = 0;
    struct plan_outcome outcome;
    for (int i = 0; i < resize->count; i++)
        rank[i] = resize->site[i].count;
    for (int turn = 0; turn < TURNS && status == 0; turn++) {
        double size = (double)tensor_type_size(resize->type);
        double head =
            (double)resize_bytes(resize, rank) -
            size * (double)plan_parameters(rank, resize->site, resize->count);
        double room = floor((bytes - head) / size);
        status = plan_by_parameters(rank, &outcome, resize->site, resize->count,
                                    room > 0 ? (long long)room : 0, err);
        if (status) /* a plan of an earlier turn stands */
            status = turn ? 1 : err_prefix(err, "%.0f bytes", bytes);
        else if ((double)resize_bytes(resize, rank) > bytes)
            status = 1;
        if (status)
            break;
        memcpy(resize->rank, rank, count * sizeof *rank);
        resize->outcome = outcome;
    }
    mem_free(rank);
    return status < 0 ? -1 : 0;
}

int resize_plan(struct resize *resize, enum resize_rule rule, double value,
                struct err *err)
{
    switch (rule) {
    case RESIZE_BYTES:
        return plan_bytes(resize, value, err);
    case RESIZE_PARAMETERS:
        return plan_by_parameters(resize->rank, &resize->outcome, resize->site,
                                  resize->count, (long long)value, err);
    case RESIZE_RANK:
    case RESIZE_ENERGY:
    case RESIZE_RATIO:
        break;
    }
    for (int i = 0; i < resize->count; i++) {
        const struct plan_site *site = &resize->site[i];
        resize->rank[i] = rule == RESIZE_RANK ? plan_by_rank(site, (int)value)
                          : rule == RESIZE_ENERGY ? plan_by_energy(site, value)
                                                  : plan_by_ratio(site, value);
    }
    return 0;
}

double resize_norm(const struct resize *resize)
{
    double sum = 0;
    for (int i = 0; i < resize->count; i++)
        sum += pow(plan_norm(&resize->site[i]), 2);
    return sqrt(sum);
}

double resize_error(const struct resize *resize, const int *rank)
{
    double sum = 0;
    for (int i = 0; i < resize->count; i++)
        sum += pow(plan_frobenius_error(&resize->site[i], rank[i]), 2);
    return sqrt(sum);
}

double resize_worst(const struct resize *resize, const int *rank)
{
    double worst = 0;
    for (int i = 0; i < resize->count; i++) {
        const struct plan_site *site = &resize->site[i];
        if (site->sigma[0] > 0)
            worst = fmax(worst,
                         plan_spectral_error(site, rank[i]) / site->sigma[0]);
    }
    return worst;
}
