/*
 * The one key table: dispatch, footer, `?` help, the `:` palette and the docs
 * all read it.  A key exists here or not at all.
 */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include "tui/ui.h"

/* Keys that are no character, above Unicode. */
enum input {
    INPUT_ESCAPE = 27,
    INPUT_ENTER = '\n',
    INPUT_TAB = '\t',
    INPUT_UP = 0x110000,
    INPUT_DOWN,
    INPUT_LEFT,
    INPUT_RIGHT,
    INPUT_PAGE_UP,
    INPUT_PAGE_DOWN,
    INPUT_HOME,
    INPUT_END,
    INPUT_BACK_TAB,
    INPUT_BACKSPACE,
    INPUT_TEXT, /* stands for any printable character */
    INPUT_CTRL_L = 12
};

enum scope {
    IN_TRAIN = 1 << VIEW_TRAIN,
    IN_SPECTRUM = 1 << VIEW_SPECTRUM,
    IN_OVERLAP = 1 << VIEW_OVERLAP,
    IN_RANKS = 1 << VIEW_RANKS,
    IN_INTRINSIC = 1 << VIEW_INTRINSIC,
    IN_TALK = 1 << VIEW_TALK,
    IN_LOG = 1 << VIEW_LOG,
    IN_FILES = 1 << VIEW_FILES,
    IN_TABLE = 1 << VIEW_TABLE,
    IN_SCREENS = (1 << VIEW_COUNT) - 1,
    IN_VIEWS = IN_SCREENS & ~(IN_TABLE | IN_INTRINSIC), /* that have runs */
    IN_HELP = 1 << (VIEW_COUNT + 0),
    IN_PALETTE = 1 << (VIEW_COUNT + 1),
    IN_FORM = 1 << (VIEW_COUNT + 2),
    IN_NUMBER = 1 << (VIEW_COUNT + 3), /* a rank or an lr */
    IN_QUESTION = 1 << (VIEW_COUNT + 4),
    IN_PROMPT = 1 << (VIEW_COUNT + 5),
    IN_PATH = 1 << (VIEW_COUNT + 6),
    IN_ALL = IN_SCREENS | IN_HELP | IN_PALETTE | IN_FORM | IN_NUMBER |
             IN_QUESTION | IN_PROMPT | IN_PATH
};

enum { KEY_CODES = 3, WHY = 160 };

struct key {
    int code[KEY_CODES]; /* 0: none */
    const char *label;   /* as written: "Space", "+" */
    unsigned scope;
    int footer;       /* place in the footer, 1 first; 0: not there */
    const char *name; /* two or three words, unique in its scope */
    const char *help; /* one sentence */
    int arg;          /* of act */
    void (*act)(struct ui *ui, const struct snapshot *snapshot, int arg,
                int code);
    /* NULL: always.  false: not now, and why in a sentence. */
    bool (*can)(const struct ui *ui, const struct snapshot *snapshot, int arg,
                char why[WHY]);
};

extern const struct key key_table[];
extern const int key_count;

/* Where keys go at the moment: one bit. */
unsigned keys_scope(const struct ui *ui);
/* The entry for a code in a scope, or NULL. */
const struct key *keys_find(unsigned scope, int code);
bool keys_enabled(const struct key *key, const struct ui *ui,
                  const struct snapshot *snapshot, char why[WHY]);

/* false: the key belongs to another page of the view; the footer leaves it
 * out, the help says so. */
bool keys_of_page(const struct key *key, const struct ui *ui);

/* false: it leads to a view that is not there now (view_is_there), or trains,
 * and a file is on the screen. */
bool keys_exist(const struct key *key, const struct ui *ui,
                const struct snapshot *snapshot);

/* The palette's list of the view's keys for what was typed: indices into
 * key_table, best match first; returns how many of at most room. */
int keys_match(int *index, int room, const char *typed, const struct ui *ui,
               const struct snapshot *snapshot);

/* The table as Markdown, for the README and the man page. */
void keys_markdown(FILE *to);

#endif
