/* See tool_rank.h.  torch.searchsorted(c, v) is #{c < v}, as in all of these
 * sums c never falls. */
#include "analysis/tool_rank.h"

#include <math.h>

/* #{k : cumulative sum of sigma^power < share of the whole}; of those sums
 * the last is the whole itself and never below it. */
static int sums_below(const struct plan_site *site, int power, double share)
{
    double whole = 0, sum = 0;
    int below = 0;
    for (int i = 0; i < site->count; i++)
        whole += pow(site->sigma[i], power);
    for (int i = 0; i < site->count; i++) {
        sum += pow(site->sigma[i], power);
        below += sum < share * whole;
    }
    return below;
}

static int above(const struct plan_site *site, double least)
{
    int count = 0;
    for (int i = 0; i < site->count; i++)
        count += site->sigma[i] > least;
    return count;
}

/* What kohya's three make of their index: within [1, min(out, in) - 1], and
 * then one more; a zero matrix (on B A, without s) has rank 1. */
static int kohya(const struct plan_site *site, double scale, int index)
{
    static const double MIN_SV = 1e-6;
    int last = (site->out < site->in ? site->out : site->in) - 1;
    index = index < last ? index : last;
    index = index > 1 ? index : 1;
    if (site->sigma[0] <= MIN_SV * fabs(scale))
        return 1;
    return index + 1;
}

static int kohya_ratio(const struct plan_site *site, double scale, double t)
{
    return kohya(site, scale, above(site, site->sigma[0] / t));
}

static int kohya_cumulative(const struct plan_site *site, double scale,
                            double p)
{
    return kohya(site, scale, sums_below(site, 1, p) + 1);
}

static int kohya_fro(const struct plan_site *site, double scale, double p)
{
    return kohya(site, scale, sums_below(site, 2, p * p) + 1);
}

static int lycoris_fixed(const struct plan_site *site, double scale, double r)
{
    (void)site;
    (void)scale;
    return (int)r;
}

static int lycoris_threshold(const struct plan_site *site, double scale,
                             double t)
{
    return above(site, t * fabs(scale)); /* sigma of B A */
}

static int lycoris_ratio(const struct plan_site *site, double scale, double t)
{
    (void)scale;
    return above(site, site->sigma[0] / t); /* its ratio is 1 / t */
}

static int lycoris_quantile(const struct plan_site *site, double scale,
                            double p)
{
    (void)scale;
    return sums_below(site, 1, p);
}

static int peft_energy(const struct plan_site *site, double scale, double p)
{
    (void)scale;
    return sums_below(site, 2, p) + 1;
}

static int mergekit(const struct plan_site *site, double scale, double epsilon)
{
    (void)scale;
    return above(site, epsilon); /* of what is to be added to W: s B A */
}

const struct tool_rule tool_rules[] = {
    {"kohya sv_ratio", TOOL_RATIO, "#{sigma > sigma_1/t} + 1", kohya_ratio},
    {"kohya sv_cumulative", TOOL_ENERGY, "share p of sum sigma, + 1",
     kohya_cumulative},
    {"kohya sv_fro", TOOL_ENERGY, "share p^2 of sum sigma^2, + 1", kohya_fro},
    {"LyCORIS fixed", TOOL_RANK, "r", lycoris_fixed},
    {"LyCORIS threshold", TOOL_EPSILON, "#{sigma of B A > t}",
     lycoris_threshold},
    {"LyCORIS ratio", TOOL_RATIO, "#{sigma > sigma_1/t}", lycoris_ratio},
    {"LyCORIS quantile", TOOL_ENERGY, "share p of sum sigma, - 1",
     lycoris_quantile},
    {"PEFT convert_to_lora", TOOL_ENERGY, "share p of sum sigma^2",
     peft_energy},
    {"mergekit sv-epsilon", TOOL_EPSILON, "#{sigma > e}", mergekit},
};
const int tool_rule_count = sizeof tool_rules / sizeof *tool_rules;

int tool_rank(const struct tool_rule *rule, const struct plan_site *site,
              double scale, double value)
{
    int rank = rule->rank(site, scale, value);
    rank = rank < site->count ? rank : site->count;
    return rank < 1 ? 1 : rank;
}
