/*
 * The file of a plan: the second pass over the pairs, with vectors.  A few
 * pairs at a time are made by all threads and then written in order, so that
 * the bytes are the same on any number of them.
 */
#include <math.h>

#include "analysis/probe.h"
#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/rounding.h"
#include "core/method/factor_svd.h"
#include "core/train/team.h"
#include "experiments/resize.h"
#include "experiments/resize_private.h"

/* What storing two factors of any rank may do to s B A x: a rounding of each
 * number, by half a unit of its type, and as much for a y that is small
 * beside what it is the sum of. */
#define STORING 8.0

struct made {
    int pair;
    struct mat bt, a; /* as they will be stored */
    double *meant;    /* (out) y of them */
    struct err err;
};

struct making {
    struct resize *resize;
    struct made *made; /* of this round */
    double **meant;    /* (count) y of every pair, for reading back */
};

/* bt (k, out), a (k, in): roots of sigma / |s| times the vectors. */
static void split(struct made *made, struct dmat u, const double *sigma,
                  struct dmat vt, double scale)
{
    for (int k = 0; k < made->a.rows; k++) {
        double root = sigma[k] > 0 ? sqrt(sigma[k] / fabs(scale)) : 0;
        double left = scale < 0 ? -root : root;
        for (int i = 0; i < made->bt.cols; i++)
            mat_row(made->bt, k)[i] = (float)(left * dmat_row(u, i)[k]);
        for (int j = 0; j < made->a.cols; j++)
            mat_row(made->a, k)[j] = (float)(root * dmat_row(vt, k)[j]);
    }
}

static void make(void *ctx, int index, int thread)
{
    const struct making *all = ctx;
    struct made *made = &all->made[index];
    const struct peft *peft = all->resize->peft;
    const struct peft_pair *pair = &peft->pair[made->pair];
    int q = all->resize->site[made->pair].count;
    int k = all->resize->rank[made->pair];
    struct mat bt, a;
    (void)thread;
    if (peft_read(&bt, &a, peft, made->pair, &made->err))
        return;
    struct dmat u = dmat_new(pair->out, q), vt = dmat_new(q, pair->in);
    double *sigma = xcalloc((size_t)q, sizeof *sigma);
    double *x = xcalloc((size_t)pair->in, sizeof *x);
    if (factor_svd(u, sigma, vt, bt, a, pair->scale, &made->err) == 0) {
        made->bt = mat_new(k, pair->out);
        made->a = mat_new(k, pair->in);
        split(made, u, sigma, vt, pair->scale);
        probe_draw(x, pair->in, (uint64_t)made->pair);
        probe_spectrum(all->meant[made->pair], u, sigma, vt, k, x);
    }
    mem_free(x);
    mem_free(sigma);
    dmat_free(&u);
    dmat_free(&vt);
    mat_free(&bt);
    mat_free(&a);
}

static int put(struct peft_out *out, struct made *made, struct err *err)
{
    int status = made->err.text[0] ? err_set(err, "%s", made->err.text)
                                   : peft_out_put(out, made->bt, made->a, err);
    mat_free(&made->bt);
    mat_free(&made->a);
    return status;
}

static int put_all(const struct making *all, struct peft_out *out,
                   struct team *team, struct err *err)
{
    const struct resize *resize = all->resize;
    int status = 0, next = 0, round = 2 * team_threads(team);
    while (next < resize->count && status == 0) {
        int n = 0;
        for (; next < resize->count && n < round; next++)
            if (resize->rank[next])
                all->made[n++] = (struct made){.pair = next};
        for (int i = 0; i < n; i++)
            team_post(team, make, (void *)(uintptr_t)all, i);
        team_wait(team);
        for (int i = 0; i < n; i++) {
            struct err dropped = {""};
            int bad = put(out, &all->made[i], status ? &dropped : err);
            status = status ? status : bad;
        }
    }
    return status;
}

/* The error of one stored pair. */
static int compare(double *error, const struct peft *back, int at,
                   const double *meant, int pair, double norm, struct err *err)
{
    struct mat bt, a;
    if (peft_read(&bt, &a, back, at, err))
        return -1;
    double *x = xcalloc((size_t)a.cols, sizeof *x);
    double *y = xcalloc((size_t)bt.cols, sizeof *y);
    probe_draw(x, a.cols, (uint64_t)pair);
    probe_factors(y, bt, a, back->pair[at].scale, x);
    *error = probe_error(y, meant, bt.cols, norm);
    mem_free(x);
    mem_free(y);
    mat_free(&bt);
    mat_free(&a);
    return 0;
}

static int read_back(struct resize *resize, struct peft_out *out,
                     double **meant, struct err *err)
{
    struct peft *back = peft_out_read_back(out, err);
    double unit = (double)round_unit(1, resize->type);
    int status = back ? 0 : -1;
    for (int i = 0; i < resize->count && status == 0; i++) {
        double *error = &resize->read_back[i];
        int at;
        if (!resize->rank[i])
            continue;
        status =
            peft_out_find(&at, out, back, resize->peft->pair[i].module, err);
        if (status != 0)
            break;
        const struct plan_site *site = &resize->site[i];
        double lost = plan_frobenius_error(site, resize->rank[i]);
        double norm = sqrt(fmax(pow(plan_norm(site), 2) - lost * lost, 0));
        status = compare(error, back, at, meant[i], i, norm, err);
        if (status == 0 && !(*error <= STORING * unit))
            status = err_set(err,
                             "%.200s: read back, s B A x is %.1e off, more "
                             "than %s explains; nothing was written",
                             resize->peft->pair[i].module, *error,
                             tensor_type_name(resize->type));
    }
    peft_close(back);
    return status;
}

int resize_write(struct resize *resize, const char *folder, bool force,
                 struct err *err)
{
    struct peft_out *out = resize_out(resize, resize->rank);
    struct team *team = NULL;
    if (peft_out_begin(out, folder, force, err) == 0)
        team = team_new(resize->threads, err);
    if (!team) {
        peft_out_abandon(out);
        return -1;
    }
    size_t count = (size_t)resize->count;
    struct making all = {.resize = resize};
    all.made = xcalloc(2 * (size_t)resize->threads, sizeof *all.made);
    all.meant = xcalloc(count, sizeof *all.meant);
    for (size_t i = 0; i < count; i++)
        all.meant[i] =
            xcalloc((size_t)resize->site[i].out, sizeof *all.meant[i]);
    int status = put_all(&all, out, team, err);
    team_free(team);
    if (status == 0)
        status = read_back(resize, out, all.meant, err);
    for (size_t i = 0; i < count; i++)
        mem_free(all.meant[i]);
    mem_free(all.meant);
    mem_free(all.made);
    if (status == 0)
        return peft_out_commit(out, err);
    peft_out_abandon(out);
    return -1;
}
