/*
 * View 4, page 2: what smaller ranks would cost, measured.  Held-out loss
 * against the rank that is kept, of the chosen site alone and of all sites;
 * and against each singular value set to zero alone: whether the order by
 * sigma, which every truncation trusts, is the order by loss.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/rank_order.h"
#include "core/base/mem.h"
#include "tui/layout.h"
#include "tui/plot.h"
#include "tui/ticks.h"
#include "tui/views/curves.h"
#include "tui/views/ranks_parts.h"

/* "You could stop at k": the loss there is at most this much above the loss
 * at full rank; a difference nobody would see on the curve. */
static const double STOP_NATS = 0.01;

int ranks_stop(const double *loss, int last)
{
    for (int k = 0; k < last; k++)
        if (loss[k] - loss[last] <= STOP_NATS)
            return k;
    return last;
}

static void say(struct canvas *canvas, struct rect rect, const char *text)
{
    if (rect.h > 0)
        canvas_put(canvas, rect.x + 2, rect.y + rect.h / 2, rect.w - 2,
                   style_of(ROLE_DIM), text);
}

static void add_curve(struct plot *plot, const double *kept, const double *loss,
                      int count, int run_id, uint32_t marker, enum dash dash,
                      const char *label)
{
    enum { CROWDED = 40 };
    struct plot_series *series = count > 1 ? plot_add(plot) : NULL;
    if (!series)
        return;
    series->x = kept;
    series->y = loss;
    series->count = count;
    series->pen = (struct pen){.style = view_run_style(run_id),
                               .dash = dash,
                               .line = dash == DASH_SOLID ? '-' : '.'};
    series->sign = marker;
    series->marker = count <= CROWDED ? marker : 0;
    snprintf(series->label, sizeof series->label, "%s", label);
}

/* Two plots of one run: its marker is the site's, a cross is all sites'. */
static const uint32_t ALL_SITES = 0x00d7;

static void curve_plot(struct plot *plot, const double *kept,
                       const struct view_context *context,
                       const struct run_view *run)
{
    int at = ui_site(context->ui, context->snapshot);
    const struct site_view *site = &run->site[at];
    bool has_site = site->truncation_count > 1;
    int count = has_site ? site->truncation_count : run->cut_count;
    const double *loss = has_site ? site->truncation_loss : run->cut_loss;
    plot_start(plot, "rank kept k");
    plot_name(plot, snapshot_loss_name(context->snapshot),
              "held-out loss of rank cuts: %s",
              context->snapshot->site[at].name);
    plot->log_y = context->ui->axes != AXES_LINEAR;
    add_curve(plot, kept, run->cut_loss, run->cut_count, run->id, ALL_SITES,
              DASH_LONG, "all sites");
    if (has_site)
        add_curve(plot, kept, site->truncation_loss, site->truncation_count,
                  run->id, glyph_marker(run->id), DASH_SOLID, "this site");
    if (count < 2)
        return;
    char text[PLOT_TEXT], number[16];
    int stop = ranks_stop(loss, count - 1);
    snprintf(text, sizeof text, "uncut %s",
             number_text(number, sizeof number, loss[count - 1]));
    plot_add_level(plot, loss[count - 1], style_of(ROLE_DIM), text);
    if (stop < count - 1)
        snprintf(text, sizeof text, "stop at %d", stop);
    else
        snprintf(text, sizeof text, "all %d used", stop);
    plot_add_mark(plot, stop, style_with(ROLE_GOOD, ATTR_BOLD), text);
}

void ranks_curve_draw(struct canvas *canvas, struct rect rect,
                      const struct view_context *context)
{
    const struct run_view *run = ui_run(context->ui, context->snapshot);
    if (rect.h < 4 || !run)
        return;
    view_rule(canvas, rect, "held-out loss", "%s",
              snapshot_loss_unit(context->snapshot));
    rect.y++;
    rect.h--;
    int at = ui_site(context->ui, context->snapshot);
    int longest = run->site[at].truncation_count;
    longest = run->cut_count > longest ? run->cut_count : longest;
    double *kept = xcalloc((size_t)longest + 1, sizeof *kept);
    for (int k = 0; k < longest; k++)
        kept[k] = k;
    struct plot *plot = xcalloc(1, sizeof *plot);
    curve_plot(plot, kept, context, run);
    if (plot_fit(plot))
        plot_draw(canvas, rect, plot);
    else
        say(canvas, rect,
            run->rank_high ? "not computed yet" : "a full update: no rank");
    mem_free(plot);
    mem_free(kept);
}

/* Loss rises (count) over sigma, ascending in sigma as plots want it.
 * Returns the count. */
static int zeroed_points(double *sigma, double *rise,
                         const struct site_view *site)
{
    int count = site->truncation_count - 1;
    if (!site->zeroed_loss || count < 1 || count > site->sigma_count)
        return 0;
    for (int i = 0; i < count; i++) {
        sigma[count - 1 - i] = site->sigma[i];
        rise[count - 1 - i] =
            site->zeroed_loss[i] - site->truncation_loss[count];
    }
    return count;
}

static int positive(const double *rise, int count)
{
    int found = 0;
    for (int i = 0; i < count; i++)
        found += rise[i] > 0;
    return found;
}

void ranks_zeroed_draw(struct canvas *canvas, struct rect rect,
                       const struct view_context *context)
{
    const struct run_view *run = ui_run(context->ui, context->snapshot);
    if (rect.h < 4 || !run)
        return;
    int at = ui_site(context->ui, context->snapshot);
    const struct site_view *site = &run->site[at];
    view_rule(canvas, rect, "loss rise with σ_i = 0", "%s",
              snapshot_loss_unit(context->snapshot));
    rect.y++;
    rect.h--;
    double *sigma =
        xcalloc(2 * (size_t)site->truncation_count + 1, sizeof *sigma);
    double *rise = sigma + site->truncation_count;
    int count = zeroed_points(sigma, rise, site);
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "σ_i");
    plot_name(plot, "rise of the loss", "one singular value zeroed: %s",
              context->snapshot->site[at].name);
    plot->log_x = true;
    /* What lowers the loss sits on the bottom row then, and is counted in
     * words. */
    plot->log_y = context->ui->axes != AXES_LINEAR && positive(rise, count) > 1;
    struct plot_series *series = plot_add(plot);
    series->x = sigma;
    series->y = rise;
    series->count = count;
    series->pen.style = view_run_style(run->id);
    series->no_line = true;
    series->marker = glyph_marker(run->id);
    plot_add_level(plot, 0, style_of(ROLE_DIM), "no change");
    if (plot_fit(plot)) {
        double room = pow(plot->x_high / plot->x_low, 0.04);
        plot->x_low /= room; /* markers off the frame */
        plot->x_high *= room;
        if (!plot->log_y)
            plot->y_low = fmin(plot->y_low, -0.04 * plot->y_high);
        plot_draw(canvas, rect, plot);
    } else {
        say(canvas, rect,
            site->rank ? "not computed yet" : "no rank here to cut");
    }
    mem_free(plot);
    mem_free(sigma);
}

/* "h.3.attn.v: you could stop at 3 of 8: +0.0052 nats; measured at ..." */
static void stop_words(char *to, size_t size, const char *what,
                       const double *loss, int count, const char *unit,
                       long step)
{
    int last = count - 1, stop = ranks_stop(loss, last);
    double gap = loss[stop] - loss[last];
    char lost[48];
    if (fabs(gap) < 0.00005) /* "-0.0000" would be no number */
        snprintf(lost, sizeof lost, "less than 0.0001 %s", unit);
    else
        snprintf(lost, sizeof lost, "%+.4f %s", gap, unit);
    if (stop < last)
        snprintf(to, size, "%s: you could stop at %d of %d, %s (at step %ld)",
                 what, stop, last, lost, step);
    else
        snprintf(to, size,
                 "%s: it uses all %d, one less costs %+.4f %s (at step %ld)",
                 what, last, loss[last ? last - 1 : 0] - loss[last], unit,
                 step);
}

static void order_words(char *to, size_t size, const struct site_view *site)
{
    double *sigma =
        xcalloc(2 * (size_t)site->truncation_count + 1, sizeof *sigma);
    double *rise = sigma + site->truncation_count;
    int count = zeroed_points(sigma, rise, site);
    double rho = rank_order_correlation(sigma, rise, count);
    int lower = 0;
    for (int i = 0; i < count; i++)
        lower += rise[i] < 0;
    to[0] = '\0';
    if (count == 1)
        snprintf(to, size, "one direction has no order");
    else if (!isnan(rho))
        snprintf(to, size,
                 "order by σ %s order by loss: Spearman's correlation %.2f "
                 "(n = %d)%s",
                 rho >= 0.9   ? "is the"
                 : rho >= 0.5 ? "is roughly the"
                              : "is not the",
                 rho, count, lower ? ";" : "");
    if (lower && count > 1 && !isnan(rho)) {
        size_t used = strlen(to);
        snprintf(to + used, size - used, " %d lower it", lower);
    }
    mem_free(sigma);
}

static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct view_context *context)
{
    const struct run_view *run = ui_run(context->ui, context->snapshot);
    int at = ui_site(context->ui, context->snapshot);
    const char *unit = snapshot_loss_unit(context->snapshot);
    char line[3][160] = {"", "", ""};
    if (!run)
        return;
    const struct site_view *site = &run->site[at];
    if (site->truncation_count > 1) {
        stop_words(line[0], sizeof line[0], context->snapshot->site[at].name,
                   site->truncation_loss, site->truncation_count, unit,
                   site->truncation_step);
        order_words(line[2], sizeof line[2], site);
    }
    if (run->cut_count > 1)
        stop_words(line[1], sizeof line[1], "all sites", run->cut_loss,
                   run->cut_count, unit, run->cut_step);
    struct rect rest = {rect.x + 2, rect.y, rect.w - 3, rect.h};
    for (int i = 0; i < 3; i++) {
        int used = line[i][0]
                       ? canvas_wrap(canvas, rest, style_of(ROLE_NONE), line[i])
                       : 0;
        rest.y += used;
        rest.h -= used;
    }
}

void ranks_cuts_draw(struct canvas *canvas, struct rect rect,
                     const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *run = ui_run(context->ui, snapshot);
    struct rect part[CUTS_PARTS];
    layout_cuts(part, rect, snapshot->site_count);
    view_rule(canvas, part[CUTS_TITLE], "what cuts cost · page 2 of 2: v next",
              "%s · %s",
              snapshot->site_count
                  ? snapshot->site[ui_site(context->ui, snapshot)].name
                  : "no site",
              run ? run->name : "no run");
    if (!run || snapshot->site_count == 0)
        return;
    ranks_curve_draw(canvas, part[CUTS_CURVE], context);
    ranks_zeroed_draw(canvas, part[CUTS_ZEROED], context);
    draw_words(canvas, part[CUTS_WORDS], context);
    ranks_table(canvas, part[CUTS_DIAL], context);
    curves_pane(canvas, part[CUTS_LOSS], context);
}
