/*
 * The rank dial of a run: the method changes its factors, the optimiser
 * follows, and the effective weights are written again.  Several sites change
 * together or not at all.
 */
#include "core/train/run_private.h"

#include <assert.h>
#include <string.h>

static struct param *copy_params(const struct method *method)
{
    size_t bytes = (size_t)method->param_count * sizeof(struct param);
    struct param *copy = xcalloc((size_t)method->param_count, sizeof *copy);
    memcpy(copy, method->param, bytes);
    return copy;
}

static int change_site(struct run *run, int site, int rank,
                       enum rank_policy policy, struct rank_change *change,
                       struct err *err)
{
    struct method *method = run->method;
    struct param *before = copy_params(method);
    int before_count = method->param_count;
    int status = method->ops->set_rank(method, site, rank, policy, change, err);
    if (status == 0)
        optimizer_remap(&run->optimizer, method, before, before_count, change);
    mem_free(before);
    return status;
}

/* Without memory for the smaller layout a site stays as it is: what it should
 * have lost is zero, and goes after a later update. */
void run_drop(struct run *run)
{
    struct method *method = run->method;
    for (int i = 0; i < run->model->site_count; i++) {
        struct rank_change change;
        struct err ignored = {{0}};
        struct param *before = copy_params(method);
        int count = method->param_count;
        if (method->ops->drop(method, i, &change, &ignored) == 0) {
            optimizer_remap(&run->optimizer, method, before, count, &change);
            rank_change_free(&change);
        }
        mem_free(before);
    }
    run_follow_layout(run);
}

/* Not a site that trains whole, beside the method's factors. */
static bool has_rank(const struct run *run, int site)
{
    return run->method->ops->rank(run->method, site) > 0;
}

/* Every rank is checked before the first one changes. */
static int check(const struct run *run, int site, int rank, struct err *err)
{
    const struct method_ops *ops = run->method->ops;
    if (!ops->set_rank && ops->fixed_rank)
        return err_set(err, "the rank of %s cannot turn: %s", ops->name,
                       ops->fixed_rank);
    if (!ops->set_rank)
        return err_set(err, "%s has no rank to set; choose a lora run",
                       ops->name);
    int adapted = 0;
    for (int i = 0; i < run->model->site_count; i++) {
        const struct site *s = &run->model->site[i];
        int most = s->out < s->in ? s->out : s->in;
        if ((site >= 0 && i != site) || !has_rank(run, i))
            continue;
        adapted++;
        if (rank < 1 || rank > most)
            return err_set(err, "%s: rank %d is not allowed; use 1..%d",
                           s->name, rank, most);
    }
    if (adapted == 0)
        return err_set(err, "%s is not adapted by this run, so it has no rank",
                       run->model->site[site].name);
    return 0;
}

int run_set_rank(struct run *run, int site, int rank, enum rank_policy policy,
                 struct rank_change *changes, int *count, struct err *err)
{
    *count = 0;
    if (check(run, site, rank, err) != 0)
        return -1;
    int status = 0;
    for (int i = 0; i < run->model->site_count && status == 0; i++) {
        if ((site >= 0 && i != site) || !has_rank(run, i))
            continue;
        status = change_site(run, i, rank, policy, &changes[*count], err);
        *count += status == 0;
    }
    run_follow_layout(run);
    for (int i = 0; i < *count; i++)
        run_refresh_site(run, changes[i].site);
    return status;
}

void run_set_factors(struct run *run, int site, struct mat bt, struct mat a,
                     double scale)
{
    struct mat own_bt, own_a;
    struct method *method = run->method;
    double own;
    bool has = method->ops->factors(method, site, &own_bt, &own_a, &own);
    assert(has && run->step == 0);
    (void)has; /* only asserted */
    mat_copy(own_a, a);
    mat_copy(own_bt, bt);
    for (int k = 0; k < own_bt.rows && own != scale; k++)
        for (int i = 0; i < own_bt.cols; i++)
            mat_row(own_bt, k)[i] =
                (float)((double)mat_row(bt, k)[i] * scale / own);
    run_refresh_site(run, site);
}

/* Of one row of the gradient: the first slice's buffer holds the whole step's
 * after update. */
static double energy(const struct run *run, int param, int row)
{
    const struct param *of = &run->method->param[param];
    struct mat grad =
        mat_of(run->slice[0].grad + of->offset, of->rows, of->cols);
    return mat_norm_squared(mat_rows(grad, row, 1));
}

int run_gradient_share(const struct run *run, int site, double *share, int room)
{
    const struct method *method = run->method;
    int a = method_param(method, PARAM_A, site);
    int bt = method_param(method, PARAM_BT, site);
    if (bt < 0)
        return 0;
    int rows = method->param[bt].rows, count = rows < room ? rows : room;
    double total = 0;
    for (int k = 0; k < count; k++) {
        share[k] = energy(run, bt, k) + (a < 0 ? 0 : energy(run, a, k));
        total += share[k];
    }
    for (int k = 0; k < count && total > 0; k++)
        share[k] /= total;
    return total > 0 ? count : 0;
}
