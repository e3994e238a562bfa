/*
 * The palette; see role.h.
 */
#include "tui/role.h"

#include <math.h>

/* 256 colours and 8 (0 black, 1 red, 2 green, 3 yellow, 4 blue, 5 magenta,
 * 6 cyan, 7 white); -1: the terminal's own. */
static const short palette[ROLE_COUNT][2] = {
    [ROLE_NONE] = {-1, -1},
    [ROLE_DIM] = {245, -1},
    [ROLE_FRAME] = {242, -1},
    [ROLE_TITLE] = {-1, -1},
    [ROLE_KEY] = {74, 6},
    [ROLE_GOOD] = {36, 2},
    [ROLE_WARN] = {214, 3},
    [ROLE_BAD] = {166, 1},
    /* A grey violet between the runs' hues; with 8 colours every hue is a
     * run's, so the terminal's own ink. */
    [ROLE_CHANCE] = {103, -1},
    [ROLE_INK_DARK] = {16, 0},
    [ROLE_INK_LIGHT] = {231, 7},
    [ROLE_RUN + 0] = {74, 6},
    [ROLE_RUN + 1] = {214, 3},
    [ROLE_RUN + 2] = {36, 2},
    [ROLE_RUN + 3] = {175, 5},
    [ROLE_RUN + 4] = {166, 1},
    [ROLE_RUN + 5] = {32, 4},
    [ROLE_RUN + 6] = {227, 7},
    [ROLE_HEAT + 0] = {17, 0},
    [ROLE_HEAT + 1] = {53, 4},
    [ROLE_HEAT + 2] = {24, 4},
    [ROLE_HEAT + 3] = {30, 6},
    [ROLE_HEAT + 4] = {36, 6},
    [ROLE_HEAT + 5] = {78, 2},
    [ROLE_HEAT + 6] = {119, 3},
    [ROLE_HEAT + 7] = {226, 3},
};

enum { FIRST_BRIGHT = 4 }; /* heat levels from here on carry dark text */

enum role role_run(int id)
{
    return (enum role)(ROLE_RUN + (unsigned)id % RUN_ROLES);
}

enum role role_heat(double level)
{
    int step = (int)(level * HEAT_ROLES);
    if (!(level > 0))
        step = 0;
    if (step >= HEAT_ROLES)
        step = HEAT_ROLES - 1;
    return (enum role)(ROLE_HEAT + step);
}

enum role role_heat_ink(enum role heat)
{
    return heat >= ROLE_HEAT + FIRST_BRIGHT ? ROLE_INK_DARK : ROLE_INK_LIGHT;
}

int role_colour(enum role role, int colours)
{
    return colours >= 256 ? palette[role][0]
           : colours >= 8 ? palette[role][1]
                          : -1;
}

uint32_t colour_rgb(int colour)
{
    static const uint32_t basic[8] = {0x000000, 0xcd3131, 0x0dbc79, 0xe5e510,
                                      0x2472c8, 0xbc3fbc, 0x11a8cd, 0xe5e5e5};
    static const uint32_t level[6] = {0, 95, 135, 175, 215, 255};
    if (colour < 16)
        return basic[colour & 7];
    if (colour >= 232) {
        uint32_t grey = 8 + 10 * (uint32_t)(colour - 232);
        return grey << 16 | grey << 8 | grey;
    }
    int cube = colour - 16;
    return level[cube / 36] << 16 | level[cube / 6 % 6] << 8 | level[cube % 6];
}

/* Okabe and Ito's hues, darkened to at least 3.3:1 against white (WCAG asks 3
 * of lines); the order is that of the terminal's. */
uint32_t role_paper(enum role role)
{
    static const uint32_t run[RUN_ROLES] = {
        0x2b8cc4, 0xc77700, 0x00855f, 0xbf5f95, 0xb23a00, 0x00508c, 0x857800};
    static const uint32_t other[ROLE_RUN] = {
        [ROLE_NONE] = 0x1a1a1a,     [ROLE_DIM] = 0x666666,
        [ROLE_FRAME] = 0x808080,    [ROLE_TITLE] = 0x111111,
        [ROLE_KEY] = 0x2b8cc4,      [ROLE_GOOD] = 0x00855f,
        [ROLE_WARN] = 0xc77700,     [ROLE_BAD] = 0xb23a00,
        [ROLE_CHANCE] = 0x73698f,   [ROLE_INK_DARK] = 0x000000,
        [ROLE_INK_LIGHT] = 0xffffff};
    if (role >= ROLE_HEAT)
        return viridis((role - ROLE_HEAT) / (HEAT_ROLES - 1.0));
    return role >= ROLE_RUN ? run[role - ROLE_RUN] : other[role];
}

uint32_t viridis(double level)
{
    enum { STOPS = 9 };
    static const uint8_t stop[STOPS][3] = {
        {68, 1, 84},    {71, 45, 123},  {59, 82, 139},
        {44, 114, 142}, {33, 145, 140}, {40, 174, 128},
        {94, 201, 98},  {173, 220, 48}, {253, 231, 37}};
    double at = level > 0 ? fmin(level, 1) * (STOPS - 1) : 0;
    int i = at < STOPS - 1 ? (int)at : STOPS - 2;
    uint32_t rgb = 0;
    for (int c = 0; c < 3; c++) {
        double value = stop[i][c] + (at - i) * (stop[i + 1][c] - stop[i][c]);
        rgb = rgb << 8 | (uint32_t)lround(value);
    }
    return rgb;
}
