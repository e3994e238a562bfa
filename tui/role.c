/*
 * The palette; see role.h.
 */
#include "tui/role.h"

/* 256 colours and 8 (0 black, 1 red, 2 green, 3 yellow, 4 blue, 5 magenta,
 * 6 cyan, 7 white); -1: the terminal's own. */
static const short palette[ROLE_COUNT][2] = {
    [ROLE_NONE] = {-1, -1},     [ROLE_DIM] = {245, -1},
    [ROLE_FRAME] = {242, -1},   [ROLE_TITLE] = {-1, -1},
    [ROLE_KEY] = {74, 6},       [ROLE_GOOD] = {36, 2},
    [ROLE_WARN] = {214, 3},     [ROLE_BAD] = {166, 1},
    [ROLE_INK_DARK] = {16, 0},  [ROLE_INK_LIGHT] = {231, 7},
    [ROLE_RUN + 0] = {74, 6},   [ROLE_RUN + 1] = {214, 3},
    [ROLE_RUN + 2] = {36, 2},   [ROLE_RUN + 3] = {175, 5},
    [ROLE_RUN + 4] = {166, 1},  [ROLE_RUN + 5] = {32, 4},
    [ROLE_RUN + 6] = {227, 7},  [ROLE_HEAT + 0] = {17, 0},
    [ROLE_HEAT + 1] = {53, 4},  [ROLE_HEAT + 2] = {24, 4},
    [ROLE_HEAT + 3] = {30, 6},  [ROLE_HEAT + 4] = {36, 6},
    [ROLE_HEAT + 5] = {78, 2},  [ROLE_HEAT + 6] = {119, 3},
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
