/*
 * Figures: well-formed XML whatever the names and numbers, every name and
 * every line there, data where the axes say, nothing that is no number.
 */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fake_snapshot.h"
#include "tests/near.h"
#include "tui/figure.h"
#include "tui/show.h"
#include "tui/views/view.h"

/* Coordinates are written with two decimals. */
static const double PIXEL = 0.011;

static const double x_of[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
enum { POINTS = sizeof x_of / sizeof *x_of, TAGS = 32, NAME = 16 };

static int count_of(const char *text, const char *what)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

/* One entity or "\0"-terminated text: '&' only begins the five of XML. */
static void check_entity(const char *at)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
    bool is_known = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        is_known = is_known || strncmp(at, known[i], strlen(known[i])) == 0;
    assert_true(is_known);
}

/* Every tag is closed in its turn, quotes are balanced inside tags, and
 * outside there is neither a bare < nor a bare & nor a control byte. */
static void assert_well_formed(const char *text)
{
    char open[TAGS][NAME];
    int depth = 0;
    for (const char *at = text; *at; at++) {
        assert_true((unsigned char)*at >= 0x20 || *at == '\n');
        if (*at == '&')
            check_entity(at);
        assert_true(*at != '>');
        if (*at != '<')
            continue;
        bool is_end = at[1] == '/';
        const char *from = at + 1 + is_end;
        size_t length = strcspn(from, " />\n");
        assert_true(length > 0 && length < NAME);
        bool is_quoted = false;
        for (at = from; *at != '>' || is_quoted; at++) {
            assert_true(*at && *at != '<');
            is_quoted ^= *at == '"';
        }
        if (is_end) {
            assert_true(depth-- > 0);
            assert_int_equal(strlen(open[depth]), length);
            assert_memory_equal(open[depth], from, length);
        } else if (at[-1] != '/') {
            assert_true(depth < TAGS);
            snprintf(open[depth++], NAME, "%.*s", (int)length, from);
        }
    }
    assert_int_equal(depth, 0);
}

/* The page of one plot or map, checked; freed by free(). */
static char *page(const struct plot *plot, const struct heat *heat)
{
    char *text = NULL;
    size_t size = 0;
    struct figure *figure = figure_new();
    if (plot)
        figure_add_plot(figure, plot);
    if (heat)
        figure_add_heat(figure, heat);
    FILE *to = open_memstream(&text, &size);
    assert_int_equal(figure_svg(figure, to, "a caption"), 0);
    assert_int_equal(fclose(to), 0);
    figure_free(figure);
    assert_well_formed(text);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    assert_true(strncmp(text, "<svg ", 5) == 0);
    return text;
}

static struct plot *line(const double *y, const char *label)
{
    struct plot *plot = calloc(1, sizeof *plot);
    assert_non_null(plot);
    plot_start(plot, "the step");
    struct plot_series *series = plot_add(plot);
    series->x = x_of;
    series->y = y;
    series->count = POINTS;
    series->pen.style = style_of(role_run(1));
    series->sign = glyph_marker(1);
    snprintf(series->label, sizeof series->label, "%s", label);
    return plot;
}

static void a_plot_has_its_names(void **state)
{
    (void)state;
    struct plot *plot = line(x_of, "first run");
    snprintf(plot->title, sizeof plot->title, "the title");
    snprintf(plot->note, sizeof plot->note, "the note");
    plot->y_name = "loss, nats";
    struct plot_series *other = plot_add(plot);
    *other = plot->series[0];
    other->pen.style = style_of(role_run(2));
    snprintf(other->label, sizeof other->label, "second run");
    plot_add_mark(plot, 4, style_of(role_run(1)), "rank 8 -> 4");
    assert_true(plot_fit(plot));
    char *text = page(plot, NULL);
    static const char *const names[] = {">the title<",
                                        ">the note<",
                                        ">the step<",
                                        ">loss, nats<",
                                        ">first run<",
                                        ">second run<",
                                        ">rank 8 -&gt; 4<",
                                        ">a caption<",
                                        ">0<",
                                        ">5<",
                                        ">10<"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_non_null(strstr(text, names[i]));
    assert_int_equal(count_of(text, "<polyline"), 2);
    assert_non_null(strstr(text, "#c77700")); /* run 1 on paper */
    assert_non_null(strstr(text, "stroke-dasharray=\"14 5\""));
    free(text);
    free(plot);
}

/* The plot's area and the points of its first line, from the SVG itself. */
struct drawn {
    double x, y, w, h;
    double at_x[POINTS], at_y[POINTS];
    int count;
};

static struct drawn read_back(const char *text)
{
    struct drawn drawn = {.count = 0};
    const char *clip = strstr(text, "<clipPath");
    const char *points = strstr(text, "<polyline points=\"");
    assert_non_null(clip);
    assert_int_equal(sscanf(strstr(clip, "<rect"),
                            "<rect x=\"%lf\" y=\"%lf\" width=\"%lf\" "
                            "height=\"%lf\"",
                            &drawn.x, &drawn.y, &drawn.w, &drawn.h),
                     4);
    int used = 0;
    if (points)
        points += strlen("<polyline points=\"");
    while (points && drawn.count < POINTS &&
           sscanf(points, "%lf,%lf%n", &drawn.at_x[drawn.count],
                  &drawn.at_y[drawn.count], &used) == 2) {
        drawn.count++;
        points += used;
    }
    return drawn;
}

static void data_lies_where_the_axes_say(void **state)
{
    (void)state;
    static const double y[POINTS] = {1,  2,   4,   8,   16,  32,
                                     64, 128, 256, 512, 1024};
    for (int log_y = 0; log_y < 2; log_y++) {
        struct plot *plot = line(y, "powers");
        plot->log_y = log_y;
        assert_true(plot_fit(plot));
        char *text = page(plot, NULL);
        struct drawn drawn = read_back(text);
        assert_int_equal(drawn.count, POINTS);
        for (int i = 0; i < POINTS; i++) {
            double low = log_y ? log(plot->y_low) : plot->y_low;
            double high = log_y ? log(plot->y_high) : plot->y_high;
            double share = ((log_y ? log(y[i]) : y[i]) - low) / (high - low);
            assert_near(drawn.at_x[i], drawn.x + drawn.w * i / 10, 2 * PIXEL);
            assert_near(drawn.at_y[i], drawn.y + drawn.h * (1 - share),
                        2 * PIXEL);
        }
        free(text);
        free(plot);
    }
}

static void gaps_and_zeros_are_seen(void **state)
{
    (void)state;
    static const double y[POINTS] = {1, 2, NAN, 3, INFINITY, 1, 1, 1, 0, -2, 1};
    struct plot *plot = line(y, "gaps");
    plot->log_y = true;
    assert_true(plot_fit(plot));
    char *text = page(plot, NULL);
    assert_int_equal(count_of(text, "<polyline"), 3);
    assert_non_null(strstr(text, ">0</text>"));
    assert_non_null(strstr(text, "zero or less"));
    free(text);
    free(plot);
}

static void hostile_names_are_escaped(void **state)
{
    (void)state;
    static const char evil[] = "</svg><script a=\"1\">&\x01\x1b[31m\xff\xc0";
    struct plot *plot = line(x_of, evil);
    snprintf(plot->title, sizeof plot->title, "%s", evil);
    snprintf(plot->note, sizeof plot->note, "%s", evil);
    plot->x_name = plot->y_name = evil;
    plot_add_mark(plot, 3, style_of(ROLE_NONE), evil);
    plot_add_level(plot, 3, style_of(ROLE_NONE), evil);
    assert_true(plot_fit(plot));
    char *text = page(plot, NULL);
    assert_null(strstr(text, "<script"));
    assert_int_equal(count_of(text, "</svg>"), 1);
    assert_true(count_of(text, "&lt;script") >= 7);
    free(text);
    free(plot);
}

/* No range, no points, no numbers: a page all the same, and it says so. */
static void nothing_is_said_to_be_nothing(void **state)
{
    (void)state;
    static const double none[POINTS] = {NAN, INFINITY, -INFINITY, NAN, NAN, NAN,
                                        NAN, NAN,      NAN,       NAN, NAN};
    struct plot *plot = line(none, "none");
    assert_false(plot_fit(plot));
    char *text = page(plot, NULL);
    assert_non_null(strstr(text, "nothing to show"));
    free(text);
    plot->y_low = -INFINITY;
    plot->y_high = NAN;
    free(page(plot, NULL));
    plot->x_low = plot->y_low = 0;
    plot->x_high = plot->y_high = 1;
    plot->log_x = plot->log_y = true;
    free(page(plot, NULL));
    plot->log_x = plot->log_y = false;
    plot->series[0].count = 0;
    free(page(plot, NULL));
    plot_start(plot, NULL);
    free(page(plot, NULL));
    free(page(NULL, NULL));
    free(plot);
}

static void bands_and_levels_appear(void **state)
{
    (void)state;
    static const double low[POINTS] = {1, 1, 1, NAN, 1, 1, 1, 1, 1, 1, 1};
    static const double high[POINTS] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
    struct plot *plot = line(x_of, "line");
    struct plot_band *band = plot_add_band(plot);
    band->x = x_of;
    band->low = low;
    band->high = high;
    band->count = POINTS;
    snprintf(band->label, sizeof band->label, "by chance");
    plot_add_level(plot, 4, style_of(ROLE_CHANCE), "edge");
    plot_add_level(plot, 4.01, style_of(ROLE_BAD), "twin");
    plot_add_level(plot, 99, style_of(ROLE_BAD), "far up");
    plot_add_level(plot, -99, style_of(ROLE_BAD), "far down");
    plot_add_level(plot, NAN, style_of(ROLE_BAD), "unknown");
    assert_true(plot_fit(plot));
    char *text = page(plot, NULL);
    /* Two stretches and the sample in the legend. */
    assert_int_equal(count_of(text, "<polygon"), 3);
    static const char *const names[] = {">by chance<", ">edge<", ">twin<",
                                        ">↑ far up<", ">↓ far down<"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_non_null(strstr(text, names[i]));
    assert_null(strstr(text, "unknown"));
    assert_int_equal(count_of(text, "stroke-dasharray=\"7 5\""), 2);
    free(text);
    free(plot);
}

static void a_map_has_cells_names_and_a_bar(void **state)
{
    (void)state;
    static const double value[] = {1, 2.5, NAN, 4, INFINITY, 3};
    static const char *const rows[] = {"h.0", "h.1"};
    static const char *const cols[] = {"q", "k<", "v"};
    struct heat heat = {.rows = 2,
                        .cols = 3,
                        .value = value,
                        .low = 1,
                        .high = 4,
                        .chosen = 3,
                        .row_name = rows,
                        .col_name = cols,
                        .title = "the map",
                        .row_title = "layer",
                        .col_title = "site",
                        .value_name = "stable rank"};
    char *text = page(NULL, &heat);
    static const char *const names[] = {
        ">the map<", ">layer<", ">site<",  ">stable rank<", ">h.0<",
        ">h.1<",     ">q<",     ">k&lt;<", ">v<",           ">2.50<",
        ">4.00<",    ">–<",     "no value"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_non_null(strstr(text, names[i]));
    assert_non_null(strstr(text, "#440154")); /* the ends of viridis */
    assert_non_null(strstr(text, "#fde725"));
    free(text);
    heat.title = heat.row_title = heat.col_title = heat.value_name = NULL;
    heat.low = heat.high = 2;
    free(page(NULL, &heat));
    heat.low = INFINITY;
    heat.high = -INFINITY;
    text = page(NULL, &heat);
    assert_non_null(strstr(text, "not computed yet"));
    free(text);
}

/* WCAG 2.1: the luminance of sRGB, and the contrast against white paper. */
static double contrast(uint32_t rgb)
{
    static const double share[] = {0.2126, 0.7152, 0.0722};
    double luminance = 0;
    for (int c = 0; c < 3; c++) {
        double v = (rgb >> (16 - 8 * c) & 255) / 255.0;
        luminance += share[c] *
                     (v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    return 1.05 / (luminance + 0.05);
}

static void inks_stand_out_on_paper(void **state)
{
    (void)state;
    /* What role.c promises of lines; WCAG asks 3 of them and 4.5 of text. */
    static const double OF_LINES = 3.3, OF_TEXT = 4.5;
    for (int id = 0; id < RUN_ROLES; id++) {
        assert_true(contrast(role_paper(role_run(id))) >= OF_LINES);
        for (int other = 0; other < id; other++)
            assert_true(role_paper(role_run(id)) !=
                        role_paper(role_run(other)));
    }
    static const enum role text[] = {ROLE_NONE, ROLE_DIM, ROLE_TITLE,
                                     ROLE_CHANCE, ROLE_BAD};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        assert_true(contrast(role_paper(text[i])) >= OF_TEXT);
    for (int level = 1; level <= 20; level++) /* viridis only gets brighter */
        assert_true(contrast(viridis(level / 20.0)) <
                    contrast(viridis((level - 1) / 20.0)));
}

/* What is recorded outlives what it was made of. */
static void a_figure_keeps_copies(void **state)
{
    (void)state;
    double *y = calloc(POINTS, sizeof *y);
    memcpy(y, x_of, sizeof x_of);
    struct plot *plot = line(y, "gone");
    assert_true(plot_fit(plot));
    struct canvas canvas = canvas_new(3, 2, GLYPHS_ASCII, 0);
    canvas.figure = figure_new();
    plot_draw(&canvas, (struct rect){0, 0, 3, 2}, plot); /* no room at all */
    free(y);
    free(plot);
    assert_int_equal(figure_panels(canvas.figure), 1);
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_int_equal(figure_svg(canvas.figure, to, ""), 0);
    fclose(to);
    assert_int_equal(read_back(text).count, POINTS);
    free(text);
    figure_free(canvas.figure);
    canvas_free(&canvas);
}

static void too_many_panels_are_left_out(void **state)
{
    (void)state;
    struct plot *plot = line(x_of, "line");
    assert_true(plot_fit(plot));
    struct figure *figure = figure_new();
    for (int i = 0; i < FIGURE_PANELS + 2; i++)
        figure_add_plot(figure, plot);
    assert_int_equal(figure_panels(figure), FIGURE_PANELS);
    figure_free(figure);
    free(plot);
}

/* Every view as it is: plots are panels, a view without one says so. */
static void views_make_figures(void **state)
{
    (void)state;
    static const struct {
        const char *view;
        int plots, maps; /* at least */
    } want[] = {{"train", 2, 0}, {"spectrum", 1, 1}, {"ranks", 1, 0}};
    struct snapshot *snapshot = fake_snapshot(320);
    for (int v = 0; v < VIEW_COUNT; v++) {
        struct show_options options = {.view = view_table[v].name,
                                       .cols = 80,
                                       .rows = 24,
                                       .as = SHOW_FIGURE};
        char *text = NULL;
        size_t size = 0;
        struct err err = {""};
        FILE *to = open_memstream(&text, &size);
        int status = show_view(to, snapshot, &options, &err);
        assert_int_equal(fclose(to), 0);
        if (status != 0) /* or the view belongs to a grid or a search */
            assert_true(strstr(err.text, "--screen") || v == VIEW_TABLE ||
                        v == VIEW_INTRINSIC);
        else
            assert_well_formed(text);
        for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
            if (strcmp(want[i].view, options.view) != 0)
                continue;
            assert_int_equal(status, 0);
            assert_true(count_of(text, "<g class=\"plot\">") >= want[i].plots);
            assert_true(count_of(text, "<g class=\"map\">") >= want[i].maps);
            assert_non_null(strstr(text, "A race of ranks · sql on bundled"));
            assert_non_null(strstr(text, "step 320 of 600"));
        }
        if (strcmp(options.view, "log") == 0)
            assert_int_equal(status, -1);
        free(text);
    }
    fake_snapshot_free(snapshot);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plot_has_its_names),
        cmocka_unit_test(data_lies_where_the_axes_say),
        cmocka_unit_test(gaps_and_zeros_are_seen),
        cmocka_unit_test(hostile_names_are_escaped),
        cmocka_unit_test(nothing_is_said_to_be_nothing),
        cmocka_unit_test(bands_and_levels_appear),
        cmocka_unit_test(a_map_has_cells_names_and_a_bar),
        cmocka_unit_test(inks_stand_out_on_paper),
        cmocka_unit_test(a_figure_keeps_copies),
        cmocka_unit_test(too_many_panels_are_left_out),
        cmocka_unit_test(views_make_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
