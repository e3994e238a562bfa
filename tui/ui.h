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

enum view_id {
    VIEW_TRAIN,
    VIEW_SPECTRUM,
    VIEW_OVERLAP,
    VIEW_RANKS,
    VIEW_INTRINSIC, /* while a search is open */
    VIEW_TALK,
    VIEW_FILES,
    VIEW_TABLE, /* while a grid is open */
    VIEW_LOG,
    VIEW_COUNT
};

/* Pages of views: v turns them. */
enum spectrum_page {
    PAGE_SIGMA,  /* singular values, chance, noise edges */
    PAGE_ENERGY, /* cumulated energy, all measures beside chance */
    PAGE_FAMILY, /* Rényi ranks by order */
    PAGE_TIME,   /* strips: layer x step */
    SPECTRUM_PAGES
};
enum overlap_page {
    PAGE_PHI,       /* phi(i, j) of two updates */
    PAGE_BASE,      /* amplification and alignment with W0 */
    PAGE_INTRUDERS, /* intruder dimensions */
    PAGE_TWINS,     /* LoRA and full fine-tuning */
    PAGE_SECTION7,  /* of the LoRA paper */
    OVERLAP_PAGES
};
enum ranks_page {
    PAGE_DIAL, /* every site with its rank */
    PAGE_CUTS, /* what smaller ranks would cost */
    RANKS_PAGES
};

enum intrinsic_page {
    PAGE_CURVE,  /* score against d, and the answers */
    PAGE_POINTS, /* every d in numbers */
    INTRINSIC_PAGES
};

enum talk_page {
    PAGE_ANSWERS,    /* the base and every run side by side */
    PAGE_MICROSCOPE, /* one update, turned by hand */
    TALK_PAGES
};

enum files_page {
    PAGE_SITES, /* what it is, and every site with its measures */
    PAGE_PLAN,  /* which ranks a resize would keep */
    FILES_PAGES
};

enum files_order {
    ORDER_FILE,
    ORDER_NORM,    /* Frobenius, the largest first, as all below */
    ORDER_TOP,     /* sigma_1 */
    ORDER_MEASURE, /* the chosen one */
    FILES_ORDERS
};

/* Of a resize, site by site. */
enum keep_rule { KEEP_ENERGY, KEEP_RANK, KEEP_RATIO, KEEP_RULES };

enum table_page {
    PAGE_SCORES,   /* the grid's table */
    PAGE_FIGURE2,  /* score against trainable numbers */
    PAGE_FINDINGS, /* what of the paper's claims it bears out */
    TABLE_PAGES
};

enum overlay {
    OVERLAY_NONE,
    OVERLAY_HELP,
    OVERLAY_PALETTE,
    OVERLAY_FORM,   /* a new run */
    OVERLAY_RANK,   /* a number */
    OVERLAY_LR,     /* a number */
    OVERLAY_PROMPT, /* a text to go on with */
    OVERLAY_PATH,   /* a file to be opened */
    OVERLAY_REMOVE  /* yes or no */
};

enum curve { CURVE_LOSS, CURVE_METRIC, CURVE_FORGET, CURVE_COUNT };
enum axes { AXES_LINEAR, AXES_LOG_Y, AXES_LOG_BOTH, AXES_COUNT };
enum form_field {
    FORM_METHOD, /* a list */
    FORM_NAME,
    FORM_RANK,
    FORM_ALPHA,
    FORM_SCALE,
    FORM_TARGETS,
    FORM_ALSO,
    FORM_LR_RATIO,
    FORM_NORM,
    FORM_PREFIX,
    FORM_INFIX,
    FORM_DIMS,
    FORM_PROJECTION,
    FORM_INSIDE,
    FORM_BUDGET_RANK,
    FORM_BUDGET_INITIAL,
    FORM_BUDGET_FINAL,
    FORM_BUDGET_EVERY,
    FORM_BUDGET_PENALTY,
    FORM_LR,
    FORM_SEED,
    FORM_FIELDS
};

enum { UI_TEXT = 64, UI_PATH = 800, UI_OUT = 8 };

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
    unsigned typed;     /* bits by field: what the person wrote there stays
                           when another method is chosen */
    char find[UI_TEXT]; /* letters of a method's name, while in the list */
    bool refused;       /* Enter was pressed: the complaint stands out */
};

/* What is chosen among runs, or among files: each has its own. */
struct ui_place {
    int run_id, site;
    bool all_sites;
    long time;
    int index, row, col;
    struct operand other;
    int events_seen;
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
    int measure;          /* in the heat map: index in metric_table */
    int page[VIEW_COUNT]; /* of views that have several */
    long time;            /* every view shows the moment at or before this
                             step; -1: now */
    enum rank_policy policy;
    struct asked asked;
    long cursor;             /* step on the curves; -1: none */
    int index;               /* 1-based index on the spectrum; 0: none */
    struct operand other;    /* what the chosen run is compared with */
    enum side side;          /* input: right singular vectors */
    enum side intruder_side; /* of the page of intruders */
    enum overlap_of of;
    int row, col;           /* of phi, 1-based; 0: none */
    double epsilon;         /* intruders */
    int top;                /* intruders: among the first so many */
    double lambda;          /* intruders: scaled by this */
    enum files_order order; /* of the sites of a file */
    enum keep_rule keep;
    int keep_step[KEEP_RULES];   /* values on from the rule's usual one */
    int row_chosen, task_chosen; /* of the table, or the search; -1: where work
                                    is done */
    struct talk_question talk;
    /* A file open beside a session: which of the two is on the screen, what is
     * chosen in the other, and what is to be opened or closed by who owns the
     * screen. */
    bool can_open, has_guest, on_guest;
    struct ui_place away;
    char wants_file[UI_PATH];
    bool wants_no_file;
    bool has_room; /* for what comes next beside the open page: it is asked for
                      as well */
    int scroll;    /* log and help: lines up from the end, or down */
    char typed[UI_PATH]; /* palette, number, prompt or path */
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

/* The screen's size, before questions are asked. */
void ui_size(struct ui *ui, int cols, int rows);

/* A whole frame.  note: a line from outside (stderr), or NULL. */
void ui_draw(struct canvas *canvas, const struct ui *ui,
             const struct snapshot *snapshot, const char *note);

/* What the open page asks of the analyst; is_asked false: nothing. */
struct question ui_question(const struct ui *ui,
                            const struct snapshot *snapshot);
/* The answer to exactly that question, or the latest of its kind that is near
 * enough to be shown meanwhile (is_old), or NULL. */
const struct study *ui_answer(const struct ui *ui,
                              const struct snapshot *snapshot, bool *is_old);

/* The chosen run; NULL: the session has none.  The chosen site, in range. */
const struct run_view *ui_run(const struct ui *ui,
                              const struct snapshot *snapshot);
int ui_site(const struct ui *ui, const struct snapshot *snapshot);

/* To the guest's place, or back to the session's. */
void ui_turn_to(struct ui *ui, bool is_guest);
/* A file has been opened: it is on the screen, in view 7. */
void ui_take_guest(struct ui *ui);

void ui_say(struct ui *ui, bool is_bad, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Queues a command for the chosen run; the caller fills the rest. */
struct command *ui_command(struct ui *ui, enum command_kind kind, int run);

#endif
