/*
 * Page 4: the chosen measure over layers and steps, as strips; the leading
 * singular values of the chosen site over the steps; and what asks for
 * attention.  Columns are the moments kept and now.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/metric_table.h"
#include "core/base/mem.h"
#include "tui/bars.h"
#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/alarm_list.h"
#include "tui/views/measure.h"
#include "tui/views/spectrum_parts.h"

/* More columns than COLS would take longer to measure than to look at: each
 * cell is a measure of a whole spectrum. */
enum { COLS = 64, ROWS = 256, NAME = 14, DIRECTIONS = 8 };

/* Moments before now: of a stored run the last one may be now itself. */
static int moments_kept(const struct run_view *run)
{
    int kept = run->moment_count;
    while (kept > 0 && run->moment[kept - 1].step >= run->step)
        kept--;
    return kept;
}

/* Moments of the chosen run in the columns of a strip. */
struct columns {
    int count, marked; /* marked: what the person looks at, from 0 */
    int moment[COLS];  /* moments_kept: now */
    char text[COLS][12];
    const char *name[COLS];
};

static void columns_make(struct columns *columns, const struct look *look,
                         int most)
{
    const struct run_view *run = look->run;
    int kept = moments_kept(run), all = kept + 1;
    long time = view_step(look->context, run);
    bool is_now = look->ui->time < 0 || time == run->step;
    columns->marked = -1;
    most = most < 1 ? 1 : most > COLS ? COLS : most;
    columns->count = all < most ? all : most;
    for (int c = 0; c < columns->count; c++) {
        int m = columns->count > 1
                    ? (int)((long)c * (all - 1) / (columns->count - 1))
                    : all - 1;
        columns->moment[c] = m;
        if (m == kept)
            snprintf(columns->text[c], sizeof columns->text[c], "now");
        else
            count_text(columns->text[c], sizeof columns->text[c],
                       (double)run->moment[m].step);
        columns->name[c] = columns->text[c];
        if (!is_now && m < kept && run->moment[m].step <= time)
            columns->marked = c;
    }
    if (is_now)
        columns->marked = columns->count - 1;
    if (columns->marked < 0)
        return;
    /* Never by colour alone. */
    char *text = columns->text[columns->marked], plain[12];
    memcpy(plain, text, sizeof plain);
    snprintf(text, sizeof columns->text[0], "▸%.7s", plain);
}

/* A site's update at a moment; moments_kept: now. */
static struct site_view site_at(const struct run_view *run, int moment,
                                int site)
{
    struct site_view view = run->site[site];
    if (moment == moments_kept(run))
        return view;
    const struct moment_view *at = &run->moment[moment];
    view.sigma_count = at->site ? at->site[site].count : 0;
    view.sigma = at->site ? at->site[site].sigma : NULL;
    return view;
}

/* Rows of the strips: adapted sites of the chosen kind, or of all kinds when
 * there is room, a kind after the other. */
struct rows {
    int count, chosen;
    int site[ROWS];
};

static void rows_make(struct rows *rows, const struct look *look, bool all)
{
    rows->count = rows->chosen = 0;
    for (int kind = 0; kind < SITE_KINDS; kind++)
        for (int s = 0; s < look->snapshot->site_count; s++) {
            const struct site *site = &look->snapshot->site[s];
            bool is_wanted = (int)site->kind == kind &&
                             (all || site->kind == look->of->kind);
            if (!is_wanted || rows->count == ROWS)
                continue;
            if (!look->run->site[s].adapted && s != look->at)
                continue;
            if (s == look->at)
                rows->chosen = rows->count;
            rows->site[rows->count++] = s;
        }
}

/* At most shown of them, around the chosen one. */
static void rows_window(struct rows *rows, int shown)
{
    if (shown < 1 || rows->count <= shown)
        return;
    int first = rows->chosen - shown / 2;
    first = first > rows->count - shown ? rows->count - shown : first;
    first = first < 0 ? 0 : first;
    memmove(rows->site, rows->site + first, (size_t)shown * sizeof *rows->site);
    rows->count = shown;
    rows->chosen -= first;
}

static void fill_heat(struct heat *heat, double *value,
                      const struct columns *columns, const struct rows *rows,
                      const struct look *look)
{
    for (int r = 0; r < rows->count; r++)
        for (int c = 0; c < columns->count; c++) {
            int site = rows->site[r];
            struct site_view view =
                site_at(look->run, columns->moment[c], site);
            double one = view_measure(&view, &look->snapshot->site[site],
                                      look->ui->measure);
            one = isinf(one) ? DBL_MAX : one;
            value[r * columns->count + c] = one;
            if (isnan(one) || one >= DBL_MAX)
                continue;
            heat->low = fmin(heat->low, one);
            heat->high = fmax(heat->high, one);
        }
}

static void draw_strips(struct canvas *canvas, struct rect rect,
                        const struct look *look, struct rows *rows)
{
    enum { AROUND = 2 };
    if (rect.h < AROUND + 1 || rect.w < NAME + 4)
        return;
    struct columns *columns = xcalloc(1, sizeof *columns);
    columns_make(columns, look, rect.w - NAME);
    rows_window(rows, rect.h - AROUND);
    const char **name = xcalloc((size_t)rows->count + 1, sizeof *name);
    for (int r = 0; r < rows->count; r++)
        name[r] = look->snapshot->site[rows->site[r]].name;
    double *value = xcalloc((size_t)rows->count * (size_t)columns->count + 1,
                            sizeof *value);
    struct heat heat = {.rows = rows->count,
                        .cols = columns->count,
                        .value = value,
                        .low = INFINITY,
                        .high = -INFINITY,
                        .chosen = -1,
                        .row_name = name,
                        .col_name = columns->name,
                        .name_width = NAME,
                        .title = "through time",
                        .row_title = "site",
                        .col_title = "step",
                        .value_name = view_measure_name(look->ui->measure),
                        .marked = columns->marked + 1,
                        .is_strip = true};
    if (columns->marked >= 0)
        heat.chosen = rows->chosen * columns->count + columns->marked;
    fill_heat(&heat, value, columns, rows, look);
    heat_draw(canvas, rect, &heat);
    mem_free(value);
    mem_free(name);
    mem_free(columns);
}

/* x (n), then y (DIRECTIONS, n). */
static int sigma_over_steps(double *x, double *y, int n,
                            const struct look *look)
{
    int longest = 0;
    for (int m = 0; m < n; m++) {
        bool is_now = m == n - 1;
        struct site_view view = site_at(look->run, m, look->at);
        x[m] = (double)(is_now ? look->run->step : look->run->moment[m].step);
        for (int i = 0; i < DIRECTIONS; i++)
            y[i * n + m] = i < view.sigma_count ? view.sigma[i] : NAN;
        longest = view.sigma_count > longest ? view.sigma_count : longest;
    }
    return longest < DIRECTIONS ? longest : DIRECTIONS;
}

/* Whether words, of an event, begin with the name of another site. */
static bool is_elsewhere(const struct look *look, const char *words)
{
    for (int s = 0; s < look->snapshot->site_count; s++) {
        const char *name = look->snapshot->site[s].name;
        size_t length = strlen(name);
        if (s != look->at && strncmp(words, name, length) == 0 &&
            strchr(": ", words[length]))
            return true;
    }
    return false;
}

static void add_marks(struct plot *plot, const struct look *look)
{
    for (int i = 0; i < look->snapshot->event_count; i++) {
        const struct event *event = &look->snapshot->event[i];
        if (!event->is_change || event->run != look->run->id)
            continue;
        char text[PLOT_TEXT];
        const char *words = view_event_words(event, look->run);
        if (is_elsewhere(look, words))
            continue;
        const char *colon = strchr(words, ':');
        words = colon ? colon + 1 + strspn(colon + 1, " ") : words;
        snprintf(text, sizeof text, "%.*s", (int)strcspn(words, ",;("), words);
        plot_add_mark(plot, (double)event->step, style_of(ROLE_DIM), text);
    }
}

/* How many of the top rows texts of marks need. */
static int text_rows(const struct plot *plot, int room)
{
    return plot->mark_count > 1 && room > DIRECTIONS ? 2 : plot->mark_count > 0;
}

/* x, y as sigma_over_steps() fills them: a line per direction. */
static void add_lines(struct plot *plot, const double *x, const double *y,
                      int n, int count, bool has_markers, int run_id)
{
    for (int i = 0; i < count; i++) {
        struct plot_series *series = plot_add(plot);
        series->x = x;
        series->y = y + i * n;
        series->count = n;
        series->pen = (struct pen){.style = view_run_style(run_id),
                                   .dash = (enum dash)(i % DASH_KINDS),
                                   .line = glyph_line(i)};
        series->marker = has_markers ? (uint32_t)('1' + i) : 0;
        snprintf(series->label, sizeof series->label, " σ%d", i + 1);
    }
}

void time_pane(struct canvas *canvas, struct rect rect, const struct look *look)
{
    if (look->snapshot->file_count > 0) {
        spectrum_say(canvas, rect, "a file is one moment: it has no steps");
        return;
    }
    enum { AXIS = 2, LEAST = 3, CELLS_A_MARKER = 4 };
    if (!look->run || moments_kept(look->run) == 0) {
        spectrum_say(canvas, rect, "no earlier moment is kept yet");
        return;
    }
    int n = moments_kept(look->run) + 1;
    double *x = xcalloc((size_t)n * (DIRECTIONS + 1), sizeof *x), *y = x + n;
    int count = sigma_over_steps(x, y, n, look);
    int room = rect.h - AXIS > LEAST ? rect.h - AXIS : LEAST;
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "step");
    plot_name(plot, "singular value σ_i", "σ_i through time: %s",
              look->snapshot->site[look->at].name);
    plot->log_y = true;
    add_marks(plot, look);
    /* Each line has a label, and so a row, of its own. */
    int texts = text_rows(plot, room);
    count = count < room - texts ? count : room - texts;
    add_lines(plot, x, y, n, count, n * CELLS_A_MARKER < rect.w, look->run->id);
    if (plot_fit(plot)) {
        plot->y_low = fmax(plot->y_low, SPECTRUM_FLOOR * plot->y_high);
        plot->y_high *= pow(plot->y_high / plot->y_low, 1.2 * texts / room);
        if (look->ui->time >= 0)
            plot->cursor = (double)view_step(look->context, look->run);
        plot_draw(canvas, rect, plot);
    } else {
        spectrum_say(canvas, rect, "no update here yet, or not computed");
    }
    mem_free(plot);
    mem_free(x);
}

/* "stable rank 1.28 at step 280, 1.31 now; uses 5 of 8 for 99 % ..." */
static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct look *look)
{
    char then[16], now[16], time[48] = "";
    if (!look->run || rect.h < 1)
        return;
    int metric = look->ui->measure;
    const struct site_view *current = &look->run->site[look->at];
    long step = view_step(look->context, look->run);
    if (step >= 0 && step < look->run->step)
        snprintf(time, sizeof time, "%s at step %ld, ",
                 number_text(then, sizeof then,
                             view_measure(&look->view, look->of, metric)),
                 step);
    struct alarms alarms = measure_alarms(look->context, look->run, look->at);
    int x = rect.x + 2, end = rect.x + rect.w - 1;
    x += canvas_print(
        canvas, x, rect.y, end - x, style_of(ROLE_NONE), "%s: %s%s now",
        view_measure_name(metric), time,
        number_text(now, sizeof now, view_measure(current, look->of, metric)));
    if (alarms.of)
        canvas_print(canvas, x, rect.y, end - x, style_of(ROLE_NONE),
                     "; uses %d of %d for 99 %% of its energy", alarms.uses,
                     alarms.of);
}

/* A file has no steps; what asks for attention it has. */
static void draw_still(struct canvas *canvas, struct rect rect,
                       const struct look *look)
{
    struct alarm_list list = alarm_list_make(look);
    struct rect part[TIME_PARTS];
    layout_time(part, rect, 0, list.count);
    struct rect middle = {rect.x, rect.y, rect.w,
                          rect.h - part[TIME_ALARMS].h - part[TIME_WORDS].h};
    view_notice(canvas, middle, style_of(ROLE_NONE),
                "a file is one moment: it has no steps to look back at");
    alarm_list_draw(canvas, part[TIME_ALARMS], look, &list);
}

void time_page(struct canvas *canvas, struct rect rect, const struct look *look)
{
    enum { ALL_FROM = 30 };
    if (look->snapshot->file_count > 0) {
        draw_still(canvas, rect, look);
        return;
    }
    struct alarm_list list = alarm_list_make(look);
    struct rows rows = {0};
    struct rect part[TIME_PARTS];
    if (look->run)
        rows_make(&rows, look, rect.h >= ALL_FROM);
    layout_time(part, rect, rows.count + 1, list.count);
    struct rect strips = part[TIME_STRIPS], plot = part[TIME_PLOT];
    if (look->run && strips.h > 3) {
        view_rule(canvas, strips, view_measure_name(look->ui->measure), "%s",
                  "over steps · m next measure");
        strips.y++;
        strips.h--;
        draw_strips(canvas, strips, look, &rows);
    }
    if (plot.h > 4) {
        view_rule(canvas, plot, "singular values over steps", "%s",
                  look->of->name);
        plot.y++;
        plot.h--;
        time_pane(canvas, plot, look);
    }
    alarm_list_draw(canvas, part[TIME_ALARMS], look, &list);
    draw_words(canvas, part[TIME_WORDS], look);
}
