/*
 * Who gets which cells: pure functions from a size to rectangles.  Parts
 * never overlap and never leave their frame, whatever the size; a part with
 * no room is empty (w or h 0).
 */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include "tui/canvas.h"

enum { LAYOUT_MIN_COLS = 40, LAYOUT_MIN_ROWS = 10 }; /* below: one line */

enum frame_part {
    FRAME_HEADER,
    FRAME_TABS,
    FRAME_BODY,
    FRAME_MESSAGE,
    FRAME_FOOTER,
    FRAME_PARTS
};
enum train_part {
    TRAIN_TITLE,
    TRAIN_PLOT,
    TRAIN_LIST,
    TRAIN_WORDS,
    TRAIN_SPECTRUM, /* only where there is room beside */
    TRAIN_RANKS,
    TRAIN_PARTS
};
/* A view with pages: the one that is open and, where there is room, the plots
 * of those that come next. */
enum page_part { PAGE_TITLE, PAGE_MAIN, PAGE_SIDE, PAGE_LOWER, PAGE_PARTS };
enum spectrum_part {
    SPECTRUM_PLOT,
    SPECTRUM_HEAT,
    SPECTRUM_TABLE,
    SPECTRUM_WORDS,
    SPECTRUM_PARTS
};
enum energy_part { ENERGY_PLOT, ENERGY_TABLE, ENERGY_WORDS, ENERGY_PARTS };
enum family_part { FAMILY_PLOT, FAMILY_TABLE, FAMILY_WORDS, FAMILY_PARTS };
enum time_part { TIME_STRIPS, TIME_PLOT, TIME_ALARMS, TIME_WORDS, TIME_PARTS };
enum cuts_part {
    CUTS_TITLE,
    CUTS_CURVE,  /* loss against kept rank */
    CUTS_ZEROED, /* loss against one sigma set to zero */
    CUTS_WORDS,
    CUTS_DIAL, /* only where there is room beside */
    CUTS_LOSS, /* and below that */
    CUTS_PARTS
};
enum ranks_part {
    RANKS_TITLE,
    RANKS_TABLE,
    RANKS_COST, /* only where the table leaves room */
    RANKS_CUT,
    RANKS_PLOT,
    RANKS_EVENT,
    RANKS_PARTS
};
enum phi_part {
    PHI_TITLE,
    PHI_MAP,
    PHI_PLOT,  /* phi(k, k) */
    PHI_TRAIL, /* through time, or angles: on wide screens */
    PHI_NUMBERS,
    PHI_WORDS,
    PHI_PARTS
};
enum base_part {
    BASE_TITLE,
    BASE_TABLE, /* amplification */
    BASE_PLOT,  /* alignment, of the chosen side */
    BASE_OTHER, /* of the other one: on wide screens, as is */
    BASE_RHO,
    BASE_WORDS,
    BASE_PARTS
};
enum intruder_part {
    INTRUDER_TITLE,
    INTRUDER_SLIDERS,
    INTRUDER_COSINE,
    INTRUDER_COUNT,
    INTRUDER_LAMBDA, /* a table */
    INTRUDER_TASK,   /* its rows as plots, on wide screens */
    INTRUDER_FORGET,
    INTRUDER_WORDS,
    INTRUDER_PARTS
};
enum talk_part {
    TALK_TITLE,
    TALK_PROMPT,
    TALK_LINES,
    TALK_DIAL,
    TALK_CURVE, /* of the microscope, on wide screens; and below that */
    TALK_SIGMA,
    TALK_WORDS,
    TALK_PARTS
};
enum microscope_part {
    MICROSCOPE_TITLE,
    MICROSCOPE_DIAL,
    MICROSCOPE_CURVE,
    MICROSCOPE_SIGMA,
    MICROSCOPE_TEXTS,
    MICROSCOPE_WORDS,
    MICROSCOPE_PARTS
};
enum twins_part {
    TWINS_TITLE,
    TWINS_SIGMA,
    TWINS_LOSS,
    TWINS_PHI, /* on wide screens */
    TWINS_NUMBERS,
    TWINS_VERDICT,
    TWINS_NOTE,
    TWINS_PARTS
};
enum section7_part {
    SECTION7_TITLE,
    SECTION7_FIGURE3,
    SECTION7_FIGURE4,
    SECTION7_PLOT, /* on wide screens */
    SECTION7_TABLE,
    SECTION7_VERDICTS,
    SECTION7_NOTE,
    SECTION7_PARTS
};
enum files_part {
    FILES_TITLE,
    FILES_FACTS,
    FILES_PLOT, /* beside the facts, on wide screens; and the map */
    FILES_HEAT,
    FILES_RULE,
    FILES_TABLE,
    FILES_WORDS,
    FILES_PARTS
};
enum keep_part {
    KEEP_TITLE,
    KEEP_RULE,
    KEEP_SITES,
    KEEP_TOOLS_RULE, /* beside the sites, or below them */
    KEEP_TOOLS,
    KEEP_WORDS,
    KEEP_PARTS
};

/* The table of a grid; its figure: one rect a task, with the paper's beside. */
enum grid_part {
    GRID_TITLE,
    GRID_SHEET,
    GRID_WORDS,  /* of the chosen cell */
    GRID_CLAIMS, /* where there is room */
    GRID_PLOT,   /* where there is room beside those */
    GRID_PARTS
};

/* A search for the intrinsic dimension. */
enum search_part {
    SEARCH_TITLE,
    SEARCH_PLOT,
    SEARCH_POINTS, /* where there is room beside */
    SEARCH_WORDS,
    SEARCH_PARTS
};

void layout_frame(struct rect part[FRAME_PARTS], int cols, int rows);
void layout_train(struct rect part[TRAIN_PARTS], struct rect body, int runs);
void layout_page(struct rect part[PAGE_PARTS], struct rect body);
/* Pages of the spectrum view: what is below the title. */
void layout_spectrum(struct rect part[SPECTRUM_PARTS], struct rect main,
                     int runs);
void layout_energy(struct rect part[ENERGY_PARTS], struct rect main, int rows);
void layout_family(struct rect part[FAMILY_PARTS], struct rect main, int runs);
/* strips: rows of the map; alarms: how many there are. */
void layout_time(struct rect part[TIME_PARTS], struct rect main, int strips,
                 int alarms);
void layout_cuts(struct rect part[CUTS_PARTS], struct rect body, int sites);
void layout_ranks(struct rect part[RANKS_PARTS], struct rect body, int sites);
/* rows: of the map. */
void layout_phi(struct rect part[PHI_PARTS], struct rect body, int rows);
/* rows: of the table of amplifications. */
void layout_base(struct rect part[BASE_PARTS], struct rect body, int rows);
void layout_intruders(struct rect part[INTRUDER_PARTS], struct rect body);
/* prompt: rows that the prompt and the answer wanted need. */
bool layout_has_room(int cols, int rows); /* a wide screen, in short */
void layout_talk(struct rect part[TALK_PARTS], struct rect body, int prompt);
void layout_microscope(struct rect part[MICROSCOPE_PARTS], struct rect body);
/* verdict: columns of the sentence that must fit. */
void layout_twins(struct rect part[TWINS_PARTS], struct rect body, int verdict);
void layout_section7(struct rect part[SECTION7_PARTS], struct rect body);
/* facts: rows they take at the width layout_files_facts() says; sites: rows of
 * the table, its heading apart. */
void layout_files(struct rect part[FILES_PARTS], struct rect body, int facts,
                  int sites);
int layout_files_facts(struct rect body);
/* tools: rows of their table, with its heading. */
void layout_keep(struct rect part[KEEP_PARTS], struct rect body, int tools);

/* rows: of the sheet, its heading included. */
void layout_grid(struct rect part[GRID_PARTS], struct rect body, int rows);
/* words: lines of them. */
void layout_search(struct rect part[SEARCH_PARTS], struct rect body, int words);

/* A box of at most this size in the middle of a screen, above the rows of
 * message and footer. */
struct rect layout_middle(int cols, int rows, int width, int height);

#endif
