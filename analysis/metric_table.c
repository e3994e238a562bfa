/*
 * Every rank measure of a list of singular values: see metric_table.h.
 *
 * Notation of the formulas: sigma_1 >= ... >= sigma_q, p = sigma / sum sigma,
 * pi = sigma^2 / sum sigma^2.  Sigmas are divided by the largest first, so
 * that neither 1e-200 nor 1e200 is lost in a square.
 */
#include "analysis/metric_table.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Sum of (sigma / sigma_1)^power; 0 when all are zero. */
static double moment(const double *sigma, int count, int power)
{
    double sum = 0;
    if (count < 1 || !(sigma[0] > 0))
        return 0;
    for (int i = 0; i < count; i++)
        sum += pow(sigma[i] / sigma[0], power);
    return sum;
}

/* exp of the entropy of sigma^power over its sum. */
static double entropy(const double *sigma, int count, int power)
{
    double sum = moment(sigma, count, power), h = 0;
    if (!(sum > 0))
        return 0;
    for (int i = 0; i < count; i++) {
        double p = pow(sigma[i] / sigma[0], power) / sum;
        if (p > 0)
            h -= p * log(p);
    }
    return exp(h);
}

/* The least k whose first k hold this share of sum sigma^power. */
static double least(const double *sigma, int count, int power, double share)
{
    double sum = moment(sigma, count, power), part = 0;
    if (!(sum > 0))
        return 0;
    for (int i = 0; i < count; i++) {
        part += pow(sigma[i] / sigma[0], power);
        /* Equal sigmas that hold the share exactly must not need one more
         * because of rounding. */
        if (part >= share * sum * (1 - count * DBL_EPSILON))
            return i + 1;
    }
    return count;
}

static double frobenius(const double *sigma, int count, int out, int in)
{
    (void)out;
    (void)in;
    return count > 0 ? sigma[0] * sqrt(moment(sigma, count, 2)) : 0;
}

static double spectral(const double *sigma, int count, int out, int in)
{
    (void)out;
    (void)in;
    return count > 0 ? sigma[0] : 0;
}

static double nuclear(const double *sigma, int count, int out, int in)
{
    (void)out;
    (void)in;
    return count > 0 ? sigma[0] * moment(sigma, count, 1) : 0;
}

double metric_entropy_rank(const double *sigma, int count, int out, int in)
{
    (void)out;
    (void)in;
    return entropy(sigma, count, 1);
}

static double energy_entropy_rank(const double *sigma, int count, int out,
                                  int in)
{
    (void)out;
    (void)in;
    return entropy(sigma, count, 2);
}

double metric_stable_rank(const double *sigma, int count, int out, int in)
{
    (void)out;
    (void)in;
    return moment(sigma, count, 2);
}

double metric_participation_ratio(const double *sigma, int count, int out,
                                  int in)
{
    (void)out;
    (void)in;
    double two = moment(sigma, count, 2), four = moment(sigma, count, 4);
    return four > 0 ? two * two / four : 0;
}

static double nuclear_rank(const double *sigma, int count, int out, int in)
{
    (void)out;
    (void)in;
    double one = moment(sigma, count, 1), two = moment(sigma, count, 2);
    return two > 0 ? one * one / two : 0;
}

static double rank90(const double *sigma, int count, int out, int in)
{
    (void)out;
    (void)in;
    return least(sigma, count, 2, 0.90);
}

static double rank95(const double *sigma, int count, int out, int in)
{
    (void)out;
    (void)in;
    return least(sigma, count, 2, 0.95);
}

static double rank99(const double *sigma, int count, int out, int in)
{
    (void)out;
    (void)in;
    return least(sigma, count, 2, 0.99);
}

static double nuclear_rank90(const double *sigma, int count, int out, int in)
{
    (void)out;
    (void)in;
    return least(sigma, count, 1, 0.90);
}

/* float32's epsilon: the factors and weights behind sigma are float. */
static double numerical_rank(const double *sigma, int count, int out, int in)
{
    double floor = count > 0 ? sigma[0] * (double)FLT_EPSILON : 0;
    floor *= out > in ? out : in;
    int rank = 0;
    while (rank < count && sigma[rank] > floor)
        rank++;
    return rank;
}

static double matrix_entropy(const double *sigma, int count, int out, int in)
{
    int rank = (int)numerical_rank(sigma, count, out, in);
    return rank > 1 ? log(entropy(sigma, count, 2)) / log(rank) : 0;
}

static double condition(const double *sigma, int count, int out, int in)
{
    (void)out;
    (void)in;
    if (count < 1 || !(sigma[0] > 0))
        return 0;
    return sigma[count - 1] > 0 ? sigma[0] / sigma[count - 1] : INFINITY;
}

static double rms(const double *sigma, int count, int out, int in)
{
    return frobenius(sigma, count, out, in) / sqrt((double)out * (double)in);
}

const struct metric metric_table[] = {
    {.key = "frobenius",
     .name = "Frobenius norm",
     .formula = "sqrt(sum sigma^2)",
     .range = "[0, inf)",
     .others = "WeightWatcher: norm, squared; kohya: norm of s B A",
     .paper = "",
     .of = frobenius},
    {.key = "spectral",
     .name = "spectral norm",
     .formula = "sigma_1",
     .range = "[0, inf)",
     .others = "WeightWatcher: spectral_norm, squared; operator norm, 2-norm",
     .paper = "",
     .of = spectral},
    {.key = "nuclear",
     .name = "nuclear norm",
     .formula = "sum sigma",
     .range = "[0, inf)",
     .others = "trace norm, Schatten 1-norm",
     .paper = "",
     .of = nuclear},
    {.key = "rms",
     .name = "RMS of an entry",
     .formula = "sqrt(sum sigma^2 / (out in))",
     .range = "[0, inf)",
     .others = "",
     .paper = "",
     .of = rms},
    {.key = "stable_rank",
     .name = "stable rank",
     .formula = "sum sigma^2 / sigma_1^2",
     .range = "[1, q]",
     .others = "WeightWatcher: stable_rank; resize_lora: effective rank; Rényi "
               "rank of order infinity",
     .paper = "Rudelson & Vershynin 2007, arXiv math/0503442",
     .of = metric_stable_rank},
    {.key = "participation_ratio",
     .name = "participation ratio",
     .formula = "(sum sigma^2)^2 / sum sigma^4",
     .range = "[1, q]",
     .others = "Rényi rank of order 2",
     .paper = "Bell & Dean 1970",
     .of = metric_participation_ratio},
    {.key = "entropy_rank",
     .name = "entropy rank",
     .formula = "exp(-sum p ln p), p = sigma / sum sigma",
     .range = "[1, q]",
     .others = "effective rank, erank",
     .paper = "Roy & Vetterli 2007, EUSIPCO",
     .of = metric_entropy_rank},
    {.key = "energy_entropy_rank",
     .name = "energy entropy rank",
     .formula = "exp(-sum pi ln pi), pi = sigma^2 / sum sigma^2",
     .range = "[1, q]",
     .others = "von Neumann rank; Rényi rank of order 1",
     .paper = "",
     .of = energy_entropy_rank},
    {.key = "nuclear_rank",
     .name = "nuclear rank",
     .formula = "(sum sigma)^2 / sum sigma^2",
     .range = "[1, q]",
     .others = "(nuclear / Frobenius)^2",
     .paper = "",
     .of = nuclear_rank},
    {.key = "rank90",
     .name = "rank for 90 % of the energy",
     .formula = "least k: sum_(i<=k) sigma^2 >= 0.90 sum sigma^2",
     .range = "1..q",
     .others = "sv_fro 0.949 in kohya, whose shares are of the norm, not of "
               "its square",
     .paper = "",
     .of = rank90},
    {.key = "rank95",
     .name = "rank for 95 % of the energy",
     .formula = "least k: sum_(i<=k) sigma^2 >= 0.95 sum sigma^2",
     .range = "1..q",
     .others = "sv_fro 0.975 in kohya",
     .paper = "",
     .of = rank95},
    {.key = "rank99",
     .name = "rank for 99 % of the energy",
     .formula = "least k: sum_(i<=k) sigma^2 >= 0.99 sum sigma^2",
     .range = "1..q",
     .others = "sv_fro 0.995 in kohya",
     .paper = "",
     .of = rank99},
    {.key = "nuclear_rank90",
     .name = "rank for 90 % of the sum",
     .formula = "least k: sum_(i<=k) sigma >= 0.90 sum sigma",
     .range = "1..q",
     .others = "sv_cumulative in kohya, which then adds one",
     .paper = "",
     .of = nuclear_rank90},
    {.key = "numerical_rank",
     .name = "numerical rank",
     .formula = "count of sigma > max(out, in) * 1.19e-7 * sigma_1",
     .range = "0..q",
     .others = "numpy matrix_rank in float32; hard rank in WeightWatcher",
     .paper = "",
     .of = numerical_rank},
    {.key = "matrix_entropy",
     .name = "matrix entropy",
     .formula = "-sum pi ln pi / ln(numerical rank)",
     .range = "[0, 1]",
     .others = "WeightWatcher: matrix_entropy",
     .paper = "",
     .of = matrix_entropy},
    {.key = "condition",
     .name = "condition number",
     .formula = "sigma_1 / sigma_q",
     .range = "[1, inf]",
     .others = "kappa",
     .paper = "",
     .of = condition},
};

const int metric_count = sizeof metric_table / sizeof *metric_table;

const struct metric *metric_find(const char *key)
{
    for (int i = 0; i < metric_count; i++)
        if (!strcmp(metric_table[i].key, key))
            return &metric_table[i];
    return NULL;
}
