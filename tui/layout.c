/*
 * Rectangles; see layout.h.  Rows are handed out from a rest, so that nothing
 * can overlap by arithmetic.
 */
#include "tui/layout.h"

#include <stdbool.h>
#include <string.h>

static int clamp(int value, int low, int high)
{
    return value > high ? high : value < low ? low : value;
}

/* The first h rows (or w columns) of rest; rest shrinks by them. */
static struct rect take_top(struct rect *rest, int h)
{
    struct rect part = *rest;
    part.h = clamp(h, 0, rest->h);
    rest->y += part.h;
    rest->h -= part.h;
    return part;
}

static struct rect take_bottom(struct rect *rest, int h)
{
    struct rect part = *rest;
    part.h = clamp(h, 0, rest->h);
    rest->h -= part.h;
    part.y = rest->y + rest->h;
    return part;
}

/* gap columns stay free between the part and the rest. */
static struct rect take_right(struct rect *rest, int w, int gap)
{
    struct rect part = *rest;
    part.w = clamp(w, 0, rest->w);
    part.x = rest->x + rest->w - part.w;
    rest->w = clamp(rest->w - part.w - gap, 0, rest->w);
    return part;
}

void layout_frame(struct rect part[FRAME_PARTS], int cols, int rows)
{
    enum { TABS_FROM = 16 };
    memset(part, 0, FRAME_PARTS * sizeof *part);
    struct rect rest = {0, 0, cols, rows};
    if (cols < LAYOUT_MIN_COLS || rows < LAYOUT_MIN_ROWS)
        return;
    part[FRAME_HEADER] = take_top(&rest, 1);
    part[FRAME_TABS] = take_top(&rest, rows >= TABS_FROM);
    part[FRAME_FOOTER] = take_bottom(&rest, 1);
    part[FRAME_MESSAGE] = take_bottom(&rest, 1);
    part[FRAME_BODY] = rest;
}

void layout_train(struct rect part[TRAIN_PARTS], struct rect body, int runs)
{
    enum { SIDE_COLS = 140, SIDE_ROWS = 24, SIDE_SHARE = 42, PLOT_LEAST = 6 };
    memset(part, 0, TRAIN_PARTS * sizeof *part);
    struct rect rest = body;
    if (body.w >= SIDE_COLS && body.h >= SIDE_ROWS) {
        struct rect side = take_right(&rest, body.w * SIDE_SHARE / 100, 2);
        part[TRAIN_SPECTRUM] = take_top(&side, side.h * 2 / 5);
        part[TRAIN_RANKS] = side;
    }
    part[TRAIN_TITLE] = take_top(&rest, 1);
    part[TRAIN_WORDS] = take_bottom(&rest, rest.h > PLOT_LEAST);
    int list = clamp(runs + 1, 0, rest.h - PLOT_LEAST);
    part[TRAIN_LIST] = take_bottom(&rest, clamp(list, 0, body.h / 2));
    part[TRAIN_PLOT] = rest;
}

void layout_page(struct rect part[PAGE_PARTS], struct rect body)
{
    enum { SIDE_COLS = 140, SIDE_ROWS = 20, SIDE_SHARE = 41, LOWER_FROM = 36 };
    memset(part, 0, PAGE_PARTS * sizeof *part);
    struct rect rest = body;
    if (body.w >= SIDE_COLS && body.h >= SIDE_ROWS) {
        part[PAGE_SIDE] = take_right(&rest, body.w * SIDE_SHARE / 100, 2);
        if (body.h >= LOWER_FROM)
            part[PAGE_LOWER] = take_bottom(&part[PAGE_SIDE], body.h / 2);
    }
    part[PAGE_TITLE] = take_top(&rest, 1);
    part[PAGE_MAIN] = rest;
}

enum { PAGE_PLOT_LEAST = 6 };

/* Two rows of words, one where it is tight, none before the plot would go. */
static struct rect take_words(struct rect *rest, int wanted)
{
    enum { TIGHT = 14 };
    if (rest->h <= PAGE_PLOT_LEAST)
        wanted = 0;
    else if (rest->h < TIGHT)
        wanted = 1;
    return take_bottom(rest, wanted);
}

/* A rule, a heading of so many rows, and rows; at most half. */
static struct rect take_table(struct rect *rest, int heading, int rows)
{
    enum { RULE = 1 };
    int half = rest->h / 2, wanted = RULE + heading + rows;
    wanted = clamp(wanted, 0, clamp(rest->h - PAGE_PLOT_LEAST, 0, half));
    return take_bottom(rest, wanted);
}

void layout_spectrum(struct rect part[SPECTRUM_PARTS], struct rect main,
                     int runs)
{
    enum { HEAT_FROM = 70, HEAT_WIDTH = 40, HEAT_MOST = 54 };
    memset(part, 0, SPECTRUM_PARTS * sizeof *part);
    part[SPECTRUM_WORDS] = take_words(&main, 2);
    part[SPECTRUM_TABLE] = take_table(&main, 1, runs);
    if (main.w >= HEAT_FROM)
        part[SPECTRUM_HEAT] =
            take_right(&main, clamp(main.w * 2 / 5, HEAT_WIDTH, HEAT_MOST), 2);
    part[SPECTRUM_PLOT] = main;
}

void layout_energy(struct rect part[ENERGY_PARTS], struct rect main, int rows)
{
    enum {
        BESIDE_FROM = 76,
        WIDE_FROM = 110,
        NARROW = 48,
        WIDE = 66,
        TALL = 24
    };
    memset(part, 0, ENERGY_PARTS * sizeof *part);
    part[ENERGY_WORDS] = take_words(&main, main.h >= TALL ? 6 : 4);
    if (main.w >= BESIDE_FROM)
        part[ENERGY_TABLE] =
            take_right(&main, main.w >= WIDE_FROM ? WIDE : NARROW, 2);
    else
        part[ENERGY_TABLE] = take_table(&main, 1, rows);
    part[ENERGY_PLOT] = main;
    /* What a short table leaves free. */
    int most = rows + 2;
    part[ENERGY_TABLE].h = clamp(part[ENERGY_TABLE].h, 0, most);
}

void layout_family(struct rect part[FAMILY_PARTS], struct rect main, int runs)
{
    memset(part, 0, FAMILY_PARTS * sizeof *part);
    part[FAMILY_WORDS] = take_words(&main, 3);
    part[FAMILY_TABLE] = take_table(&main, 2, runs);
    part[FAMILY_PLOT] = main;
}

void layout_time(struct rect part[TIME_PARTS], struct rect main, int strips,
                 int alarms)
{
    enum { AROUND = 2, RULE = 1, FEW = 3, MORE = 12, TALL = 30 };
    memset(part, 0, TIME_PARTS * sizeof *part);
    part[TIME_WORDS] = take_words(&main, 1);
    int list = RULE + clamp(alarms, 1, main.h >= TALL ? MORE : FEW);
    list = clamp(list, 0, main.h - PAGE_PLOT_LEAST - 2 * AROUND);
    part[TIME_ALARMS] = take_bottom(&main, list);
    int most = main.h - PAGE_PLOT_LEAST - RULE;
    most = most > main.h / 2 ? most : main.h / 2;
    if (main.h < PAGE_PLOT_LEAST + AROUND)
        most = 0;
    part[TIME_STRIPS] = take_top(&main, clamp(strips + AROUND, 0, most));
    part[TIME_PLOT] = main;
}

void layout_cuts(struct rect part[CUTS_PARTS], struct rect body, int sites)
{
    enum { DIAL_COLS = 140, DIAL_SHARE = 48, HEADING = 3, BESIDE_FROM = 70 };
    memset(part, 0, CUTS_PARTS * sizeof *part);
    struct rect rest = body;
    bool is_wide = body.w >= DIAL_COLS;
    if (is_wide) {
        struct rect dial = take_right(&rest, body.w * DIAL_SHARE / 100, 2);
        part[CUTS_DIAL] =
            take_top(&dial, clamp(sites + 1 + HEADING, 0, dial.h));
        part[CUTS_LOSS] = dial;
    }
    part[CUTS_TITLE] = take_top(&rest, 1);
    part[CUTS_WORDS] = take_words(&rest, 3);
    if (is_wide && rest.h >= 3 * PAGE_PLOT_LEAST)
        part[CUTS_ZEROED] = take_bottom(&rest, rest.h / 2);
    else if (rest.w >= BESIDE_FROM)
        part[CUTS_ZEROED] = take_right(&rest, rest.w / 2 - 1, 2);
    part[CUTS_CURVE] = rest;
}

void layout_ranks(struct rect part[RANKS_PARTS], struct rect body, int sites)
{
    enum {
        SIDE_COLS = 140,
        SIDE_SHARE = 50,
        HEADING = 2,
        TABLE_LEAST = 5,
        EVENT_TWICE = 16,
        COST_LEAST = 12
    };
    memset(part, 0, RANKS_PARTS * sizeof *part);
    struct rect rest = body;
    bool is_wide = body.w >= SIDE_COLS;
    if (is_wide)
        part[RANKS_PLOT] = take_right(&rest, body.w * SIDE_SHARE / 100, 2);
    part[RANKS_TITLE] = take_top(&rest, 1);
    part[RANKS_EVENT] =
        take_bottom(&rest, (rest.h > TABLE_LEAST) + (rest.h > EVENT_TWICE));
    if (!is_wide && rest.h >= 2 * TABLE_LEAST + 4)
        part[RANKS_PLOT] = take_bottom(&rest, rest.h * 9 / 20);
    part[RANKS_CUT] = take_bottom(&rest, rest.h > TABLE_LEAST);
    /* What a short table leaves free goes to the end of it, not the plot:
     * the plot must not jump when runs of other methods are chosen. */
    part[RANKS_TABLE] = take_top(&rest, clamp(sites + 1 + HEADING, 0, rest.h));
    if (is_wide && rest.h >= COST_LEAST)
        part[RANKS_COST] = rest;
}

enum { WIDE_COLS = 140, WIDE_ROWS = 30, PAIR_COLS = 70 };

static bool has_sides(struct rect body)
{
    return body.w >= WIDE_COLS && body.h >= WIDE_ROWS;
}

bool layout_has_room(int cols, int rows)
{
    struct rect part[FRAME_PARTS];
    layout_frame(part, cols, rows);
    return has_sides(part[FRAME_BODY]);
}

void layout_phi(struct rect part[PHI_PARTS], struct rect body, int rows)
{
    enum { NUMBERS = 4, NUMBERS_FROM = 12, MAP_EDGES = 4, MAP_LEAST = 8 };
    memset(part, 0, PHI_PARTS * sizeof *part);
    struct rect rest = body;
    part[PHI_TITLE] = take_top(&rest, 1);
    part[PHI_WORDS] = take_words(&rest, 2);
    part[PHI_NUMBERS] = take_bottom(&rest, rest.h > NUMBERS_FROM ? NUMBERS : 0);
    if (has_sides(body)) {
        int most = clamp(rows + MAP_EDGES, MAP_LEAST, rest.h / 2);
        part[PHI_MAP] = take_top(&rest, most);
        part[PHI_TRAIL] = take_right(&rest, rest.w / 2 - 1, 2);
    } else if (body.w >= PAIR_COLS) {
        part[PHI_MAP] = rest;
        part[PHI_PLOT] = take_right(&part[PHI_MAP], rest.w / 2, 2);
        return;
    }
    part[PHI_PLOT] = rest;
}

void layout_base(struct rect part[BASE_PARTS], struct rect body, int rows)
{
    enum { EDGES = 4, PLOT_LEAST = 7, THIRDS = 3 };
    memset(part, 0, BASE_PARTS * sizeof *part);
    struct rect rest = body;
    part[BASE_TITLE] = take_top(&rest, 1);
    part[BASE_WORDS] = take_words(&rest, 2);
    int table = clamp(rows + EDGES, 0, rest.h - PLOT_LEAST);
    part[BASE_TABLE] = take_top(&rest, table);
    if (has_sides(body)) {
        part[BASE_RHO] = take_right(&rest, rest.w / THIRDS - 1, 2);
        part[BASE_OTHER] = take_right(&rest, rest.w / 2 - 1, 2);
    }
    part[BASE_PLOT] = rest;
}

void layout_intruders(struct rect part[INTRUDER_PARTS], struct rect body)
{
    enum { TABLE = 4, TABLE_FROM = 13, SLIDERS_FROM = 7 };
    memset(part, 0, INTRUDER_PARTS * sizeof *part);
    struct rect rest = body;
    part[INTRUDER_TITLE] = take_top(&rest, 1);
    part[INTRUDER_WORDS] = take_words(&rest, 2);
    part[INTRUDER_SLIDERS] = take_top(&rest, rest.h > SLIDERS_FROM);
    if (has_sides(body)) {
        struct rect low = take_bottom(&rest, rest.h / 3);
        part[INTRUDER_FORGET] = take_right(&low, low.w / 2 - 1, 2);
        part[INTRUDER_TASK] = low;
    }
    part[INTRUDER_LAMBDA] = take_bottom(&rest, rest.h > TABLE_FROM ? TABLE : 0);
    if (body.w >= PAIR_COLS)
        part[INTRUDER_COUNT] = take_right(&rest, rest.w / 2 - 1, 2);
    part[INTRUDER_COSINE] = rest;
}

void layout_talk(struct rect part[TALK_PARTS], struct rect body, int prompt)
{
    enum { DIAL_FROM = 10, DIAL = 2 };
    memset(part, 0, TALK_PARTS * sizeof *part);
    struct rect rest = body;
    part[TALK_TITLE] = take_top(&rest, 1);
    part[TALK_WORDS] = take_words(&rest, 2);
    if (has_sides(body)) {
        struct rect low = take_bottom(&rest, rest.h / 2);
        part[TALK_SIGMA] = take_right(&low, low.w / 2 - 1, 2);
        part[TALK_CURVE] = low;
    }
    part[TALK_DIAL] = take_bottom(&rest, rest.h > DIAL_FROM ? DIAL : 0);
    part[TALK_PROMPT] = take_top(&rest, clamp(prompt, 0, rest.h / 2));
    part[TALK_LINES] = rest;
}

void layout_microscope(struct rect part[MICROSCOPE_PARTS], struct rect body)
{
    enum { TEXTS_SMALL = 5, TEXTS = 9, TEXTS_FROM = 12, TALL = 30 };
    memset(part, 0, MICROSCOPE_PARTS * sizeof *part);
    struct rect rest = body;
    part[MICROSCOPE_TITLE] = take_top(&rest, 1);
    part[MICROSCOPE_WORDS] = take_words(&rest, 2);
    part[MICROSCOPE_DIAL] = take_top(&rest, rest.h > TEXTS_SMALL);
    part[MICROSCOPE_TEXTS] = take_bottom(&rest, rest.h < TEXTS_FROM ? rest.h / 2
                                                : body.h < TALL ? TEXTS_SMALL
                                                                : TEXTS);
    if (body.w >= PAIR_COLS)
        part[MICROSCOPE_SIGMA] = take_right(&rest, rest.w / 2 - 1, 2);
    part[MICROSCOPE_CURVE] = rest;
}

void layout_twins(struct rect part[TWINS_PARTS], struct rect body, int verdict)
{
    enum { NUMBERS = 4, PLOT_LEAST = 7, THIRDS = 3, RAGGED = 12, LINES = 6 };
    /* A rule, and lines that end some columns early, between words. */
    int width = clamp(body.w - RAGGED, 1, body.w);
    int lines = 1 + clamp((verdict + width - 1) / width, 1, LINES);
    memset(part, 0, TWINS_PARTS * sizeof *part);
    struct rect rest = body;
    part[TWINS_TITLE] = take_top(&rest, 1);
    part[TWINS_NOTE] = take_bottom(&rest, rest.h > PLOT_LEAST + lines);
    part[TWINS_VERDICT] = take_bottom(&rest, rest.h > PLOT_LEAST ? lines : 0);
    part[TWINS_NUMBERS] =
        take_bottom(&rest, clamp(rest.h - PLOT_LEAST, 0, NUMBERS));
    if (has_sides(body))
        part[TWINS_PHI] = take_right(&rest, rest.w / THIRDS - 1, 2);
    if (body.w >= PAIR_COLS)
        part[TWINS_SIGMA] = take_right(&rest, rest.w / 2 - 1, 2);
    part[TWINS_LOSS] = rest;
}

/* On a small screen both figures beside one another, table and verdicts
 * below; on a large one figure 3, figure 4 and the plot, and then the rest. */
void layout_section7(struct rect part[SECTION7_PARTS], struct rect body)
{
    enum {
        MAPS = 12,
        SMALL_MAPS = 11,
        CLAIMS = 6,
        TABLE = 9,
        SIDE = 62,
        MAPS4 = 20
    };
    memset(part, 0, SECTION7_PARTS * sizeof *part);
    struct rect rest = body;
    part[SECTION7_TITLE] = take_top(&rest, 1);
    part[SECTION7_NOTE] = take_bottom(&rest, rest.h > MAPS + CLAIMS);
    if (has_sides(body) && body.h >= MAPS + MAPS4 + 2 * CLAIMS) {
        struct rect maps = take_top(&rest, MAPS + MAPS4);
        struct rect side = take_right(&maps, SIDE, 2);
        part[SECTION7_FIGURE3] = take_top(&maps, MAPS);
        part[SECTION7_FIGURE4] = maps;
        part[SECTION7_TABLE] = take_top(&side, TABLE);
        part[SECTION7_PLOT] = side;
        part[SECTION7_VERDICTS] = rest;
        return;
    }
    struct rect maps = take_top(&rest, clamp(rest.h - CLAIMS, 0, SMALL_MAPS));
    if (body.w >= PAIR_COLS)
        part[SECTION7_FIGURE4] = take_right(&maps, maps.w / 2 - 1, 2);
    part[SECTION7_FIGURE3] = maps;
    part[SECTION7_TABLE] = take_top(&rest, rest.h > CLAIMS);
    part[SECTION7_VERDICTS] = rest;
}

struct rect layout_middle(int cols, int rows, int width, int height)
{
    rows = clamp(rows - 2, 0, rows);
    width = clamp(width, 0, cols);
    height = clamp(height, 0, rows);
    return (struct rect){(cols - width) / 2, (rows - height) / 2, width,
                         height};
}

int layout_files_facts(struct rect body)
{
    return has_sides(body) ? body.w * 2 / 5 : body.w;
}

void layout_files(struct rect part[FILES_PARTS], struct rect body, int facts,
                  int sites)
{
    enum { HEADING = 2, TOP_LEAST = 14, TABLE_LEAST = 6, HEAT_SHARE = 42 };
    memset(part, 0, FILES_PARTS * sizeof *part);
    struct rect rest = body;
    part[FILES_WORDS] = take_words(&rest, 2);
    part[FILES_TITLE] = take_top(&rest, 1);
    /* All facts where the table still has a few rows; all sites where the
     * facts leave room. */
    int table = clamp(HEADING + 1 + sites, 0, TABLE_LEAST);
    int top = clamp(facts, 0, clamp(rest.h - table, 0, rest.h));
    if (has_sides(body)) {
        int wanted = rest.h - (1 + HEADING + sites);
        top = clamp(clamp(wanted, TOP_LEAST, rest.h / 2), top, rest.h);
    }
    struct rect upper = take_top(&rest, top);
    part[FILES_FACTS] = upper;
    if (has_sides(body)) {
        part[FILES_FACTS].w = layout_files_facts(body);
        struct rect side = {upper.x + part[FILES_FACTS].w + 2, upper.y,
                            upper.w - part[FILES_FACTS].w - 2, upper.h};
        part[FILES_HEAT] = take_right(&side, side.w * HEAT_SHARE / 100, 2);
        part[FILES_PLOT] = side;
    }
    part[FILES_RULE] = take_top(&rest, 1);
    part[FILES_TABLE] = rest;
}

void layout_keep(struct rect part[KEEP_PARTS], struct rect body, int tools)
{
    enum { SITES_LEAST = 6, BESIDE = 150, TIGHT = 24 };
    memset(part, 0, KEEP_PARTS * sizeof *part);
    struct rect rest = body;
    part[KEEP_WORDS] = take_words(&rest, body.h < TIGHT ? 1 : 2);
    part[KEEP_TITLE] = take_top(&rest, 1);
    struct rect other;
    if (body.w >= BESIDE)
        other = take_right(&rest, rest.w * 3 / 5, 2);
    else
        other = take_bottom(
            &rest, clamp(1 + tools, 0, clamp(rest.h - SITES_LEAST, 0, rest.h)));
    part[KEEP_TOOLS_RULE] = take_top(&other, 1);
    part[KEEP_TOOLS] = other;
    part[KEEP_RULE] = take_top(&rest, 1);
    part[KEEP_SITES] = rest;
}

void layout_grid(struct rect part[GRID_PARTS], struct rect body, int rows)
{
    enum { WORDS = 7, LEAST = 5, FEW = 4, PLOT_COLS = 130, PLOT_ROWS = 14 };
    memset(part, 0, GRID_PARTS * sizeof *part);
    struct rect rest = body;
    part[GRID_TITLE] = take_top(&rest, 1);
    int words = rest.h >= 2 * LEAST ? LEAST : rest.h > FEW ? 1 : 0;
    part[GRID_SHEET] = take_top(&rest, clamp(rows, 0, rest.h - words));
    bool is_tall = rest.h >= WORDS + FEW; /* findings below have room too */
    part[GRID_WORDS] = take_top(&rest, is_tall ? WORDS : rest.h);
    if (rest.h < FEW)
        return;
    if (rest.w >= PLOT_COLS && rest.h >= PLOT_ROWS)
        part[GRID_PLOT] = take_right(&rest, rest.w / 2, 2);
    part[GRID_CLAIMS] = rest;
}

void layout_search(struct rect part[SEARCH_PARTS], struct rect body, int words)
{
    enum { PLOT_ROWS = 8, POINTS_COLS = 60, BOTH_COLS = 130 };
    memset(part, 0, SEARCH_PARTS * sizeof *part);
    struct rect rest = body;
    part[SEARCH_TITLE] = take_top(&rest, 1);
    part[SEARCH_WORDS] =
        take_bottom(&rest, clamp(words, 0, rest.h - PLOT_ROWS));
    if (rest.w >= BOTH_COLS)
        part[SEARCH_POINTS] = take_right(&rest, POINTS_COLS, 2);
    part[SEARCH_PLOT] = rest;
}
