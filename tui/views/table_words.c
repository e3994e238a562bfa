/*
 * A grid's table in words: what the chosen cell is, how its learning rate was
 * found, and what of the paper's claims is borne out.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/views/table_parts.h"
#include "tui/views/view.h"

enum { SENTENCE = 512 };

/* Adds to a text, as far as it has room. */
static void say(char *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(char *to, const char *format, ...)
{
    size_t used = strlen(to);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(to + used, SENTENCE - used, format, args); /* cut: as is */
    va_end(args);
}

static void say_score(char *to, const struct look_at *at)
{
    const struct table *table = at->board->table;
    const struct grid *grid = table->grid;
    int row = at->choice.row, task = at->choice.task;
    const struct table_entry *entry = &table->entry[row][task];
    bool percent = table_in_percent(table, task);
    char value[48];
    if (entry->hopeless) {
        say(to, "diverged at every learning rate");
        return;
    }
    if (entry->known == 0 && entry->diverged == 0) {
        say(to, "no seed is finished yet, of %d", grid->seed_count);
        return;
    }
    for (int k = 0; k < table->measures[task]; k++) {
        table_value_text(value, sizeof value, table, row, task, k);
        say(to, "%s%s %s", k ? ", " : "",
            percent ? table->metric[task][k] : "loss", value);
    }
    say(to, "%s on %d held-out examples; %s:", percent ? " %" : "",
        grid->report_examples, entry->known == 1 ? "one seed" : "by seed");
    for (int i = 0; i < entry->known; i++)
        say(to, " %.*f", percent ? 1 : 3, entry->measure[0].value[i]);
    if (entry->diverged)
        say(to, "; %d diverged", entry->diverged);
}

static void say_search(char *to, const struct look_at *at)
{
    const struct table *table = at->board->table;
    const struct grid_row *row = &table->grid->row[at->choice.row];
    const struct table_entry *entry =
        &table->entry[at->choice.row][at->choice.task];
    static const char *const edges[] = {", the least tried", "",
                                        ", the largest tried"};
    if (row->rate_count < 2) {
        say(to, "lr %g, not searched", row->rate[0]);
        return;
    }
    say(to, "lr searched on %d other examples:", table->grid->search_examples);
    for (int i = 0; i < row->rate_count; i++) {
        const struct table_search *found = &entry->search[i];
        say(to, "%s %g ", i ? "," : "", row->rate[i]);
        if (found->state == CELL_MISSING)
            say(to, "–");
        else if (found->state == CELL_DIVERGED)
            say(to, "diverged");
        else if (isfinite(found->score))
            say(to, "%.1f %% (%.3f nats)", found->score, found->loss);
        else
            say(to, "%.3f nats", found->loss);
        if (isfinite(entry->rate) && row->rate[i] >= entry->rate &&
            row->rate[i] <= entry->rate)
            say(to, " ← chosen%s",
                edges[1 +
                      table_rate_edge(table, at->choice.row, at->choice.task)]);
    }
}

static void say_costs(char *to, const struct look_at *at)
{
    const struct table *table = at->board->table;
    const struct table_row *costs = &table->row[at->choice.row];
    const struct table_entry *entry =
        &table->entry[at->choice.row][at->choice.task];
    char count[16], all[16], kept[16];
    if (entry->known > 0)
        say(to, "held-out loss %.4f nats, training %.4f; ", entry->loss.mean,
            entry->train_loss);
    if (costs->trainable < 0 || costs->parameters <= 0) {
        say(to, "how many numbers train is not known yet");
        return;
    }
    table_count_text(count, sizeof count, (double)costs->trainable);
    table_count_text(all, sizeof all, (double)costs->parameters);
    table_count_text(kept, sizeof kept, (double)costs->stored);
    say(to, "trains %s of %s numbers (%.2f %%), keeps %s bytes a task", count,
        all, table_percent(costs), kept);
    if (isfinite(entry->seconds))
        say(to, "; %.0f s, %.0f MiB", entry->seconds, entry->peak_mib);
}

static void say_paper(char *to, const struct look_at *at)
{
    const struct grid *grid = at->board->table->grid;
    const struct paper_row *paper = grid->row[at->choice.row].paper;
    const struct grid_task *task = &grid->task[at->choice.task];
    bool some = false;
    if (!grid->paper)
        return;
    say(to, "the paper, %s: ", grid->paper->title);
    if (!paper) {
        say(to, "no such row");
        return;
    }
    say(to, "%s%s%s", paper->method, paper->trainable[0] ? " " : "",
        paper->trainable);
    for (int k = 0; k < TABLE_MEASURES; k++) {
        int column =
            paper_column_find(grid->paper, task->name, k, task->examples);
        if (column < 0)
            continue;
        double deviation = paper_deviation(grid->paper, paper, column);
        say(to, ", %s %.1f", grid->paper->column[column], paper->value[column]);
        if (deviation > 0)
            say(to, " ± %.1f", deviation);
        some = true;
    }
    if (!some)
        say(to, "; nothing about %s", task->label);
}

static void say_work(char *to, const struct board *board)
{
    const struct board_work *work = &board->work;
    const struct grid *grid = board->table->grid;
    if (!work->is_on)
        return;
    say(to, "▶ %s at %s, lr %g, ", grid->row[work->cell.row].run.name,
        grid->task[work->cell.task].label, work->cell.rate);
    if (work->cell.kind == CELL_SEARCH)
        say(to, "searching");
    else
        say(to, "seed %llu", (unsigned long long)work->cell.seed);
    if (work->step >= work->steps && cell_is_written(grid, &work->cell))
        say(to, ": trained, it writes its answers");
    else
        say(to, ": step %ld of %ld", work->step, work->steps);
    if (isfinite(work->loss))
        say(to, ", loss %.4f", work->loss);
}

/* SHOWN and the like, counted. */
static void say_verdicts(char *to, const struct table *table)
{
    int count[4] = {0};
    for (int i = 0; i < table->finding_count; i++)
        count[table->finding[i].verdict]++;
    if (table->finding_count == 0)
        return;
    say(to, "findings:");
    for (int i = 0; i < 4; i++)
        if (count[i])
            say(to, " %d %s ·", count[i],
                table_verdict_text((enum table_verdict)i));
    say(to, " v v: in words");
}

void table_words_draw(struct canvas *canvas, struct rect rect,
                      const struct look_at *at)
{
    const struct grid *grid = at->board->table->grid;
    char text[6][SENTENCE] = {""};
    if (rect.h < 1)
        return;
    char title[96];
    snprintf(title, sizeof title, "%s at %s",
             grid->row[at->choice.row].run.name,
             grid->task[at->choice.task].label);
    say_work(text[0], at->board);
    say_score(text[1], at);
    say_search(text[2], at);
    say_costs(text[3], at);
    say_paper(text[4], at);
    say_verdicts(text[5], at->board->table);
    if (rect.h == 1) {
        canvas_print(canvas, rect.x + 1, rect.y, rect.w - 1,
                     style_of(ROLE_NONE), "%s: %s", title, text[1]);
        return;
    }
    view_rule(canvas, rect, title, "%s", grid->row[at->choice.row].run.method);
    struct rect rest = {rect.x + 1, rect.y + 1, rect.w - 2, rect.h - 1};
    /* How many claims are borne out is always in sight. */
    if (rest.h > 3 && text[5][0])
        canvas_put(canvas, rest.x, rest.y + --rest.h, rest.w,
                   style_of(ROLE_DIM), text[5]);
    for (int i = 0; i < 5 && rest.h > 0; i++) {
        if (!text[i][0])
            continue;
        int rows = canvas_wrap(canvas, rest,
                               style_of(i == 0   ? ROLE_KEY
                                        : i == 4 ? ROLE_CHANCE
                                                 : ROLE_NONE),
                               text[i]);
        rest.y += rows;
        rest.h -= rows;
    }
}

/* --- findings ---------------------------------------------------------------
 */

static struct style verdict_style(enum table_verdict verdict)
{
    static const enum role roles[] = {ROLE_GOOD, ROLE_BAD, ROLE_WARN, ROLE_DIM};
    return style_with(roles[verdict], ATTR_BOLD);
}

static uint32_t verdict_sign(enum table_verdict verdict)
{
    static const uint32_t signs[] = {0x2713, 0x2717, 0x2248, 0x2013};
    return signs[verdict];
}

void table_claims_draw(struct canvas *canvas, struct rect rect,
                       const struct table *table, int scroll)
{
    int last = table->finding_count - 1;
    int skip = scroll < last ? scroll : last;
    struct rect rest = rect;
    if (table->finding_count == 0) {
        canvas_put(canvas, rect.x + 2, rect.y, rect.w - 2, style_of(ROLE_DIM),
                   "this grid bears on no claim of the paper");
        return;
    }
    for (int i = skip < 0 ? 0 : skip; i < table->finding_count && rest.h > 0;
         i++) {
        const struct table_finding *finding = &table->finding[i];
        struct style style = verdict_style(finding->verdict);
        char text[SENTENCE] = "";
        canvas_glyph(canvas, rest.x + 1, rest.y, style,
                     verdict_sign(finding->verdict));
        int used = canvas_print(canvas, rest.x + 3, rest.y, rest.w - 3, style,
                                "%s", table_verdict_text(finding->verdict));
        say(text, "%s %s", finding->claim, finding->numbers);
        struct rect words = {rest.x + 4 + used, rest.y, rest.w - 5 - used,
                             rest.h};
        enum { HANGING = 30 };
        if (words.w < HANGING) {
            words =
                (struct rect){rest.x + 3, rest.y + 1, rest.w - 4, rest.h - 1};
            rest.y++;
            rest.h--;
        }
        int rows = words.h > 0
                       ? canvas_wrap(canvas, words, style_of(ROLE_NONE), text)
                       : 0;
        rows = rows < 1 ? 1 : rows;
        rest.y += rows;
        rest.h -= rows;
    }
}
