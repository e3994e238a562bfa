/*
 * The rules of alarm.h.  Their thresholds are judgement, not theory: named
 * here, with what speaks for them.
 */
#include "analysis/alarm.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analysis/metric_table.h"

/* A direction whose norm is a hundredth of the largest adds 1e-4 of that
 * one's energy: nobody would miss it. */
static const double DEAD_NORM = 0.01;
/* An even share of the gradient is 1/r.  With a tenth of it a direction moves
 * so slowly that the others decide; a fresh one (B = 0) has its full share on
 * B and is not dead. */
static const double DEAD_SHARE = 0.1;
/* sigma_1 holds 91 % of the energy: 1 / 1.1. */
static const double COLLAPSE_STABLE = 1.1;
/* Half of what random factors of the same rank have.  The stable rank alone
 * is not enough: it is low for any steep spectrum, the entropy rank is low
 * only when the long tail is missing too. */
static const double COLLAPSE_ENTROPY = 0.5;
/* sigma_1^2 is 16 times sigma_2^2.  Random factors of rank 2 and more have
 * sigma_1 / sigma_2 below 2 for all but the smallest shapes. */
static const double SPIKE = 4;

const char *alarm_name(enum alarm_kind kind)
{
    static const char *const name[ALARM_KINDS] = {
        [ALARM_DEAD] = "dead directions",
        [ALARM_COLLAPSE] = "rank collapse",
        [ALARM_SPIKE] = "single spike"};
    return name[kind];
}

static void __attribute__((format(printf, 3, 4)))
raise_alarm(struct alarms *to, enum alarm_kind kind, const char *format, ...)
{
    struct alarm *alarm = &to->alarm[to->count++];
    alarm->kind = kind;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(alarm->text, sizeof alarm->text, format, args);
    va_end(args);
}

static void look_for_dead(struct alarms *to, const struct alarm_input *of)
{
    double largest = 0;
    int count = of->direction_count;
    if (!of->gradient_share || !of->direction_norm)
        return;
    for (int k = 0; k < count; k++)
        largest = fmax(largest, of->direction_norm[k]);
    for (int k = 0; k < count && largest > 0; k++) {
        bool is_small = of->direction_norm[k] < DEAD_NORM * largest;
        if (is_small && of->gradient_share[k] < DEAD_SHARE / count)
            to->dead++;
    }
    if (to->dead)
        raise_alarm(
            to, ALARM_DEAD,
            "%d of %d directions are dead: tiny, and hardly any gradient",
            to->dead, count);
}

static void look_for_collapse(struct alarms *to, const struct alarm_input *of)
{
    int entropy = metric_index("entropy_rank");
    double stable = metric_stable_rank(of->sigma, of->count, of->out, of->in);
    double even = metric_entropy_rank(of->sigma, of->count, of->out, of->in);
    if (of->count < 2 || !of->chance || !(stable <= COLLAPSE_STABLE))
        return;
    double chance = of->chance->metric[entropy].mean;
    if (even <= COLLAPSE_ENTROPY * chance)
        raise_alarm(to, ALARM_COLLAPSE,
                    "rank collapse: stable rank %.2f; entropy rank %.1f, by "
                    "chance %.1f",
                    stable, even, chance);
}

static void look_for_spike(struct alarms *to, const struct alarm_input *of)
{
    if (of->count < 2 || !(of->sigma[0] >= SPIKE * of->sigma[1]))
        return;
    if (of->sigma[1] > 0)
        raise_alarm(to, ALARM_SPIKE,
                    "single spike: sigma_1 is %.3g times sigma_2",
                    of->sigma[0] / of->sigma[1]);
    else
        raise_alarm(to, ALARM_SPIKE, "single spike: sigma_2 is zero");
}

struct alarms alarms_of(const struct alarm_input *of)
{
    struct alarms to = {0};
    if (of->count < 1 || !(of->sigma[0] > 0))
        return to;
    int least = of->out < of->in ? of->out : of->in;
    to.uses = (int)metric_rank99(of->sigma, of->count, of->out, of->in);
    to.of = of->rank > 0 && of->rank < least ? of->rank : least;
    look_for_dead(&to, of);
    look_for_collapse(&to, of);
    look_for_spike(&to, of);
    return to;
}
