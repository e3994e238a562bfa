/*
 * What the person has chosen: view, run, site, overlay, half-typed text.
 * A plain value: a key and a snapshot turn it into the next one and perhaps
 * into commands, without a terminal, so tests press keys too.
 */
#ifndef TUI_UI_H
#define TUI_UI_H

#include "experiments/command.h"
#include "experiments/snapshot.h"
#include "tui/canvas.h"

enum view_id { VIEW_TRAIN, VIEW_SPECTRUM, VIEW_RANKS, VIEW_LOG, VIEW_COUNT };

enum overlay {
    OVERLAY_NONE,
    OVERLAY_HELP,
    OVERLAY_PALETTE,
    OVERLAY_FORM,  /* a new run */
    OVERLAY_RANK,  /* a number */
    OVERLAY_LR,    /* a number */
    OVERLAY_REMOVE /* yes or no */
};

enum curve { CURVE_LOSS, CURVE_METRIC, CURVE_FORGET, CURVE_COUNT };
enum axes { AXES_LINEAR, AXES_LOG_Y, AXES_LOG_BOTH, AXES_COUNT };
enum measure {
    MEASURE_STABLE,
    MEASURE_PARTICIPATION,
    MEASURE_ENTROPY,
    MEASURE_COUNT
};

enum form_field {
    FORM_NAME,
    FORM_METHOD,
    FORM_RANK,
    FORM_ALPHA,
    FORM_TARGETS,
    FORM_LR,
    FORM_SEED,
    FORM_FIELDS
};

enum { UI_TEXT = 64, UI_OUT = 8 };

/* The last rank asked for.  Keys can be quicker than training steps: until
 * the session has answered, with an event each, the next turn of the same
 * dial goes on from here and not from what the screen still shows. */
struct asked {
    int run, site, rank; /* site -1: all */
    int until;           /* answered when there are so many events */
};

struct form {
    char text[FORM_FIELDS][UI_TEXT];
    enum form_field field;
    char complaint[256]; /* "" none */
};

struct ui {
    enum view_id view;
    enum overlay overlay;
    int run_id;     /* chosen; the first run when it is gone */
    int site;       /* chosen */
    bool all_sites; /* the dial turns every site at once */
    enum glyphs glyphs;
    enum curve curve;
    enum axes axes;       /* of curves */
    bool linear_index;    /* of spectra; log unless asked */
    enum measure measure; /* in the heat map */
    enum rank_policy policy;
    struct asked asked;
    long cursor;         /* step on the curves; -1: none */
    int index;           /* 1-based index on the spectrum; 0: none */
    int scroll;          /* log and help: lines up from the end, or down */
    char typed[UI_TEXT]; /* palette or number */
    int choice;          /* in the palette */
    struct form form;
    struct run_spec new_run; /* what the form begins with */
    int events_seen;
    char message[256]; /* answer to the last key; "" none */
    bool message_bad;
    bool can_utf8;     /* g offers braille and blocks */
    bool wants_redraw; /* Ctrl-L: the terminal was scribbled on */
    bool quit;
    struct command out[UI_OUT]; /* to be sent by whoever owns the session */
    int out_count;
};

/* defaults may be NULL: then no run can be added. */
void ui_start(struct ui *ui, const struct run_spec *defaults,
              enum glyphs glyphs, bool can_utf8);

/* One key: a codepoint or an INPUT_ code of keys.h. */
void ui_key(struct ui *ui, const struct snapshot *snapshot, int code);

/* Looks at what is new: an event makes the answer to the last key old. */
void ui_see(struct ui *ui, const struct snapshot *snapshot);

/* A whole frame.  note: a line from outside (stderr), or NULL. */
void ui_draw(struct canvas *canvas, const struct ui *ui,
             const struct snapshot *snapshot, const char *note);

/* The chosen run; NULL: the session has none.  The chosen site, in range. */
const struct run_view *ui_run(const struct ui *ui,
                              const struct snapshot *snapshot);
int ui_site(const struct ui *ui, const struct snapshot *snapshot);
const struct run_view *snapshot_run(const struct snapshot *snapshot, int id);

void ui_say(struct ui *ui, bool is_bad, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Queues a command for the chosen run; the caller fills the rest. */
struct command *ui_command(struct ui *ui, enum command_kind kind, int run);

#endif
