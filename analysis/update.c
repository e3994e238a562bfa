/*
 * Updates of one site: see update.h.  Sums over out x in entries run in
 * double; of factors they run over rank x rank numbers instead.
 */
#include "analysis/update.h"

#include <assert.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"

struct update update_of_factors(struct mat bt, struct mat a, double scale)
{
    assert(bt.rows == a.rows);
    return (struct update){
        .out = bt.cols, .in = a.cols, .bt = bt, .a = a, .scale = scale};
}

struct update update_of_matrix(struct mat dw)
{
    return (struct update){.out = dw.rows, .in = dw.cols, .scale = 1, .dw = dw};
}

bool update_has_factors(const struct update *update)
{
    return update->a.at != NULL;
}

int update_spectrum(struct spectrum *spectrum, const struct update *update,
                    enum vectors vectors, struct err *err)
{
    if (update_has_factors(update))
        return spectrum_of_factors(spectrum, update->bt, update->a,
                                   update->scale, vectors, err);
    return spectrum_of_matrix(spectrum, update->dw, vectors, err);
}

void update_write(const struct update *update, struct mat dw)
{
    assert(dw.rows == update->out && dw.cols == update->in);
    if (update_has_factors(update))
        linalg_gemm(dw, (float)update->scale, update->bt, TRANSPOSED, update->a,
                    PLAIN, 0);
    else
        mat_copy(dw, update->dw);
}

static double dot_rows(struct mat a, int i, struct mat b, int j)
{
    return vec_dot(mat_row(a, i), mat_row(b, j), (size_t)a.cols);
}

/* <B1 A1, B2 A2> = tr((B1^T B2) (A2 A1^T)) */
static double inner_factors(const struct update *one, const struct update *two)
{
    double sum = 0;
    for (int i = 0; i < one->a.rows; i++)
        for (int j = 0; j < two->a.rows; j++)
            sum += dot_rows(one->bt, i, two->bt, j) *
                   dot_rows(one->a, i, two->a, j);
    return one->scale * two->scale * sum;
}

/* <B A, W> = sum over rows i of W of sum_k B_ik <a_k, W_i> */
static double inner_mixed(const struct update *thin, struct mat w)
{
    double sum = 0;
    for (int i = 0; i < w.rows; i++)
        for (int k = 0; k < thin->a.rows; k++)
            sum += (double)mat_row(thin->bt, k)[i] * dot_rows(thin->a, k, w, i);
    return thin->scale * sum;
}

double update_inner(const struct update *one, const struct update *two)
{
    assert(one->out == two->out && one->in == two->in);
    if (update_has_factors(one) && update_has_factors(two))
        return inner_factors(one, two);
    if (update_has_factors(one))
        return inner_mixed(one, two->dw);
    if (update_has_factors(two))
        return inner_mixed(two, one->dw);
    double sum = 0;
    for (int i = 0; i < one->out; i++)
        sum += dot_rows(one->dw, i, two->dw, i);
    return sum;
}

static bool all_zero(const float *row, int n)
{
    for (int j = 0; j < n; j++)
        if (row[j] != 0)
            return false;
    return true;
}

bool update_is_zero(const struct update *update)
{
    bool factors = update_has_factors(update);
    if (factors && update->scale == 0)
        return true;
    struct mat a = factors ? update->a : update->dw, bt = update->bt;
    for (int k = 0; k < a.rows; k++)
        if (!all_zero(mat_row(a, k), a.cols) &&
            !(factors && all_zero(mat_row(bt, k), bt.cols)))
            return false;
    return true;
}
