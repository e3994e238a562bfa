/*
 * Curses; see screen.h.  Colour pairs are made when first used, by the two
 * colour numbers; what finds no pair is drawn in the terminal's own colours.
 */
#include "tui/screen.h"

/* The wide functions of curses are X/Open's extended ones. */
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

#include "tui/keys.h"
#include "tui/term.h"

static struct {
    SCREEN *screen;
    int colours;
    int pairs;                        /* made so far */
    int pair[ROLE_COUNT][ROLE_COUNT]; /* 0: not made; -1: none to be had */
} self;

/* Appends a capability without its padding ("$<5>"). */
static size_t append(char *to, size_t size, size_t used, const char *name)
{
    const char *text = tigetstr((char *)name);
    if (!text || text == (char *)-1)
        return used;
    while (*text && used + 1 < size) {
        if (text[0] == '$' && text[1] == '<') {
            text += strcspn(text, ">");
            text += *text == '>';
        } else {
            to[used++] = *text++;
        }
    }
    return used;
}

static void prepare_leave(void)
{
    static const char *const names[] = {"sgr0", "op", "cnorm", "rmcup", "rmkx"};
    char leave[200];
    size_t used = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        used = append(leave, sizeof leave, used, names[i]);
    if (used + 2 < sizeof leave) {
        leave[used++] = '\r';
        leave[used++] = '\n';
    }
    term_prepare_leave(leave, used);
}

static void start_colours(bool with_colour)
{
    const char *no_color = getenv("NO_COLOR");
    self.colours = 0;
    if (!with_colour || (no_color && no_color[0]) || !has_colors() ||
        start_color() == ERR || use_default_colors() == ERR)
        return;
    self.colours = COLORS >= 256 ? 256 : COLORS >= 8 ? 8 : 0;
}

/* Some terminals send the cursor keys' plain form even when asked for the
 * application's. */
static void accept_plain_arrows(void)
{
    static const struct {
        const char *sequence;
        int key;
    } plain[] = {
        {"\033[A", KEY_UP},    {"\033[B", KEY_DOWN}, {"\033[C", KEY_RIGHT},
        {"\033[D", KEY_LEFT},  {"\033OA", KEY_UP},   {"\033OB", KEY_DOWN},
        {"\033OC", KEY_RIGHT}, {"\033OD", KEY_LEFT}, {"\033[Z", KEY_BTAB}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        define_key(plain[i].sequence, plain[i].key);
}

int screen_open(bool with_colour, struct err *err)
{
    memset(&self, 0, sizeof self);
    self.screen = newterm(NULL, stdout, stdin);
    if (!self.screen) {
        const char *name = getenv("TERM");
        return err_set(err,
                       "TERM=%s is not known here; set TERM to xterm, "
                       "or use `rankscope run`, which needs no screen",
                       name ? name : "");
    }
    cbreak();
    noecho();
    nonl();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    set_escdelay(25);
    accept_plain_arrows();
    start_colours(with_colour);
    prepare_leave();
    return 0;
}

void screen_close(void)
{
    curs_set(1);
    endwin();
    delscreen(self.screen);
    self.screen = NULL;
}

int screen_colours(void)
{
    return self.colours;
}

void screen_size(int *cols, int *rows)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
        size.ws_row > 0 && (size.ws_col != COLS || size.ws_row != LINES))
        resizeterm(size.ws_row, size.ws_col);
    *cols = COLS;
    *rows = LINES;
}

static int pair_of(struct style style)
{
    if (self.colours == 0 || (!style.fg && !style.bg))
        return 0;
    int *pair = &self.pair[style.fg][style.bg];
    int fg = role_colour((enum role)style.fg, self.colours);
    int bg = role_colour((enum role)style.bg, self.colours);
    if (*pair == 0 && fg < 0 && bg < 0)
        *pair = -1;
    if (*pair == 0)
        *pair = self.pairs + 1 < COLOR_PAIRS &&
                        init_extended_pair(self.pairs + 1, fg, bg) != ERR
                    ? ++self.pairs
                    : -1;
    return *pair > 0 ? *pair : 0;
}

/* What a role says where its colour cannot. */
static attr_t attributes(struct style style)
{
    attr_t attr = A_NORMAL;
    if (style.attr & ATTR_BOLD)
        attr |= A_BOLD;
    if (style.attr & ATTR_REVERSE)
        attr |= A_REVERSE;
    if (style.attr & ATTR_UNDERLINE)
        attr |= A_UNDERLINE;
    if (style.attr & ATTR_DIM)
        attr |= A_DIM;
    if (self.colours < 256 && (style.fg == ROLE_DIM || style.fg == ROLE_FRAME))
        attr |= A_DIM;
    if (self.colours == 0 && (style.fg == ROLE_BAD || style.fg == ROLE_WARN))
        attr |= A_BOLD;
    return attr;
}

static void put_cell(const struct cell *cell, int x, int y)
{
    wchar_t text[2] = {(wchar_t)cell->glyph, 0};
    cchar_t wide;
    int pair = pair_of(cell->style);
    if (cell->glyph == 0) /* the right half of the one before */
        return;
    if (setcchar(&wide, text, attributes(cell->style), 0, &pair) != ERR)
        (void)mvadd_wch(y, x, &wide); /* ERR in the last corner, yet drawn */
}

void screen_draw(const struct canvas *canvas, bool all)
{
    erase();
    for (int y = 0; y < canvas->rows && y < LINES; y++)
        for (int x = 0; x < canvas->cols && x < COLS; x++)
            put_cell(canvas_at(canvas, x, y), x, y);
    bool has_cursor = canvas->cursor_x >= 0 && canvas->cursor_y >= 0;
    curs_set(has_cursor && canvas->is_typing);
    if (has_cursor) /* also unseen: screen readers follow it */
        move(canvas->cursor_y, canvas->cursor_x);
    if (all)
        clearok(curscr, TRUE);
    wnoutrefresh(stdscr);
    doupdate();
}

int screen_key(void)
{
    static const struct {
        int from, to;
    } table[] = {{KEY_UP, INPUT_UP},         {KEY_DOWN, INPUT_DOWN},
                 {KEY_LEFT, INPUT_LEFT},     {KEY_RIGHT, INPUT_RIGHT},
                 {KEY_PPAGE, INPUT_PAGE_UP}, {KEY_NPAGE, INPUT_PAGE_DOWN},
                 {KEY_HOME, INPUT_HOME},     {KEY_END, INPUT_END},
                 {KEY_BTAB, INPUT_BACK_TAB}, {KEY_BACKSPACE, INPUT_BACKSPACE},
                 {KEY_ENTER, INPUT_ENTER},   {KEY_RESIZE, SCREEN_RESIZED}};
    wint_t code = 0;
    int kind = get_wch(&code);
    if (kind == ERR)
        return SCREEN_NO_KEY;
    if (kind != KEY_CODE_YES)
        return code == '\r' ? INPUT_ENTER : (int)code;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].from == (int)code)
            return table[i].to;
    return SCREEN_RESIZED; /* some other special key: nothing happens */
}

void screen_leave(void)
{
    curs_set(1);
    endwin();
}

void screen_return(void)
{
    clearok(curscr, TRUE);
    refresh();
}
