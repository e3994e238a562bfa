/*
 * Measures and chance in words; see measure.h.
 */
#include "tui/views/measure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/metric_table.h"
#include "tui/ticks.h"

const char *measure_number(char *to, size_t size, int metric, double value)
{
    bool is_count = strstr(metric_table[metric].range, "..") != NULL;
    if (is_count && value == floor(value) && fabs(value) < 1e6)
        snprintf(to, size, "%.0f", value);
    else
        number_text(to, size, value);
    return to;
}

double measure_norm(const struct site_view *view)
{
    return view->sigma_count
               ? metric_frobenius(view->sigma, view->sigma_count,
                                  view->sigma_count, view->sigma_count)
               : NAN;
}

static struct band scaled(const struct band *band, double by)
{
    return (struct band){by * band->mean, by * band->low, by * band->high,
                         by * band->error};
}

/* Not that of another rank, from before the dial was turned. */
static bool has_chance(const struct site_view *view)
{
    return view->chance && view->chance->rank == view->rank &&
           measure_norm(view) > 0;
}

bool measure_chance(struct band *band, const struct site_view *view, int metric)
{
    const struct metric *of = &metric_table[metric];
    double norm = measure_norm(view);
    if (!has_chance(view) || strncmp(of->chance, "none", 4) == 0)
        return false;
    *band = scaled(&view->chance->metric[metric], of->scales ? norm : 1);
    /* Its tail is too heavy for one. */
    if (metric == metric_index("condition"))
        band->mean = NAN;
    return true;
}

bool measure_sigma_chance(struct band *band, const struct site_view *view,
                          int i)
{
    double norm = measure_norm(view);
    if (!has_chance(view) || i >= view->chance->count)
        return false;
    *band = scaled(&view->chance->sigma[i], norm);
    return true;
}

const char *measure_chance_words(char *to, size_t size, double value,
                                 const struct band *band)
{
    /* A measure that does not depend on the numbers: rank 1, or a count. */
    const double same = 1e-9;
    char mean[16], low[16], high[16], away[32] = "inside";
    double half = (band->high - band->low) / 2;
    double middle = (band->high + band->low) / 2;
    bool is_point = half <= same * fabs(middle);
    bool is_inside = value >= band->low - same * fabs(middle) &&
                     value <= band->high + same * fabs(middle);
    const char *side = value > middle ? "above" : "below";
    if (!is_inside && (is_point || isnan(band->mean) || !isfinite(half)))
        snprintf(away, sizeof away, "%s", side);
    else if (!is_inside)
        snprintf(away, sizeof away, "%.*f half-bands %s",
                 fabs(value - middle) < 9.95 * half ? 1 : 0,
                 fabs(value - middle) / half, side);
    number_text(mean, sizeof mean, band->mean);
    number_text(low, sizeof low, band->low);
    number_text(high, sizeof high, band->high);
    if (is_point)
        snprintf(to, size, "by chance always %s%s%s", low,
                 is_inside ? "" : ": ", is_inside ? "" : away);
    else if (isnan(band->mean))
        snprintf(to, size, "by chance %s to %s: %s", low, high, away);
    else
        snprintf(to, size, "by chance %s (%s to %s): %s", mean, low, high,
                 away);
    return to;
}

const char *measure_words(char *to, size_t size, const struct site_view *view,
                          const struct site *of, int metric)
{
    struct band band;
    char number[16], chance[96] = "";
    double value = view_measure(view, of, metric);
    if (!view->adapted)
        snprintf(to, size, "this run does not adapt the site");
    else if (view->sigma_count == 0)
        snprintf(to, size, "not computed yet");
    else if (isnan(value))
        snprintf(to, size, "dW is zero, no update yet");
    else {
        if (measure_chance(&band, view, metric))
            measure_chance_words(chance, sizeof chance, value, &band);
        else if (!has_chance(view) && measure_norm(view) > 0)
            snprintf(chance, sizeof chance, "by chance –");
        snprintf(to, size, "%s%s%s",
                 measure_number(number, sizeof number, metric, value),
                 chance[0] ? ", " : "", chance);
    }
    return to;
}

const char *measure_pair(char *to, size_t size, const struct site_view *view,
                         const struct site *of, int metric)
{
    struct band band;
    char value[16], chance[16];
    measure_number(value, sizeof value, metric, view_measure(view, of, metric));
    if (measure_chance(&band, view, metric))
        snprintf(to, size, "%s (%s)", value,
                 measure_number(chance, sizeof chance, metric, band.mean));
    else
        snprintf(to, size, "%s", value);
    return to;
}

struct alarms measure_alarms(const struct view_context *context,
                             const struct run_view *run, int site)
{
    const struct site_view view = view_site(context, run, site);
    const struct site *of = &context->snapshot->site[site];
    const struct alarm_input input = {.sigma = view.sigma,
                                      .count = view.sigma_count,
                                      .out = of->out,
                                      .in = of->in,
                                      .rank = view.rank,
                                      .chance = has_chance(&view) ? view.chance
                                                                  : NULL,
                                      .direction_count = view.direction_count,
                                      .gradient_share = view.gradient_share,
                                      .direction_norm = view.direction_norm};
    return alarms_of(&input);
}
