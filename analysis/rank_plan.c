/* Plans of one site; see rank_plan.h.  Sums run from the smallest value up,
 * so that a tail keeps its digits. */
#include "analysis/rank_plan.h"

#include <float.h>
#include <math.h>

int plan_numerical_rank(const struct plan_site *site)
{
    int rank = 0;
    while (rank < site->count && site->sigma[rank] > 0 &&
           site->sigma[rank] > PLAN_ROUNDING * site->sigma[0])
        rank++;
    return rank;
}

/* sum of sigma_i^2 over i > rank */
static double tail(const struct plan_site *site, int rank)
{
    double sum = 0;
    for (int i = site->count - 1; i >= rank; i--)
        sum += site->sigma[i] * site->sigma[i];
    return sum;
}

/* Between 1 and the numerical rank. */
static int within(const struct plan_site *site, int rank)
{
    int most = plan_numerical_rank(site);
    rank = rank < most ? rank : most;
    return rank < 1 ? 1 : rank;
}

int plan_by_rank(const struct plan_site *site, int rank)
{
    return within(site, rank);
}

int plan_by_energy(const struct plan_site *site, double energy)
{
    /* .8 is no double: a share met exactly must not miss by that. */
    double lost = (1 - energy + 4 * DBL_EPSILON) * tail(site, 0);
    int rank = site->count;
    while (rank > 0 && tail(site, rank - 1) <= lost)
        rank--;
    return within(site, rank);
}

int plan_by_ratio(const struct plan_site *site, double ratio)
{
    int rank = 0;
    while (rank < site->count && site->sigma[rank] * ratio >= site->sigma[0])
        rank++;
    return within(site, rank);
}

long long plan_parameters(const int *rank, const struct plan_site *site,
                          int count)
{
    long long sum = 0;
    for (int i = 0; i < count; i++)
        sum += (long long)rank[i] * ((long long)site[i].out + site[i].in);
    return sum;
}

double plan_norm(const struct plan_site *site)
{
    return sqrt(tail(site, 0));
}

double plan_frobenius_error(const struct plan_site *site, int rank)
{
    return sqrt(tail(site, rank));
}

double plan_spectral_error(const struct plan_site *site, int rank)
{
    return rank < site->count ? site->sigma[rank] : 0;
}
