/* See files_keep.h. */
#include "tui/files_keep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double energies[] = {0.5, 0.75, 0.9, 0.95, 0.99, 0.999};
static const double ranks[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128};
static const double ratios[] = {2, 5, 10, 20, 50, 100, 1000};

static const struct {
    const double *value;
    int count, usual; /* values, and the one it begins with */
} rules[KEEP_RULES] = {
    [KEEP_ENERGY] = {energies, sizeof energies / sizeof *energies, 2},
    [KEEP_RANK] = {ranks, sizeof ranks / sizeof *ranks, 3},
    [KEEP_RATIO] = {ratios, sizeof ratios / sizeof *ratios, 2}};

void keep_move(struct ui *ui, int by)
{
    int usual = rules[ui->keep].usual, last = rules[ui->keep].count - 1;
    int to = usual + ui->keep_step[ui->keep] + by;
    to = to < 0 ? 0 : to > last ? last : to;
    ui->keep_step[ui->keep] = to - usual;
}

static double value_of(const struct ui *ui, enum keep_rule rule)
{
    return rules[rule].value[rules[rule].usual + ui->keep_step[rule]];
}

double keep_value(const struct ui *ui)
{
    return value_of(ui, ui->keep);
}

void keep_words(char *to, size_t size, const struct ui *ui)
{
    double value = keep_value(ui);
    switch (ui->keep) {
    case KEEP_ENERGY:
        (void)snprintf(to, size, "the least rank with %.4g %% of the energy",
                       100 * value);
        return;
    case KEEP_RANK:
        (void)snprintf(to, size, "rank %.0f, or less where there is less",
                       value);
        return;
    case KEEP_RATIO:
        (void)snprintf(to, size, "every σ of at least σ_1 / %.0f", value);
        return;
    case KEEP_RULES:
        break;
    }
    to[0] = '\0';
}

struct plan_site keep_site(const struct snapshot *snapshot,
                           const struct run_view *run, int site)
{
    const struct site_view *view = &run->site[site];
    const struct site *of = &snapshot->site[site];
    bool is_there = view->sigma_count > 0 && view->sigma[0] > 0;
    return (struct plan_site){.sigma = view->sigma,
                              .count = is_there ? view->sigma_count : 0,
                              .out = of->out,
                              .in = of->in};
}

int keep_rank(const struct ui *ui, const struct plan_site *site)
{
    switch (ui->keep) {
    case KEEP_ENERGY:
        return plan_by_energy(site, keep_value(ui));
    case KEEP_RANK:
        return plan_by_rank(site, (int)keep_value(ui));
    case KEEP_RATIO:
        return plan_by_ratio(site, keep_value(ui));
    case KEEP_RULES:
        break;
    }
    return site->count;
}

static double tool_value(const struct ui *ui, const struct tool_rule *rule)
{
    static const double epsilon = 0.01; /* no choice here goes with it */
    switch (rule->value) {
    case TOOL_RANK:
        return value_of(ui, KEEP_RANK);
    case TOOL_ENERGY:
        return value_of(ui, KEEP_ENERGY);
    case TOOL_RATIO:
        return value_of(ui, KEEP_RATIO);
    case TOOL_EPSILON:
        break;
    }
    return epsilon;
}

void keep_tool_words(char *to, size_t size, const struct ui *ui,
                     const struct tool_rule *rule)
{
    double value = tool_value(ui, rule);
    /* LyCORIS says it the other way round. */
    bool inverse = strcmp(rule->name, "LyCORIS ratio") == 0;
    (void)snprintf(to, size, "%s %.4g", rule->name,
                   inverse ? 1 / value : value);
}

struct keep_total keep_sum(const struct ui *ui, const struct snapshot *snapshot,
                           const struct run_view *run,
                           const struct tool_rule *rule)
{
    struct keep_total total = {0};
    double norm = 0, error = 0;
    for (int s = 0; s < snapshot->site_count; s++) {
        struct plan_site site = keep_site(snapshot, run, s);
        double scale = run->site[s].rank ? run->site[s].scale : 1;
        if (site.count == 0)
            continue;
        int rank = rule ? tool_rank(rule, &site, scale, tool_value(ui, rule))
                        : keep_rank(ui, &site);
        total.low = total.sites++ == 0 || rank < total.low ? rank : total.low;
        total.high = rank > total.high ? rank : total.high;
        total.parameters += (long long)rank * (site.out + site.in);
        norm = hypot(norm, plan_norm(&site));
        error = hypot(error, plan_frobenius_error(&site, rank));
    }
    total.norm = norm;
    total.error = error;
    return total;
}
