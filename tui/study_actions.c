/*
 * Actions of pages, of time, and of the studies in view 3.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/io/file.h"
#include "experiments/plan.h"
#include "tui/actions.h"
#include "tui/views/view.h"

ACTION(act_page)
{
    (void)snapshot, (void)arg, (void)code;
    ui->page[ui->view] = (ui->page[ui->view] + 1) % view_pages(ui->view);
}

/* The moments kept, of all runs together: the chosen run's are the stops. */
ACTION(act_time)
{
    (void)code;
    const struct run_view *run = ui_run(ui, snapshot);
    int at = 0;
    while (at < run->moment_count && ui->time >= 0 &&
           run->moment[at].step < ui->time)
        at++;
    if (ui->time < 0)
        at = run->moment_count; /* now comes after the last */
    at += arg;
    at = at < 0 ? 0 : at;
    ui->time = at < run->moment_count ? run->moment[at].step : -1;
    if (ui->time < 0)
        ui_say(ui, false, "now: step %ld", run->step);
    else
        ui_say(ui, false, "as at step %ld; } goes on to now", ui->time);
}

/* Other runs, the same run now, W0, random; and again. */
ACTION(act_other)
{
    (void)arg, (void)code;
    const struct run_view *run = ui_run(ui, snapshot);
    struct question now = ui_question(ui, snapshot);
    enum { EXTRA = 2 };
    struct operand list[SNAPSHOT_RUNS + EXTRA];
    int count = 0, at = 0;
    if (!run)
        return;
    for (int r = 0; r < snapshot->run_count; r++)
        if (&snapshot->run[r] != run)
            list[count++] =
                (struct operand){OPERAND_RUN, snapshot->run[r].id, -1};
    list[count++] = (struct operand){OPERAND_RUN, run->id, -1};
    list[count++] = (struct operand){OPERAND_BASE, -1, -1};
    list[count++] = (struct operand){OPERAND_RANDOM, -1, -1};
    for (int i = 0; i < count; i++)
        if (list[i].kind == now.b.kind &&
            (list[i].kind != OPERAND_RUN || list[i].run == now.b.run))
            at = i;
    ui->other = list[(at + 1) % count];
    ui->row = ui->col = 0;
    if (ui->other.kind == OPERAND_RUN && ui->other.run == run->id &&
        ui->time < 0)
        ui_say(ui, false, "%s with itself: 1, until { goes back in time",
               run->name);
}

ACTION(act_side)
{
    (void)snapshot, (void)arg, (void)code;
    enum side *side = ui->page[VIEW_OVERLAP] == PAGE_INTRUDERS
                          ? &ui->intruder_side
                          : &ui->side;
    *side = *side == SIDE_INPUT ? SIDE_OUTPUT : SIDE_INPUT;
}

ACTION(act_of)
{
    (void)snapshot, (void)arg, (void)code;
    ui->of = ui->of == OVERLAP_OF_DELTA ? OVERLAP_OF_FACTOR : OVERLAP_OF_DELTA;
}

static int moved(int at, int by, int most)
{
    at += by;
    return at < 0 ? 0 : at > most ? most : at;
}

/* The cursor is in a row and a column, or nowhere. */
static void move_cursor(struct ui *ui, const struct snapshot *snapshot,
                        int *line, int *other, int by, bool of_rows)
{
    bool is_old;
    const struct study *study = ui_answer(ui, snapshot, &is_old);
    if (!study || study->refusal[0]) {
        ui_say(ui, true, "there is no answer yet to point into");
        return;
    }
    const struct overlap_study *at = &study->overlap;
    *line = moved(*line, by, of_rows ? at->rows : at->cols);
    if (*line == 0)
        *other = 0;
    else if (*other == 0)
        *other = 1;
}

ACTION(act_row)
{
    (void)code;
    move_cursor(ui, snapshot, &ui->row, &ui->col, arg, true);
}

ACTION(act_col)
{
    (void)code;
    move_cursor(ui, snapshot, &ui->col, &ui->row, arg, false);
}

ACTION(act_epsilon)
{
    (void)snapshot, (void)code;
    int twentieth = (int)lround(ui->epsilon * 20) + arg;
    twentieth = twentieth < 1 ? 1 : twentieth > 20 ? 20 : twentieth;
    ui->epsilon = twentieth / 20.0;
}

ACTION(act_top)
{
    (void)snapshot, (void)code;
    static const int stops[] = {1, 2, 3, 5, 10, 20, 50, 100};
    enum { STOPS = sizeof stops / sizeof *stops };
    int at = 0;
    while (at < STOPS - 1 && stops[at] < ui->top)
        at++;
    ui->top = stops[moved(at, arg, STOPS - 1)];
}

ACTION(act_lambda)
{
    (void)snapshot, (void)code;
    int quarter = (int)lround(ui->lambda * 4) + arg;
    quarter = quarter < 0                  ? 0
              : quarter > BASE_LAMBDAS - 1 ? BASE_LAMBDAS - 1
                                           : quarter;
    ui->lambda = quarter / 4.0;
}

/* Adds what a plan misses; says what was done. */
static void follow(struct ui *ui, const struct snapshot *snapshot,
                   const struct plan *plan, const char *what)
{
    char names[128] = "";
    if (plan->refusal[0]) {
        ui_say(ui, true, "%s: %s", what, plan->refusal);
        return;
    }
    if (snapshot->run_count + plan->missing > RECIPE_RUNS) {
        ui_say(ui, true, "%s needs %d more runs; x removes one", what,
               plan->missing);
        return;
    }
    for (int i = 0; i < plan->count; i++) {
        if (plan->run[i] >= 0)
            continue;
        struct command *command = ui_command(ui, COMMAND_ADD, -1);
        if (!command)
            return;
        command->spec = plan->wanted[i];
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                 plan->wanted[i].name);
    }
    if (plan->missing)
        ui_say(ui, false, "%s: training %s on the same batches", what, names);
}

ACTION(act_section7)
{
    (void)arg, (void)code;
    struct plan plan;
    ui->view = VIEW_OVERLAP;
    ui->page[VIEW_OVERLAP] = PAGE_SECTION7;
    plan_section7(&plan, snapshot, &ui->new_run);
    follow(ui, snapshot, &plan, "section 7");
}

ACTION(act_twins)
{
    (void)arg, (void)code;
    struct plan plan;
    const struct run_view *run = ui_run(ui, snapshot);
    ui->view = VIEW_OVERLAP;
    ui->page[VIEW_OVERLAP] = PAGE_TWINS;
    plan_twins(&plan, snapshot, run ? run->id : -1, &ui->new_run);
    follow(ui, snapshot, &plan, "twins");
}

/* Beside the results, or here; never over a file that is there. */
static const char *free_name(char *path, size_t size, const char *folder,
                             const char *name)
{
    char file[48];
    snprintf(file, sizeof file, "%s.txt", name);
    file_join(path, size, folder, file);
    for (int i = 2; file_exists(path); i++) {
        snprintf(file, sizeof file, "%s-%d.txt", name, i);
        file_join(path, size, folder, file);
    }
    return path;
}

ACTION(act_report)
{
    (void)arg, (void)code;
    bool is_old, is_twins = ui->page[VIEW_OVERLAP] == PAGE_TWINS;
    const struct study *study = ui_answer(ui, snapshot, &is_old);
    const char *folder = snapshot->folder[0] ? snapshot->folder : ".";
    char path[640];
    struct file_out out;
    struct err err = {""};
    free_name(path, sizeof path, folder, is_twins ? "twins" : "section7");
    if (!study || file_out_open(&out, path, &err) != 0) {
        ui_say(ui, true, "%s", study ? err.text : "there is no answer yet");
        return;
    }
    (is_twins ? twins_report : section7_report)(out.to, study);
    if (file_out_commit(&out, &err) != 0)
        ui_say(ui, true, "%s", err.text);
    else
        ui_say(ui, false, "written: %s", path);
}

static bool no(char why[WHY], const char *sentence)
{
    snprintf(why, WHY, "%s", sentence);
    return false;
}

CONDITION(can_travel)
{
    if (snapshot->file_count > 0)
        return no(why, "a file is one moment: there is none before it");
    (void)arg;
    const struct run_view *run = ui_run(ui, snapshot);
    if (!run || run->moment_count == 0)
        return no(why, "no earlier moment is kept yet; the recipe's "
                       "spectra: {every: N} says how often");
    return true;
}

CONDITION(can_take_side)
{
    (void)snapshot, (void)arg;
    if (ui->page[VIEW_OVERLAP] > PAGE_INTRUDERS)
        return no(why, "of the first three pages; v turns them");
    return true;
}

CONDITION(can_intrude)
{
    (void)snapshot, (void)arg;
    if (ui->page[VIEW_OVERLAP] != PAGE_INTRUDERS)
        return no(why, "of the page of intruders; v turns the pages");
    return true;
}

CONDITION(can_report)
{
    (void)arg;
    bool is_old;
    int page = ui->page[VIEW_OVERLAP];
    const struct study *study = ui_answer(ui, snapshot, &is_old);
    if (page != PAGE_TWINS && page != PAGE_SECTION7)
        return no(why, "of the pages of twins and section 7; v turns them");
    if (!study || study->refusal[0])
        return no(why, "there is no answer to be written yet");
    return true;
}

CONDITION(can_phi)
{
    (void)snapshot, (void)arg;
    if (ui->page[VIEW_OVERLAP] != PAGE_PHI)
        return no(why, "of the page of phi(i, j); v turns the pages");
    return true;
}
