/*
 * Rectangles; see layout.h.  Rows are handed out from a rest, so that nothing
 * can overlap by arithmetic.
 */
#include "tui/layout.h"

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

void layout_spectrum(struct rect part[SPECTRUM_PARTS], struct rect body,
                     int runs)
{
    enum { HEAT_FROM = 70, HEAT_WIDTH = 40, HEAT_MOST = 54, PLOT_LEAST = 6 };
    memset(part, 0, SPECTRUM_PARTS * sizeof *part);
    struct rect rest = body;
    part[SPECTRUM_TITLE] = take_top(&rest, 1);
    part[SPECTRUM_WORDS] = take_bottom(&rest, rest.h > PLOT_LEAST);
    int table = clamp(runs + 2, 0, rest.h - PLOT_LEAST);
    part[SPECTRUM_TABLE] = take_bottom(&rest, clamp(table, 0, body.h / 2));
    if (body.w >= HEAT_FROM)
        part[SPECTRUM_HEAT] =
            take_right(&rest, clamp(body.w * 2 / 5, HEAT_WIDTH, HEAT_MOST), 2);
    part[SPECTRUM_PLOT] = rest;
}

void layout_ranks(struct rect part[RANKS_PARTS], struct rect body, int sites)
{
    enum {
        SIDE_COLS = 140,
        SIDE_SHARE = 50,
        HEADING = 2,
        TABLE_LEAST = 5,
        EVENT_TWICE = 16
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
}

struct rect layout_middle(int cols, int rows, int width, int height)
{
    rows = clamp(rows - 2, 0, rows);
    width = clamp(width, 0, cols);
    height = clamp(height, 0, rows);
    return (struct rect){(cols - width) / 2, (rows - height) / 2, width,
                         height};
}
