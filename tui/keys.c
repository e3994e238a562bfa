/*
 * The key table and what reads it; see keys.h.
 */
#include "tui/keys.h"

#include <ctype.h>
#include <string.h>

#include "tui/actions.h"
#include "tui/views/view.h"

#define SITES  (IN_SPECTRUM | IN_OVERLAP)
#define PAGES  (SITES | IN_RANKS | IN_TALK)
#define TYPING (IN_PALETTE | IN_FORM | IN_NUMBER | IN_PROMPT | IN_PATH)

/* clang-format off */
const struct key key_table[] = {
    /* views */
    {{'1'}, "1", IN_SCREENS, 0, "train view",
     "loss curves of all runs over one another", VIEW_TRAIN, act_view, can_view},
    {{'2'}, "2", IN_SCREENS, 0, "spectrum view",
     "singular values of the updates, rank measures, heat map", VIEW_SPECTRUM,
     act_view, can_view},
    {{'3'}, "3", IN_SCREENS, 0, "overlap view",
     "what two updates share, beside chance; W0, intruders, twins, section 7",
     VIEW_OVERLAP, act_view, can_view},
    {{'4'}, "4", IN_SCREENS, 0, "ranks view",
     "the rank dial, site by site", VIEW_RANKS, act_view, can_view},
    {{'5'}, "5", IN_SCREENS, 0, "intrinsic view",
     "score against d: how few random directions suffice", VIEW_INTRINSIC,
     act_view, can_view},
    {{'6'}, "6", IN_SCREENS, 0, "talk view",
     "what the base and every run write, side by side; one sigma turned",
     VIEW_TALK, act_view, can_view},
    {{'7'}, "7", IN_SCREENS, 0, "files view",
     "an adapter or a checkpoint: what it is, every site and its measures",
     VIEW_FILES, act_view, can_view},
    {{'9'}, "9", IN_SCREENS, 0, "table view",
     "a grid's table beside the paper's, Figure 2, findings", VIEW_TABLE,
     act_view, can_view},
    {{'0'}, "0", IN_SCREENS, 0, "log view",
     "journal and messages", VIEW_LOG, act_view, can_view},

    /* the dial */
    {{'+', '='}, "+", IN_RANKS, 1, "rank up",
     "rank of the chosen site, or of all, one up: the loss does not jump", 1,
     act_rank_by, can_turn},
    {{'-', '_'}, "-", IN_RANKS, 2, "rank down",
     "one down: the weakest direction is cut off", -1, act_rank_by, can_turn},
    {{'>'}, ">", IN_RANKS, 0, "double rank",
     "twice the rank, at most what the matrix allows", 2, act_rank_times,
     can_turn},
    {{'<'}, "<", IN_RANKS, 0, "halve rank",
     "half the rank", -2, act_rank_times, can_turn},
    {{'r', INPUT_ENTER}, "r", IN_RANKS, 0, "type rank",
     "type the rank as a number", OVERLAY_RANK, act_overlay, can_turn},
    {{'p'}, "p", IN_RANKS, 3, "policy",
     "what happens to the scale s when the rank is turned", 0, act_policy,
     NULL},
    {{INPUT_UP, 'k'}, "Up", IN_RANKS, 0, "site above",
     "choose the site above; the first row stands for all sites", -1,
     act_dial_site, NULL},
    {{INPUT_DOWN, 'j'}, "Down", IN_RANKS, 0, "site below",
     "choose the site below", 1, act_dial_site, NULL},

    /* train */
    {{'v'}, "v", IN_TRAIN, 1, "next curve",
     "loss, the task's metric, or what is forgotten", 0, act_curve, NULL},
    {{'l'}, "l", IN_TRAIN | IN_RANKS, 8, "log axes",
     "log loss, both axes log, or linear", 0, act_axes, NULL},
    {{INPUT_LEFT}, "Left", IN_TRAIN, 0, "cursor left",
     "the values at a step, in words", -1, act_cursor, NULL},
    {{INPUT_RIGHT}, "Right", IN_TRAIN, 0, "cursor right",
     "the same, later", 1, act_cursor, NULL},
    {{INPUT_ESCAPE}, "Esc", IN_TRAIN, 0, "cursor off",
     "no cursor: who leads, in words", 0, act_cursor, NULL},
    {{INPUT_UP, 'k'}, "Up", IN_TRAIN, 0, "run above",
     "choose the run above", -1, act_run, can_choose},
    {{INPUT_DOWN, 'j'}, "Down", IN_TRAIN, 0, "run below",
     "choose the run below", 1, act_run, can_choose},

    /* spectrum, overlap */
    {{'v'}, "v", PAGES, 1, "next page",
     "the view's next page; its name stands in the title", 0, act_page, NULL},
    {{'{'}, "{", PAGES, 4, "earlier",
     "every view as it was at the moment kept before", -1, act_time,
     can_travel},
    {{'}'}, "}", PAGES, 0, "later",
     "one moment later; past the last one: now", 1, act_time, can_travel},
    {{INPUT_LEFT}, "Left", SITES, 0, "site before",
     "choose the site to the left in the map", -1, act_site, NULL},
    {{INPUT_RIGHT}, "Right", SITES, 0, "site after",
     "choose the site to the right", 1, act_site, NULL},
    {{INPUT_UP, 'k'}, "Up", SITES, 0, "layer above",
     "the same kind of site one layer up in the map", -1, act_layer, NULL},
    {{INPUT_DOWN, 'j'}, "Down", SITES, 0, "layer below",
     "one layer down", 1, act_layer, NULL},
    {{'b'}, "b", IN_OVERLAP, 2, "compare with",
     "another run, the same run now, W0, or random directions", 0, act_other,
     can_phi},
    {{'d'}, "d", IN_OVERLAP, 3, "side",
     "input side: right singular vectors; output side: left ones", 0,
     act_side, can_take_side},
    {{'w'}, "w", IN_OVERLAP, 3, "dW or A, B",
     "singular vectors of dW, or of A and B alone as in the LoRA paper", 0,
     act_of, can_phi},
    {{']'}, "]", IN_OVERLAP, 0, "next row",
     "phi at the next direction i of the chosen run, in words", 1, act_row,
     can_phi},
    {{'['}, "[", IN_OVERLAP, 0, "row before", "one direction i before", -1,
     act_row, can_phi},
    {{'>'}, ">", IN_OVERLAP, 0, "next column",
     "phi at the next direction j of the other", 1, act_col, can_phi},
    {{'<'}, "<", IN_OVERLAP, 0, "column before", "one direction j before", -1,
     act_col, can_phi},
    {{'e'}, "e", IN_OVERLAP, 0, "epsilon down",
     "fewer vectors count as intruders: |cos| below epsilon with all of W0's",
     -1, act_epsilon, can_intrude},
    {{'E'}, "E", IN_OVERLAP, 0, "epsilon up", "more count as intruders", 1,
     act_epsilon, can_intrude},
    {{'n'}, "n", IN_OVERLAP, 0, "fewer vectors",
     "intruders are looked for among fewer leading vectors of W0 + dW", -1,
     act_top, can_intrude},
    {{'N'}, "N", IN_OVERLAP, 0, "more vectors", "among more of them", 1,
     act_top, can_intrude},
    {{'c'}, "c", IN_OVERLAP, 0, "lambda down",
     "both losses with the intruders scaled by a smaller lambda", -1,
     act_lambda, can_intrude},
    {{'C'}, "C", IN_OVERLAP, 0, "lambda up", "by a larger one; 1: as they are",
     1, act_lambda, can_intrude},
    {{'m'}, "m", IN_SPECTRUM, 2, "next measure",
     "which measure map, strips and words show; ? explains it", 1,
     act_measure, NULL},
    {{'M'}, "M", IN_SPECTRUM, 0, "measure before", "the one before it", -1,
     act_measure, NULL},
    {{'l'}, "l", IN_SPECTRUM, 3, "log index",
     "the index axis linear or log", 0, act_index_axis, NULL},
    {{']'}, "]", IN_SPECTRUM, 3, "next index",
     "the singular value at an index, in words", 1, act_index, NULL},
    {{'['}, "[", IN_SPECTRUM, 0, "index before",
     "the index before; none at 0", -1, act_index, NULL},

    /* talk */
    {{INPUT_RIGHT}, "Right", IN_TALK, 2, "next example",
     "the next held-out example of the task", 1, act_example, can_ask},
    {{INPUT_LEFT}, "Left", IN_TALK, 0, "example before", "the one before it",
     -1, act_example, can_ask},
    {{'p', INPUT_ENTER}, "p", IN_TALK, 3, "type prompt",
     "a text of your own for all of them to go on with", OVERLAY_PROMPT,
     act_overlay, NULL},
    {{'+', '='}, "+", IN_TALK, 4, "stronger",
     "the chosen run's update times a tenth more, up to 2", 1, act_strength,
     can_turn_update},
    {{'-', '_'}, "-", IN_TALK, 4, "weaker",
     "times a tenth less, down to 0: the base", -1, act_strength,
     can_turn_update},
    {{']'}, "]", IN_TALK, 0, "next sigma",
     "the next singular value of the chosen site's update", 1, act_sigma,
     can_turn_update},
    {{'['}, "[", IN_TALK, 0, "sigma before", "the one before it", -1, act_sigma,
     can_turn_update},
    {{'>'}, ">", IN_TALK, 0, "next site", "choose the next adapted site", 1,
     act_adapted_site, can_turn_update},
    {{'<'}, "<", IN_TALK, 0, "site before", "the adapted site before it", -1,
     act_adapted_site, can_turn_update},
    {{'z'}, "z", IN_TALK, 6, "zero sigma",
     "set the chosen singular value to 0; again: as trained", TURN_ZERO,
     act_turn, can_turn_update},
    {{'d'}, "d", IN_TALK, 6, "double",
     "double the chosen singular value; again: as trained", TURN_DOUBLE,
     act_turn, can_turn_update},
    {{'n'}, "n", IN_TALK, 6, "flip sign",
     "its negative, the direction backwards; again: as trained", TURN_FLIP,
     act_turn, can_turn_update},
    {{INPUT_ESCAPE}, "Esc", IN_TALK, 0, "as trained",
     "strength 1, no direction turned, the task's own examples", 0,
     act_talk_reset, NULL},
    {{INPUT_UP, 'k'}, "Up", IN_TALK, 0, "run above", "choose the run above", -1,
     act_run, can_choose},
    {{INPUT_DOWN, 'j'}, "Down", IN_TALK, 0, "run below", "choose the run below",
     1, act_run, can_choose},

    /* files */
    {{'v'}, "v", IN_FILES, 1, "next page",
     "what it is, site by site; or which ranks a resize would keep", 0,
     act_page, can_look_at_file},
    {{'s'}, "s", IN_FILES, 2, "sort",
     "sites in the file's order, by Frobenius norm, by sigma_1, by measure", 0,
     act_file_order, can_look_at_file},
    {{'e'}, "e", IN_FILES, 3, "rule",
     "ranks kept by energy, by rank, or by the ratio to sigma_1", 0,
     act_keep_rule, can_keep},
    {{'+', '='}, "+", IN_FILES, 3, "keep more", "the rule's next value", 1,
     act_keep_value, can_keep},
    {{'-', '_'}, "-", IN_FILES, 3, "keep less", "the value before it", -1,
     act_keep_value, can_keep},
    {{'m'}, "m", IN_FILES, 3, "next measure",
     "which measure the map, the words and the sorting take", 1, act_measure,
     can_look_at_file},
    {{'M'}, "M", IN_FILES, 0, "measure before", "the one before it", -1,
     act_measure, can_look_at_file},
    {{INPUT_UP, 'k'}, "Up", IN_FILES, 4, "site above",
     "choose the site above: also for views 2 and 3", -1, act_file_site,
     can_look_at_file},
    {{INPUT_DOWN, 'j'}, "Down", IN_FILES, 4, "site below",
     "choose the site below", 1, act_file_site, can_look_at_file},
    {{INPUT_PAGE_UP}, "PgUp", IN_FILES, 0, "page up", "ten sites up", -10,
     act_file_site, can_look_at_file},
    {{INPUT_PAGE_DOWN}, "PgDn", IN_FILES, 0, "page down", "ten sites down", 10,
     act_file_site, can_look_at_file},
    {{INPUT_HOME}, "Home", IN_FILES, 0, "first site", "to the first site",
     -(1 << 20), act_file_site, can_look_at_file},
    {{INPUT_END}, "End", IN_FILES, 0, "last site", "to the last site", 1 << 20,
     act_file_site, can_look_at_file},
    {{'o', INPUT_ENTER}, "o", IN_FILES, 1, "open file",
     "type the path of an adapter or a checkpoint to look at", OVERLAY_PATH,
     act_overlay, can_open_file},
    {{INPUT_ESCAPE}, "Esc", IN_FILES, 6, "close file",
     "the runs of the session alone again", 0, act_file_close,
     can_close_file},

    /* log */
    {{INPUT_UP, 'k'}, "Up", IN_LOG, 1, "older",
     "one line back", 1, act_scroll, NULL},
    {{INPUT_DOWN, 'j'}, "Down", IN_LOG, 2, "newer",
     "one line on", -1, act_scroll, NULL},
    {{INPUT_PAGE_UP}, "PgUp", IN_LOG, 0, "page back",
     "ten lines back", 10, act_scroll, NULL},
    {{INPUT_PAGE_DOWN}, "PgDn", IN_LOG, 0, "page on",
     "ten lines on", -10, act_scroll, NULL},
    {{INPUT_HOME}, "Home", IN_LOG, 0, "oldest",
     "to the beginning", 1 << 20, act_scroll, NULL},
    {{INPUT_END}, "End", IN_LOG, 3, "newest",
     "to the end, and follow it", -(1 << 20), act_scroll, NULL},

    /* a grid's table */
    {{'v'}, "v", IN_TABLE, 1, "next page",
     "the table, Figure 2 as a plot, the findings in words", 0, act_page, NULL},
    {{INPUT_UP, 'k'}, "Up", IN_TABLE, 2, "row above",
     "choose the row above: what its cell is, in words", -1, act_table_row,
     NULL},
    {{INPUT_DOWN, 'j'}, "Down", IN_TABLE, 3, "row below",
     "choose the row below", 1, act_table_row, NULL},
    {{INPUT_LEFT, 'h'}, "Left", IN_TABLE, 4, "task before",
     "choose the task to the left", -1, act_table_task, NULL},
    {{INPUT_RIGHT, 'l'}, "Right", IN_TABLE, 5, "task after",
     "choose the task to the right", 1, act_table_task, NULL},
    {{INPUT_ESCAPE}, "Esc", IN_TABLE, 6, "follow",
     "choose whatever cell is being trained", 0, act_table_follow, NULL},

    /* a search for the intrinsic dimension */
    {{'v'}, "v", IN_INTRINSIC, 1, "next page",
     "the curve with its answers, or every d in numbers", 0, act_page, NULL},
    {{INPUT_UP, 'k'}, "Up", IN_INTRINSIC, 2, "curve above",
     "choose the subspace above: its interval, its numbers", -1, act_search_row,
     can_choose_curve},
    {{INPUT_DOWN, 'j'}, "Down", IN_INTRINSIC, 3, "curve below",
     "choose the subspace below", 1, act_search_row, can_choose_curve},
    {{INPUT_ESCAPE}, "Esc", IN_INTRINSIC, 4, "follow",
     "choose whatever subspace is being trained", 0, act_table_follow, NULL},

    /* studies */
    {{'S'}, "S", IN_VIEWS, 10, "section 7",
     "of the LoRA paper: trains what is missing, shows Figures 3, 4, Table 7",
     0, act_section7, can_train},
    {{'T'}, "T", IN_VIEWS, 10, "twins",
     "LoRA and full fine-tuning from one start: capacity or optimisation?", 0,
     act_twins, can_train},
    {{'R'}, "R", IN_OVERLAP, 4, "write report",
     "of section 7 or twins as a text file beside the results", 0, act_report,
     can_report},

    /* runs */
    {{' '}, "Space", IN_VIEWS, 5, "pause",
     "pause the training, or go on", 0, act_pause, can_step},
    {{'.'}, ".", IN_VIEWS, 9, "single step",
     "one step of every run, then pause", 0, act_step, can_step},
    {{INPUT_TAB}, "Tab", IN_VIEWS, 6, "next run",
     "choose the next run", 1, act_run, can_choose},
    {{INPUT_BACK_TAB}, "Shift-Tab", IN_VIEWS, 0, "run before",
     "choose the run before", -1, act_run, can_choose},
    {{'a'}, "a", IN_VIEWS, 7, "add run",
     "a form: the methods with formula and count, and what each lets choose",
     OVERLAY_FORM, act_overlay, can_add},
    {{'A'}, "A", IN_VIEWS, 12, "add rival",
     "at once: the next method that is not in the race, like the chosen run",
     0, act_rival, can_rival},
    {{'x'}, "x", IN_VIEWS, 11, "remove run",
     "take the chosen run off, after a question", OVERLAY_REMOVE, act_overlay,
     can_have_run},
    {{'L'}, "L", IN_VIEWS, 10, "learning rate",
     "type a new peak learning rate for the chosen run", OVERLAY_LR,
     act_overlay, can_have_run},
    {{'u'}, "u", IN_VIEWS, 5, "undo",
     "the chosen run back to before its last change; it catches up", 0,
     act_undo, can_undo},
    {{'f'}, "f", IN_VIEWS, 5, "fork",
     "the run goes on; a second one starts from before its last change", 0,
     act_fork, can_fork},

    /* everywhere */
    {{'?'}, "?", IN_SCREENS, 0, "help",
     "all keys, and what the numbers mean", OVERLAY_HELP, act_overlay, NULL},
    {{':'}, ":", IN_SCREENS, 0, "find",
     "find an action by its name; shows its key", OVERLAY_PALETTE,
     act_overlay, NULL},
    {{'g'}, "g", IN_SCREENS, 0, "glyphs",
     "plots in braille, blocks or plain ASCII", 0, act_glyphs, can_glyphs},
    {{INPUT_CTRL_L}, "Ctrl-L", IN_ALL, 0, "redraw",
     "draw the whole screen again", 0, act_redraw, NULL},
    {{'q'}, "q", IN_SCREENS | IN_HELP, 0, "quit",
     "stop the training and leave; so does Ctrl-C", 0, act_quit, NULL},

    /* overlays */
    {{INPUT_ESCAPE, '?', INPUT_ENTER}, "Esc", IN_HELP, 1, "close help",
     "back to the view", 0, act_close, NULL},
    {{INPUT_UP, 'k'}, "Up", IN_HELP, 2, "scroll up", "one line up", -1,
     act_scroll, NULL},
    {{INPUT_DOWN, 'j'}, "Down", IN_HELP, 3, "scroll down", "one line down", 1,
     act_scroll, NULL},
    {{INPUT_PAGE_UP}, "PgUp", IN_HELP, 0, "page up", "ten lines up", -10,
     act_scroll, NULL},
    {{INPUT_PAGE_DOWN, ' '}, "PgDn", IN_HELP, 4, "page down",
     "ten lines down", 10, act_scroll, NULL},
    {{INPUT_UP}, "Up", IN_PALETTE, 2, "match above", "choose the match above",
     -1, act_choice, NULL},
    {{INPUT_DOWN, INPUT_TAB}, "Down", IN_PALETTE, 3, "match below",
     "choose the match below", 1, act_choice, NULL},
    {{INPUT_ENTER}, "Enter", IN_PALETTE, 1, "do it", "do what is chosen", 0,
     act_palette_run, NULL},
    {{INPUT_TAB}, "Tab", IN_FORM, 2, "next field", "the next field", 1,
     act_field, NULL},
    {{INPUT_BACK_TAB}, "Shift-Tab", IN_FORM, 0, "field before",
     "the field before", -1, act_field, NULL},
    {{INPUT_DOWN}, "Down", IN_FORM, 3, "line below",
     "the next method in the list, or the next field", 1, act_line, NULL},
    {{INPUT_UP}, "Up", IN_FORM, 0, "line above",
     "the method before, or the field before", -1, act_line, NULL},
    {{INPUT_RIGHT}, "Right", IN_FORM, 4, "next choice",
     "go through what the field allows; a number doubles", 1, act_option,
     NULL},
    {{INPUT_LEFT}, "Left", IN_FORM, 0, "choice before",
     "the other way; a number halves", -1, act_option, NULL},
    {{INPUT_ENTER}, "Enter", IN_FORM, 1, "start run",
     "start the run, if every field is right", 0, act_form_send, NULL},
    {{INPUT_ENTER}, "Enter", IN_NUMBER, 1, "take number", "take the number",
     0, act_number_send, NULL},
    {{'y', 'Y'}, "y", IN_QUESTION, 1, "yes", "remove the run", 0, act_remove,
     NULL},
    {{'n', 'N', INPUT_ESCAPE}, "n", IN_QUESTION, 2, "no", "leave it", 0,
     act_close, NULL},
    {{INPUT_ENTER}, "Enter", IN_PROMPT, 1, "go on with it",
     "everybody goes on with this text; empty: the task's examples", 0,
     act_prompt_send, NULL},
    {{INPUT_ENTER}, "Enter", IN_PATH, 1, "open it",
     "open what lies there; a wrong path changes nothing", 0, act_path_send,
     NULL},
    {{INPUT_ESCAPE}, "Esc", TYPING, 5, "cancel", "leave without doing it", 0,
     act_close, NULL},
    {{INPUT_BACKSPACE, 127, 8}, "Backspace", TYPING, 0, "erase",
     "erase the last character", 0, act_erase, NULL},
    {{INPUT_TEXT}, "letters", TYPING, 0, "type", "type into the field", 0,
     act_type, NULL},
};
/* clang-format on */
const int key_count = sizeof key_table / sizeof *key_table;

unsigned keys_scope(const struct ui *ui)
{
    static const unsigned scope[] = {[OVERLAY_NONE] = 0,
                                     [OVERLAY_HELP] = IN_HELP,
                                     [OVERLAY_PALETTE] = IN_PALETTE,
                                     [OVERLAY_FORM] = IN_FORM,
                                     [OVERLAY_RANK] = IN_NUMBER,
                                     [OVERLAY_LR] = IN_NUMBER,
                                     [OVERLAY_PROMPT] = IN_PROMPT,
                                     [OVERLAY_PATH] = IN_PATH,
                                     [OVERLAY_REMOVE] = IN_QUESTION};
    return ui->overlay ? scope[ui->overlay] : 1u << ui->view;
}

const struct key *keys_find(unsigned scope, int code)
{
    const struct key *text = NULL;
    for (int i = 0; i < key_count; i++) {
        const struct key *key = &key_table[i];
        if (!(key->scope & scope))
            continue;
        for (int c = 0; c < KEY_CODES && key->code[c]; c++) {
            if (key->code[c] == code)
                return key;
            if (key->code[c] == INPUT_TEXT)
                text = key;
        }
    }
    return code >= ' ' && code < INPUT_UP ? text : NULL;
}

bool keys_enabled(const struct key *key, const struct ui *ui,
                  const struct snapshot *snapshot, char why[WHY])
{
    why[0] = '\0';
    return !key->can || key->can(ui, snapshot, key->arg, why);
}

bool keys_of_page(const struct key *key, const struct ui *ui)
{
    char why[WHY];
    bool asks_page = key->can == can_phi || key->can == can_intrude ||
                     key->can == can_take_side || key->can == can_keep;
    return key->can == can_report
               ? ui->page[VIEW_OVERLAP] >= PAGE_TWINS
               : !asks_page || key->can(ui, NULL, key->arg, why);
}

/* Whether the letters of typed occur in text in order; smaller is better:
 * where the first stands and how far they are spread. */
static int fuzzy(const char *typed, const char *text)
{
    int first = -1, at = 0;
    for (; *typed; typed++) {
        if (isspace((unsigned char)*typed))
            continue;
        while (text[at] && tolower((unsigned char)text[at]) !=
                               tolower((unsigned char)*typed))
            at++;
        if (!text[at])
            return -1;
        first = first < 0 ? at : first;
        at++;
    }
    return first < 0 ? 0 : first + 2 * (at - first);
}

/* A match in the help text counts less than any in the name. */
static int score(const char *typed, const struct key *key)
{
    enum { IN_THE_SENTENCE = 1000 };
    if (strcmp(typed, key->label) == 0)
        return 0;
    int by_name = fuzzy(typed, key->name);
    int by_help = fuzzy(typed, key->help);
    return by_name >= 0   ? by_name
           : by_help >= 0 ? by_help + IN_THE_SENTENCE
                          : -1;
}

/* Keys of training, which a file never has. */
static bool is_of_runs(const struct key *key)
{
    static bool (*const can[])(const struct ui *, const struct snapshot *, int,
                               char[WHY]) = {can_train, can_step,  can_have_run,
                                             can_undo,  can_fork,  can_add,
                                             can_rival, can_travel};
    for (size_t i = 0; i < sizeof can / sizeof *can; i++)
        if (key->can == can[i])
            return true;
    return key->can == can_report;
}

bool keys_exist(const struct key *key, const struct ui *ui,
                const struct snapshot *snapshot)
{
    if (snapshot->file_count > 0 && is_of_runs(key))
        return false;
    if (key->can == can_close_file)
        return ui->has_guest;
    return key->act != act_view || ui->has_guest ||
           view_is_there((enum view_id)key->arg, snapshot);
}

int keys_match(int *index, int room, const char *typed, const struct ui *ui,
               const struct snapshot *snapshot)
{
    unsigned scope = 1u << ui->view;
    int count = 0, points[128];
    for (int i = 0; i < key_count && count < room && count < 128; i++) {
        bool is_itself = key_table[i].act == act_overlay &&
                         key_table[i].arg == OVERLAY_PALETTE;
        if (!(key_table[i].scope & scope) || is_itself ||
            !keys_exist(&key_table[i], ui, snapshot))
            continue;
        int mine = score(typed, &key_table[i]);
        if (mine < 0)
            continue;
        int at = count++;
        for (; at > 0 && points[at - 1] > mine; at--) {
            points[at] = points[at - 1];
            index[at] = index[at - 1];
        }
        points[at] = mine;
        index[at] = i;
    }
    return count;
}

static void markdown_part(FILE *to, const char *title, unsigned scope,
                          bool only_there)
{
    fprintf(to, "\n**%s**\n\n| key | does | |\n|---|---|---|\n", title);
    for (int i = 0; i < key_count; i++) {
        const struct key *key = &key_table[i];
        bool is_wide = (key->scope & IN_VIEWS) == IN_VIEWS;
        if ((key->scope & scope) && is_wide != only_there)
            fprintf(to, "| `%s` | %s | %s |\n", key->label, key->name,
                    key->help);
    }
}

void keys_markdown(FILE *to)
{
    markdown_part(to, "Everywhere", IN_VIEWS, false);
    markdown_part(to, "Train (1)", IN_TRAIN, true);
    markdown_part(to, "Spectrum (2)", IN_SPECTRUM, true);
    markdown_part(to, "Overlap (3)", IN_OVERLAP, true);
    markdown_part(to, "Ranks (4)", IN_RANKS, true);
    markdown_part(to, "Talk (6)", IN_TALK, true);
    markdown_part(to, "Intrinsic (5), while a search is open", IN_INTRINSIC,
                  true);
    markdown_part(to, "Files (7)", IN_FILES, true);
    markdown_part(to, "Table (9), while a grid is open", IN_TABLE, true);
    markdown_part(to, "Log (0)", IN_LOG, true);
    markdown_part(to, "While typing", TYPING, true);
}
