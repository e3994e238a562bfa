/*
 * Colours by role: views say what a cell means, this table says how it looks
 * with 256 colours, with 8, and in a picture.
 *
 * Lines: Okabe and Ito's palette.  Heat: viridis in eight steps of rising
 * lightness that stay apart for colour-blind eyes.  Nothing is ever told by
 * colour alone.
 */
#ifndef TUI_ROLE_H
#define TUI_ROLE_H

#include <stdint.h>

enum { RUN_ROLES = 7, HEAT_ROLES = 8 };

enum role {
    ROLE_NONE, /* the terminal's own colours */
    ROLE_DIM,
    ROLE_FRAME,
    ROLE_TITLE,
    ROLE_KEY,
    ROLE_GOOD,
    ROLE_WARN,
    ROLE_BAD,
    ROLE_CHANCE,    /* what chance or noise alone would do */
    ROLE_INK_DARK,  /* text on a bright heat level */
    ROLE_INK_LIGHT, /* text on a dark one */
    ROLE_RUN,
    ROLE_HEAT = ROLE_RUN + RUN_ROLES,
    ROLE_COUNT = ROLE_HEAT + HEAT_ROLES
};

enum role role_run(int id);              /* by run id, round and round */
enum role role_heat(double level);       /* level in [0, 1] */
enum role role_heat_ink(enum role heat); /* readable on that level */

/* The colour's number on a terminal with so many colours; -1: its default. */
int role_colour(enum role role, int colours);
/* 0xrrggbb of a number of the xterm palette. */
uint32_t colour_rgb(int colour);

/* 0xrrggbb on white paper: the same hues, dark enough to read there. */
uint32_t role_paper(enum role role);
/* Viridis, without steps; level in [0, 1]. */
uint32_t viridis(double level);

#endif
