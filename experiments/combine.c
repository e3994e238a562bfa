/* See combine.h. */
#include "experiments/combine.h"

#include <math.h>
#include <string.h>

#include "analysis/probe.h"
#include "analysis/rank_plan.h"
#include "analysis/update.h"
#include "core/base/mem.h"
#include "core/io/peft_out.h"
#include "core/io/rounding.h"

/* As in resize_write.c. */
#define STORING 8.0

/* The factors of one site, of all adapters that have it. */
struct stack {
    struct mat bt, a; /* (whole, out), (whole, in), the scales in bt */
    int first[MERGE_MOST], rank[MERGE_MOST]; /* rows of each adapter */
    double scale[MERGE_MOST];                /* S s, for the naive sum */
    int parts;
};

static void stack_free(struct stack *stack)
{
    mat_free(&stack->bt);
    mat_free(&stack->a);
}

static int read_stack(struct stack *stack, const struct combine *combine,
                      const struct combine_site *site,
                      const struct merge_ask *ask, struct err *err)
{
    int row = 0;
    *stack = (struct stack){0};
    stack->bt = mat_new(site->whole, site->out);
    stack->a = mat_new(site->whole, site->in);
    for (int i = 0; i < ask->adapters; i++) {
        struct mat bt, a;
        if (site->pair[i] < 0)
            continue;
        const struct peft *peft = combine->peft[i];
        if (peft_read(&bt, &a, peft, site->pair[i], err)) {
            stack_free(stack);
            return -1;
        }
        double scale = ask->scale[i] * peft->pair[site->pair[i]].scale;
        int rank = bt.rows, part = stack->parts++;
        for (int k = 0; k < rank; k++)
            for (int j = 0; j < bt.cols; j++)
                mat_row(stack->bt, row + k)[j] =
                    (float)(scale * (double)mat_row(bt, k)[j]);
        mat_copy(mat_rows(stack->a, row, rank), a);
        stack->first[part] = row;
        stack->rank[part] = rank;
        stack->scale[part] = scale;
        row += rank;
        mat_free(&bt);
        mat_free(&a);
    }
    return 0;
}

/* The update of factors that were added: of each part's B and A the root of
 * its scale, which is how PEFT's "linear" does it. */
static void add_factors(struct mat bt, struct mat a, const struct stack *from)
{
    for (int p = 0; p < from->parts; p++) {
        double root = sqrt(fabs(from->scale[p]));
        double left = root > 0 ? 1 / root : 0; /* scale is in bt already */
        for (int k = 0; k < a.rows; k++) {
            const float *b = mat_row(from->bt, from->first[p] + k);
            const float *row = mat_row(from->a, from->first[p] + k);
            for (int j = 0; j < bt.cols; j++)
                mat_row(bt, k)[j] += (float)(left * (double)b[j]);
            for (int j = 0; j < a.cols; j++)
                mat_row(a, k)[j] += (float)(root * (double)row[j]);
        }
    }
}

/* ||added factors - sum||_F; NAN where they cannot be added. */
static double cross_of(const struct stack *stack)
{
    for (int p = 1; p < stack->parts; p++)
        if (stack->rank[p] != stack->rank[0])
            return NAN;
    if (stack->parts < 2)
        return NAN;
    int rank = stack->rank[0];
    struct mat bt = mat_new(rank, stack->bt.cols);
    struct mat a = mat_new(rank, stack->a.cols);
    add_factors(bt, a, stack);
    struct update naive = update_of_factors(bt, a, 1);
    struct update exact = update_of_factors(stack->bt, stack->a, 1);
    double square = update_inner(&naive, &naive) -
                    2 * update_inner(&naive, &exact) +
                    update_inner(&exact, &exact);
    mat_free(&bt);
    mat_free(&a);
    return sqrt(fmax(square, 0));
}

static void measure(struct combine_site *site, const struct stack *stack)
{
    struct update all = update_of_factors(stack->bt, stack->a, 1);
    site->norm = sqrt(fmax(update_inner(&all, &all), 0));
    for (int p = 0; p < stack->parts; p++) {
        struct update part = update_of_factors(
            mat_rows(stack->bt, stack->first[p], stack->rank[p]),
            mat_rows(stack->a, stack->first[p], stack->rank[p]), 1);
        site->parts += update_inner(&part, &part);
    }
    site->cross = cross_of(stack);
    site->rank = site->whole;
}

/* Rank and loss of the nearest update, without vectors. */
static int cut(struct combine_site *site, const struct stack *stack, int rank,
               struct err *err)
{
    struct spectrum spectrum;
    if (spectrum_of_factors(&spectrum, stack->bt, stack->a, 1, VALUES_ONLY,
                            err))
        return err_prefix(err, "%.200s", site->module);
    struct plan_site plan = {spectrum.sigma, spectrum.count, site->out,
                             site->in};
    site->rank = plan_by_rank(&plan, rank);
    site->lost = plan_frobenius_error(&plan, site->rank);
    spectrum_free(&spectrum);
    return 0;
}

static int look(struct combine *combine, const struct merge_ask *ask, int rank,
                struct err *err)
{
    for (int i = 0; i < combine->count; i++) {
        struct combine_site *site = &combine->site[i];
        struct stack stack;
        if (read_stack(&stack, combine, site, ask, err))
            return -1;
        measure(site, &stack);
        int status = rank ? cut(site, &stack, rank, err) : 0;
        stack_free(&stack);
        if (status)
            return -1;
    }
    return 0;
}

/* bt and a of the nearest update, and its y. */
static int shrink(struct stack *stack, struct combine_site *site,
                  const double *x, struct err *err)
{
    struct spectrum spectrum;
    if (spectrum_of_factors(&spectrum, stack->bt, stack->a, 1, WITH_VECTORS,
                            err))
        return -1;
    stack_free(stack);
    stack->bt = mat_new(site->rank, site->out);
    stack->a = mat_new(site->rank, site->in);
    for (int k = 0; k < site->rank; k++) {
        double root = sqrt(spectrum.sigma[k]);
        for (int i = 0; i < site->out; i++)
            mat_row(stack->bt, k)[i] =
                (float)(root * dmat_row(spectrum.u, i)[k]);
        for (int j = 0; j < site->in; j++)
            mat_row(stack->a, k)[j] =
                (float)(root * dmat_row(spectrum.vt, k)[j]);
    }
    probe_spectrum(site->meant, spectrum.u, spectrum.sigma, spectrum.vt,
                   site->rank, x);
    spectrum_free(&spectrum);
    return 0;
}

/* What y should be, from the adapters themselves. */
static int probe_parts(struct combine_site *site, const struct combine *combine,
                       const struct merge_ask *ask, const double *x,
                       struct err *err)
{
    for (int i = 0; i < ask->adapters; i++) {
        struct mat bt, a;
        if (site->pair[i] < 0)
            continue;
        if (peft_read(&bt, &a, combine->peft[i], site->pair[i], err))
            return -1;
        probe_factors(
            site->meant, bt, a,
            ask->scale[i] * combine->peft[i]->pair[site->pair[i]].scale, x);
        mat_free(&bt);
        mat_free(&a);
    }
    return 0;
}

static int put(struct peft_out *out, const struct combine *combine, int i,
               const struct merge_ask *ask, int rank, struct err *err)
{
    struct combine_site *site = &combine->site[i];
    struct stack stack;
    if (read_stack(&stack, combine, site, ask, err))
        return -1;
    double *x = xcalloc((size_t)site->in, sizeof *x);
    probe_draw(x, site->in, (uint64_t)i);
    site->meant = xcalloc((size_t)site->out, sizeof *site->meant);
    int status = rank ? shrink(&stack, site, x, err)
                      : probe_parts(site, combine, ask, x, err);
    if (status == 0)
        status = peft_out_put(out, stack.bt, stack.a, err);
    stack_free(&stack);
    mem_free(x);
    return status;
}

static int read_back(struct combine *combine, struct peft_out *out,
                     enum tensor_type type, struct err *err)
{
    struct peft *back = peft_out_read_back(out, err);
    int status = back ? 0 : -1;
    for (int i = 0; i < combine->count && status == 0; i++) {
        struct combine_site *site = &combine->site[i];
        struct mat bt, a;
        int at;
        status = peft_out_find(&at, out, back, site->module, err);
        if (status == 0)
            status = peft_read(&bt, &a, back, at, err);
        if (status)
            break;
        double *x = xcalloc((size_t)site->in, sizeof *x);
        double *y = xcalloc((size_t)site->out, sizeof *y);
        probe_draw(x, site->in, (uint64_t)i);
        probe_factors(y, bt, a, back->pair[at].scale, x);
        /* Parts may cancel: what is stored has the size of the parts. */
        site->read_back =
            probe_error(y, site->meant, site->out, sqrt(site->parts));
        if (!(site->read_back <= STORING * (double)round_unit(1, type)))
            status =
                err_set(err,
                        "%.200s: read back, s B A x is %.1e off, more "
                        "than %s explains; nothing was written",
                        site->module, site->read_back, tensor_type_name(type));
        mem_free(x);
        mem_free(y);
        mat_free(&bt);
        mat_free(&a);
    }
    peft_close(back);
    return status;
}

static int write_all(struct combine *combine, const struct merge_ask *ask,
                     int rank, struct err *err)
{
    const struct peft *first = combine->peft[0];
    enum tensor_type type = ask->has_type ? ask->type : peft_type(first);
    struct peft_out *out = peft_out_new(first, "", false, true, type);
    peft_out_set_names(out, ask->names);
    int status = 0;
    for (int i = 0; i < combine->count; i++) {
        const struct combine_site *site = &combine->site[i];
        peft_out_add(out,
                     (struct peft_item){site->module, site->rank, site->out,
                                        site->in, 1, site->is_embedding});
    }
    status = peft_out_begin(out, ask->out, ask->force, err);
    for (int i = 0; i < combine->count && status == 0; i++)
        status = put(out, combine, i, ask, rank, err);
    if (status == 0)
        status = read_back(combine, out, type, err);
    if (status == 0)
        return peft_out_commit(out, err);
    peft_out_abandon(out);
    return -1;
}

static struct combine_site *
site_of(struct combine *combine, const struct peft_pair *pair, struct err *err)
{
    for (int i = 0; i < combine->count; i++) {
        struct combine_site *site = &combine->site[i];
        if (strcmp(site->module, pair->module) != 0)
            continue;
        if (site->out == pair->out && site->in == pair->in)
            return site;
        err_set(err,
                "tensor %.200s makes an update of (%d, %d), in another adapter "
                "it is (%d, %d)",
                pair->a->name, pair->out, pair->in, site->out, site->in);
        return NULL;
    }
    combine->site = xgrow(combine->site, (size_t)combine->count,
                          (size_t)combine->count + 1, sizeof *combine->site);
    struct combine_site *site = &combine->site[combine->count++];
    site->module = pair->module;
    site->out = pair->out;
    site->in = pair->in;
    site->is_embedding = pair->is_embedding;
    for (int i = 0; i < MERGE_MOST; i++)
        site->pair[i] = -1;
    return site;
}

/* Only updates can be added. */
static int check(const struct peft *peft, struct err *err)
{
    if (peft->has_magnitudes || !peft_is_off(peft->config, "use_dora"))
        return err_set(err,
                       "%.300s: DoRA's update is not s B A; merge it into its "
                       "base, then extract",
                       peft->folder);
    if (adapter_file_rest(peft->file))
        return err_set(err,
                       "tensor %.200s is no part of an update s B A; merge "
                       "the adapters into their base instead",
                       adapter_file_rest_at(peft->file, 0)->name);
    return 0;
}

static int open_all(struct combine *combine, const struct merge_ask *ask,
                    struct err *err)
{
    for (int i = 0; i < ask->adapters; i++) {
        struct peft *peft = combine->peft[i] = peft_open(ask->adapter[i], err);
        if (!peft || check(peft, err))
            return -1;
        for (int k = 0; k < peft->count; k++) {
            struct combine_site *site = site_of(combine, &peft->pair[k], err);
            if (!site)
                return err_prefix(err, "%.300s", peft->folder);
            site->pair[i] = k;
            site->whole += peft->pair[k].rank;
        }
    }
    return 0;
}

struct combine *combine_run(const struct merge_ask *ask, int rank,
                            struct err *err)
{
    struct combine *combine = xcalloc(1, sizeof *combine);
    if ((!ask->out ||
         peft_out_may_write(ask->out, ask->names, ask->force, err) == 0) &&
        open_all(combine, ask, err) == 0 &&
        look(combine, ask, rank, err) == 0 &&
        (!ask->out || write_all(combine, ask, rank, err) == 0))
        return combine;
    combine_close(combine);
    return NULL;
}

void combine_close(struct combine *combine)
{
    if (!combine)
        return;
    for (int i = 0; i < combine->count; i++)
        mem_free(combine->site[i].meant);
    mem_free(combine->site);
    for (int i = 0; i < MERGE_MOST; i++)
        peft_close(combine->peft[i]);
    mem_free(combine);
}
