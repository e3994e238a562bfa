/*
 * The form for a new run: text fields, read strictly; the first thing wrong
 * is told in a sentence and nothing is sent.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/actions.h"
#include "tui/layout.h"

const char *const form_labels[FORM_FIELDS] = {
    [FORM_NAME] = "name",   [FORM_METHOD] = "method",   [FORM_RANK] = "rank",
    [FORM_ALPHA] = "alpha", [FORM_TARGETS] = "targets", [FORM_LR] = "peak lr",
    [FORM_SEED] = "seed"};

static const char *const hints[FORM_FIELDS] = {
    [FORM_NAME] = "letters, digits, . _ -",
    [FORM_METHOD] = "← → choose",
    [FORM_RANK] = "of every target, 1 or more",
    [FORM_ALPHA] = "the update is scaled by alpha/rank",
    [FORM_TARGETS] = "of q k v o up down head; ← → choose",
    [FORM_LR] = "such as 1e-3",
    [FORM_SEED] = "the same seed gives the same curve"};

static bool name_taken(const struct snapshot *snapshot, const char *name)
{
    for (int r = 0; r < snapshot->run_count; r++)
        if (strcmp(snapshot->run[r].name, name) == 0)
            return true;
    return false;
}

static void targets_text(char *to, size_t size, const bool *targets)
{
    size_t used = 0;
    to[0] = '\0';
    for (int kind = 0; kind < SITE_KINDS; kind++)
        if (targets[kind] && used < size)
            used += (size_t)snprintf(to + used, size - used, "%s%s",
                                     used ? " " : "",
                                     site_kind_name((enum site_kind)kind));
}

void form_start(struct ui *ui, const struct snapshot *snapshot)
{
    struct form *form = &ui->form;
    const struct run_spec *run = &ui->new_run;
    *form = (struct form){.field = FORM_NAME};
    for (int i = 1; i <= SNAPSHOT_RUNS + 1; i++) {
        snprintf(form->text[FORM_NAME], UI_TEXT, "run%d",
                 snapshot->run_count + i);
        if (!name_taken(snapshot, form->text[FORM_NAME]))
            break;
    }
    snprintf(form->text[FORM_METHOD], UI_TEXT, "%s", run->method);
    snprintf(form->text[FORM_RANK], UI_TEXT, "%d", run->rank);
    snprintf(form->text[FORM_ALPHA], UI_TEXT, "%g", run->alpha);
    targets_text(form->text[FORM_TARGETS], UI_TEXT, run->targets);
    snprintf(form->text[FORM_LR], UI_TEXT, "%g", run->optimizer.lr);
    snprintf(form->text[FORM_SEED], UI_TEXT, "%llu",
             (unsigned long long)run->seed);
}

static int read_name(struct run_spec *run, const char *text,
                     const struct snapshot *snapshot, struct err *err)
{
    if (!text[0] || strlen(text) >= RECIPE_NAME || text[0] == '.')
        return err_set(err,
                       "name: 1 to %d characters, not starting with a "
                       "dot",
                       RECIPE_NAME - 1);
    for (const char *at = text; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("._-", *at))
            return err_set(err,
                           "name: '%c' is not allowed; use letters, "
                           "digits, . _ -",
                           *at);
    if (name_taken(snapshot, text))
        return err_set(err, "name: %s is taken; choose another", text);
    snprintf(run->name, sizeof run->name, "%s", text);
    return 0;
}

static int read_number(double *value, const char *text, double low, double high,
                       const char *what, struct err *err)
{
    char *end;
    *value = strtod(text, &end);
    if (end == text || *end || !(*value >= low && *value <= high))
        return err_set(err,
                       "%s: \"%s\" is not allowed; use a number from %g "
                       "to %g",
                       what, text, low, high);
    return 0;
}

static int read_targets(struct run_spec *run, const char *text, struct err *err)
{
    char copy[UI_TEXT], *rest = NULL;
    int count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    memset(run->targets, 0, sizeof run->targets);
    for (char *word = strtok_r(copy, " ,", &rest); word;
         word = strtok_r(NULL, " ,", &rest), count++) {
        int kind = site_kind_find(word);
        if (kind < 0)
            return err_set(err,
                           "targets: \"%s\" is no site; use some of q k "
                           "v o up down head",
                           word);
        run->targets[kind] = true;
    }
    if (count == 0)
        return err_set(err, "targets: name at least one of q k v o up down "
                            "head");
    return 0;
}

static int read_seed(struct run_spec *run, const char *text, struct err *err)
{
    char *end;
    errno = 0;
    unsigned long long seed = strtoull(text, &end, 10);
    if (end == text || *end || errno || !isdigit((unsigned char)text[0]))
        return err_set(err, "seed: \"%s\" is not a whole number from 0", text);
    run->seed = seed;
    return 0;
}

/* Every target must have room for the rank. */
static int check_rank(const struct run_spec *run,
                      const struct snapshot *snapshot, struct err *err)
{
    for (int s = 0; s < snapshot->site_count; s++) {
        const struct site *site = &snapshot->site[s];
        int most = site->out < site->in ? site->out : site->in;
        if (run->targets[site->kind] && run->rank > most)
            return err_set(err,
                           "rank: %d is too much for %s (%d × %d); at "
                           "most %d",
                           run->rank, site->name, site->out, site->in, most);
    }
    return 0;
}

int form_read(struct command *to, const struct ui *ui,
              const struct snapshot *snapshot, struct err *err)
{
    enum { RANK_MOST = 1000000 };
    const struct form *form = &ui->form;
    *to = (struct command){.kind = COMMAND_ADD, .run = -1, .site = -1};
    to->spec = ui->new_run;
    to->spec.rank_count = 0; /* the form's rank goes for every site */
    struct run_spec *run = &to->spec;
    if (read_name(run, form->text[FORM_NAME], snapshot, err) != 0)
        return -1;
    if (!method_find(form->text[FORM_METHOD]))
        return err_set(err,
                       "method: there is no \"%s\"; ← and → go through "
                       "those there are",
                       form->text[FORM_METHOD]);
    snprintf(run->method, sizeof run->method, "%.*s", RECIPE_NAME - 1,
             form->text[FORM_METHOD]);
    double rank;
    if (read_number(&rank, form->text[FORM_RANK], 1, RANK_MOST, "rank", err) !=
            0 ||
        read_number(&run->alpha, form->text[FORM_ALPHA], 1e-6, 1e6, "alpha",
                    err) != 0 ||
        read_targets(run, form->text[FORM_TARGETS], err) != 0 ||
        read_number(&run->optimizer.lr, form->text[FORM_LR], 1e-9, 10,
                    "peak lr", err) != 0 ||
        read_seed(run, form->text[FORM_SEED], err) != 0)
        return -1;
    if (rank != floor(rank))
        return err_set(err, "rank: a whole number, please");
    run->rank = (int)rank;
    return check_rank(run, snapshot, err);
}

void form_draw(struct canvas *canvas, const struct ui *ui)
{
    enum { WIDTH = 72, HEIGHT = FORM_FIELDS + 6, LABEL = 9, TEXT = 20 };
    struct rect box = layout_middle(canvas->cols, canvas->rows, WIDTH, HEIGHT);
    canvas_fill(canvas, box, style_of(ROLE_NONE));
    canvas_box(canvas, box, style_of(ROLE_KEY));
    canvas_put(canvas, box.x + 2, box.y, box.w - 4,
               style_with(ROLE_TITLE, ATTR_BOLD), " add a run ");
    for (int f = 0; f < FORM_FIELDS; f++) {
        bool is_here = f == (int)ui->form.field;
        int x = box.x + 2, y = box.y + 2 + f, end = box.x + box.w - 2;
        if (is_here)
            canvas_glyph(canvas, x, y, style_with(ROLE_KEY, ATTR_BOLD), 0x25b8);
        x += 2;
        canvas_put(canvas, x, y, LABEL, style_of(ROLE_DIM), form_labels[f]);
        x += LABEL;
        struct style style =
            style_with(ROLE_NONE, is_here ? ATTR_BOLD | ATTR_UNDERLINE : 0);
        canvas_fill(canvas, (struct rect){x, y, TEXT, 1}, style);
        int used = canvas_put(canvas, x, y, TEXT, style, ui->form.text[f]);
        if (is_here) {
            canvas->is_typing = true;
            canvas->cursor_x = x + used;
            canvas->cursor_y = y;
        }
        x += TEXT + 2;
        canvas_put(canvas, x, y, end - x, style_of(ROLE_DIM), hints[f]);
    }
    struct rect words = {box.x + 4, box.y + FORM_FIELDS + 3, box.w - 6, 2};
    if (ui->form.complaint[0])
        canvas_wrap(canvas, words, style_with(ROLE_BAD, ATTR_BOLD),
                    ui->form.complaint);
    else
        canvas_wrap(canvas, words, style_of(ROLE_DIM),
                    "Enter starts it from step 0 on the same batches; "
                    "Tab goes on, Esc leaves");
}
