/*
 * Ticks and short numbers; see ticks.h.
 */
#include "tui/ticks.h"

#include <math.h>
#include <stdio.h>

double nice_above(double x)
{
    double power = pow(10, floor(log10(x)));
    static const double steps[] = {1, 2, 5, 10};
    for (int i = 0; i < 4; i++)
        if (steps[i] * power >= x * (1 - 1e-9))
            return steps[i] * power;
    return 10 * power;
}

struct ticks ticks_linear(double low, double high, int wanted)
{
    struct ticks ticks = {0};
    wanted = wanted < 1 ? 1 : wanted > TICKS ? TICKS : wanted;
    double step = nice_above((high - low) / wanted);
    double slack = 1e-9 * step; /* rounding must not lose the last tick */
    double first = ceil((low - slack) / step);
    for (int i = 0; i < TICKS; i++) {
        double at = (first + i) * step;
        if (at > high + slack)
            break;
        ticks.at[ticks.count++] = at == 0 ? 0 : at; /* no "-0" */
    }
    ticks.decimals = (int)fmax(0, -floor(log10(step) + 1e-9));
    return ticks;
}

static void log_ticks(struct ticks *ticks, double low, double high,
                      const double *parts, int count, int stride)
{
    ticks->count = 0;
    int first = (int)floor(log10(low)), last = (int)ceil(log10(high));
    first -= ((first % stride) + stride) % stride;
    for (int decade = first; decade <= last; decade += stride) {
        for (int i = 0; i < count; i++) {
            double at = parts[i] * pow(10, decade);
            if (at < low * (1 - 1e-9) || at > high * (1 + 1e-9))
                continue;
            if (ticks->count == TICKS)
                return;
            ticks->at[ticks->count++] = at;
        }
    }
}

struct ticks ticks_log(double low, double high, int wanted)
{
    static const double parts[] = {1, 2, 5};
    struct ticks ticks = {.is_log = true};
    wanted = wanted < 1 ? 1 : wanted > TICKS ? TICKS : wanted;
    int decades = (int)ceil(log10(high)) - (int)floor(log10(low)) + 1;
    if (decades <= TICKS)
        log_ticks(&ticks, low, high, parts, 3, 1);
    for (int stride = 1; ticks.count > wanted || decades > TICKS; stride++) {
        log_ticks(&ticks, low, high, parts, 1, stride);
        if (ticks.count <= wanted || stride > decades)
            break;
    }
    if (ticks.count < 2) { /* less than a decade: linear places read better */
        struct ticks even = ticks_linear(low, high, wanted);
        if (even.count > ticks.count)
            return even;
    }
    return ticks;
}

void tick_label(char *to, size_t size, const struct ticks *ticks, int i)
{
    double at = ticks->at[i];
    double size_of = fabs(at);
    if (size_of >= 1e4)
        count_text(to, size, at);
    else if (!ticks->is_log)
        snprintf(to, size, "%.*f", ticks->decimals > 6 ? 6 : ticks->decimals,
                 at);
    else if (size_of < 0.0099)
        snprintf(to, size, "%.0fe%d", at / pow(10, floor(log10(at) + 1e-9)),
                 (int)floor(log10(at) + 1e-9));
    else
        snprintf(to, size, "%g", at);
}

const char *number_text(char *to, size_t size, double value)
{
    double scale = fabs(value);
    if (isnan(value))
        snprintf(to, size, "–");
    else if (isinf(value))
        snprintf(to, size, value > 0 ? "inf" : "-inf");
    else if (value == 0)
        snprintf(to, size, "0");
    else if (scale < 0.001 || scale >= 1e5)
        snprintf(to, size, "%.1e", value);
    else
        snprintf(to, size, "%.*f",
                 scale < 0.1     ? 4
                 : scale < 9.995 ? 2 + (scale < 0.9995)
                 : scale < 99.95 ? 1
                                 : 0,
                 value);
    return to;
}

const char *count_text(char *to, size_t size, double value)
{
    static const char *const unit[] = {"", "k", "M", "G", "T"};
    int step = 0;
    while (fabs(value) >= 999.5 && step < 4) {
        value /= 1000;
        step++;
    }
    if (isnan(value))
        snprintf(to, size, "–");
    else if (step == 0)
        snprintf(to, size, "%.0f", value);
    else
        snprintf(to, size, "%.3g%s", value, unit[step]);
    return to;
}
