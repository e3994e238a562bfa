/*
 * Curves of runs; see curves.h.
 *
 * Training loss is smoothed by an exponential mean over steps,
 *   m += (x - m)(1 - exp(-d / tau)), divided by its own weight,
 * so that the first points are not pulled towards zero (as Adam corrects its
 * bias).  Validation points are drawn as the run's marker.
 */
#include "tui/views/curves.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "tui/plot.h"
#include "tui/ticks.h"

enum { SMOOTH_STEPS = 12, FIRST_STEPS = 20, MARK_COLUMNS = 28 };

struct curves {
    struct plot plot;
    double *buffer[PLOT_SERIES];
    int count;
};

const char *curves_title(const struct snapshot *snapshot, enum curve curve)
{
    const char *const titles[CURVE_COUNT] = {
        [CURVE_LOSS] = snapshot_loss_name(snapshot),
        [CURVE_METRIC] = "metric, % of examples",
        [CURVE_FORGET] = "forgotten: loss on the base's own text"};
    return titles[curve];
}

static void smooth(double *value, const double *step, long count)
{
    double mean = 0, weight = 0, before = 0;
    for (long i = 0; i < count; i++) {
        if (isnan(value[i])) {
            mean = weight = 0;
            continue;
        }
        double gap = weight > 0 ? step[i] - before : 1;
        double keep = exp(-gap / SMOOTH_STEPS);
        mean = keep * mean + (1 - keep) * value[i];
        weight = keep * weight + (1 - keep);
        before = step[i];
        value[i] = mean / weight;
    }
}

/* x then y, (count) each, in one buffer. */
static double *copy_points(const struct series_view *view, int branch,
                           bool is_smoothed, double scale, long *count)
{
    struct point *point = series_copy(view, branch, count);
    double *xy = xcalloc(2 * (size_t)*count + 1, sizeof *xy);
    for (long i = 0; i < *count; i++) {
        xy[i] = (double)point[i].step;
        xy[*count + i] = scale * point[i].value;
    }
    mem_free(point);
    if (is_smoothed)
        smooth(xy + *count, xy, *count);
    return xy;
}

static struct plot_series *add(struct curves *curves,
                               const struct series_view *view, int branch,
                               bool is_smoothed, double scale)
{
    if (!view->series || view->length == 0)
        return NULL;
    struct plot_series *series = plot_add(&curves->plot);
    if (!series)
        return NULL;
    long count = 0;
    double *xy = copy_points(view, branch, is_smoothed, scale, &count);
    curves->buffer[curves->count++] = xy;
    series->x = xy;
    series->y = xy + count;
    series->count = (int)count;
    return series;
}

static const struct series_view *source(const struct run_view *run,
                                        enum curve curve)
{
    return curve == CURVE_LOSS     ? &run->train
           : curve == CURVE_METRIC ? &run->metric_series
                                   : &run->forget;
}

static struct pen pen_of(const struct canvas *canvas, int id)
{
    struct pen pen = {.style = view_run_style(id), .line = glyph_line(id)};
    if (canvas->colours < 8) /* colour cannot tell them apart */
        pen.dash = (enum dash)((unsigned)id % DASH_KINDS);
    return pen;
}

/* The road not taken, dim, under everything else. */
static void add_abandoned(struct curves *curves, const struct run_view *run,
                          enum curve curve)
{
    enum { SHOWN = 3 };
    int first = run->branch > SHOWN ? run->branch - SHOWN : 0;
    for (int branch = first; branch < run->branch; branch++) {
        struct plot_series *series =
            add(curves, source(run, curve), branch, curve == CURVE_LOSS,
                curve == CURVE_METRIC ? 100 : 1);
        if (series)
            series->pen = (struct pen){
                .style = style_of(ROLE_DIM), .dash = DASH_DOT, .line = '.'};
    }
}

static void add_run(struct curves *curves, const struct canvas *canvas,
                    const struct run_view *run, enum curve curve)
{
    struct plot_series *series =
        add(curves, source(run, curve), -1, curve == CURVE_LOSS,
            curve == CURVE_METRIC ? 100 : 1);
    if (series) {
        series->pen = pen_of(canvas, run->id);
        series->sign = glyph_marker(run->id);
        series->marker = curve == CURVE_LOSS ? 0 : series->sign;
        char value[16], name[VIEW_NAME];
        double last = series->count ? series->y[series->count - 1] : NAN;
        snprintf(series->label, sizeof series->label, "%s %s",
                 view_name(name, run->name, VIEW_LABEL),
                 number_text(value, sizeof value, last));
    }
    struct plot_series *validation =
        curve == CURVE_LOSS ? add(curves, &run->validation, -1, false, 1)
                            : NULL;
    if (validation) {
        validation->pen = pen_of(canvas, run->id);
        validation->no_line = true;
        validation->marker = glyph_marker(run->id);
    }
}

/* "▲ h.3.attn.v: rank 4 -> 8" of "r8 h.3.attn.v: rank 4 -> 8 (keep s): ...":
 * the marker stands for the name, the rest is in the log. */
static void add_marks(struct curves *curves, const struct snapshot *snapshot)
{
    for (int i = 0; i < snapshot->event_count; i++) {
        const struct event *event = &snapshot->event[i];
        if (!event->is_change || event->run < 0)
            continue;
        char sign[5] = "", text[SNAPSHOT_EVENT_TEXT + 8];
        glyph_encode(sign, glyph_marker(event->run));
        const struct run_view *run = snapshot_run(snapshot, event->run);
        const char *words = view_event_words(event, run);
        size_t clause = strcspn(words, ",;(");
        snprintf(text, sizeof text, "%s %.*s", sign, (int)clause, words);
        const char *at = text;
        for (int used = 0; *at && used < MARK_COLUMNS; used++)
            glyph_next(&at);
        text[at - text] = '\0';
        plot_add_mark(&curves->plot, (double)event->step,
                      view_run_style(event->run), text);
    }
}

/* The axis ends at 20, 50, 100, ... and at last where the session ends, so
 * that the first seconds fill the plot and later it stands still. */
static void fit_x(struct curves *curves, const struct snapshot *snapshot)
{
    double furthest = FIRST_STEPS;
    for (int r = 0; r < snapshot->run_count; r++)
        furthest = fmax(furthest, (double)snapshot->run[r].step);
    double end = nice_above(furthest);
    if (end > (double)snapshot->steps && furthest <= (double)snapshot->steps)
        end = (double)snapshot->steps;
    curves->plot.x_low = curves->plot.log_x ? 1 : 0;
    curves->plot.x_high = fmax(end, curves->plot.x_low + 1);
}

/* For figures: what the rule over the plot says on the screen. */
static void name(struct plot *plot, const struct snapshot *snapshot,
                 enum curve curve)
{
    static const char *const title[CURVE_COUNT] = {
        [CURVE_LOSS] = "loss",
        [CURVE_METRIC] = "metric",
        [CURVE_FORGET] = "forgotten: loss on the base's own text"};
    const char *const y_name[CURVE_COUNT] = {
        [CURVE_LOSS] = snapshot_loss_name(snapshot),
        [CURVE_METRIC] = "% of held-out examples",
        [CURVE_FORGET] = "loss, nats per token"};
    bool is_metric = curve == CURVE_METRIC && snapshot->metric_name[0];
    snprintf(plot->title, sizeof plot->title, "%s",
             is_metric ? snapshot->metric_name : title[curve]);
    snprintf(plot->note, sizeof plot->note, "%s",
             curve == CURVE_LOSS
                 ? "line, number: training, smoothed; markers: validation"
                 : "");
    plot->y_name = y_name[curve];
}

static void fill(struct curves *curves, const struct canvas *canvas,
                 const struct view_context *context, enum curve curve)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *chosen = ui_run(context->ui, snapshot);
    for (int r = 0; r < snapshot->run_count; r++)
        add_abandoned(curves, &snapshot->run[r], curve);
    for (int r = 0; r < snapshot->run_count; r++)
        if (&snapshot->run[r] != chosen)
            add_run(curves, canvas, &snapshot->run[r], curve);
    if (chosen) /* last: on top */
        add_run(curves, canvas, chosen, curve);
    add_marks(curves, snapshot);
}

static const char *reason(const struct snapshot *snapshot, enum curve curve)
{
    if (snapshot->run_count == 0)
        return "no run yet: a adds one";
    if (curve == CURVE_METRIC && !snapshot->metric_name[0])
        return "this task has no metric but its loss: v shows it";
    return curve == CURVE_LOSS ? "no step taken yet"
                               : "not measured yet: evaluation comes later";
}

void curves_draw(struct canvas *canvas, struct rect rect,
                 const struct view_context *context, enum curve curve,
                 enum axes axes)
{
    struct curves *curves = xcalloc(1, sizeof *curves);
    struct plot *plot = &curves->plot;
    plot_start(plot, "step");
    /* A share of examples may well be 0 and ends at 1: never log. */
    plot->log_y = axes != AXES_LINEAR && curve != CURVE_METRIC;
    plot->log_x = axes == AXES_LOG_BOTH;
    name(plot, context->snapshot, curve);
    fill(curves, canvas, context, curve);
    fit_x(curves, context->snapshot);
    if (plot_fit(plot)) {
        if (context->ui->cursor >= 0)
            plot->cursor = (double)context->ui->cursor;
        plot_draw(canvas, rect, plot);
    } else if (rect.h > 0) {
        canvas_put(canvas, rect.x + 2, rect.y + rect.h / 2, rect.w - 2,
                   style_of(ROLE_DIM), reason(context->snapshot, curve));
    }
    for (int i = 0; i < curves->count; i++)
        mem_free(curves->buffer[i]);
    mem_free(curves);
}

void curves_pane(struct canvas *canvas, struct rect rect,
                 const struct view_context *context)
{
    if (rect.h < 4)
        return;
    view_rule(canvas, rect, curves_title(context->snapshot, CURVE_LOSS), "%s",
              "");
    rect.y++;
    rect.h--;
    curves_draw(canvas, rect, context, CURVE_LOSS, context->ui->axes);
}

static double value_at(const struct series_view *view, bool is_smoothed,
                       long step)
{
    if (!view->series || view->length == 0)
        return NAN;
    long count = 0;
    double *xy = copy_points(view, -1, is_smoothed, 1, &count);
    double value = NAN;
    for (long i = 0; i < count && xy[i] <= (double)step; i++)
        value = xy[count + i];
    mem_free(xy);
    return value;
}

double curves_value(const struct run_view *run, enum curve curve, long step)
{
    return value_at(source(run, curve), curve == CURVE_LOSS, step);
}

double curves_validation(const struct run_view *run, long step)
{
    return value_at(&run->validation, false, step);
}
