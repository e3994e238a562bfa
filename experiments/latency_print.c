/*
 * Latencies as text, as lines and as JSON.
 */
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/json.h"
#include "experiments/latency.h"
#include "experiments/table.h"

static const char *const kind_names[] = {"forward", "step"};

/* "24.8  +0.2 % ~" */
static void cell_text(char *to, size_t size, const struct latency_time *time,
                      bool is_first)
{
    int digits = time->ms < 10 ? 3 : 1;
    if (is_first)
        snprintf(to, size, "%8.*f", digits, time->ms);
    else
        snprintf(to, size, "%8.*f %+6.1f %%%s", digits, time->ms, time->percent,
                 time->low < 0 && time->high > 0 ? "~" : "");
}

static void print_kind(FILE *to, const struct latency_table *table, int kind)
{
    const struct latency_grid *grid = table->grid;
    static const char *const said[] = {
        "One forward pass, ms (logits of the last position)",
        "One step of writing, ms (a token for each text behind its cache)"};
    fprintf(to, "%s\n\n%-15s%9s", said[kind], "batch x tokens", "trainable");
    for (int i = 0; i < grid->shape_count; i++) {
        char shape[24];
        snprintf(shape, sizeof shape, "%3d x %d", grid->shape[i].batch,
                 grid->shape[i].sequence);
        fprintf(to, "  | %-*s", i + 1 < grid->shape_count ? 18 : 0, shape);
    }
    fputc('\n', to);
    for (int row = 0; row < grid->row_count; row++) {
        char count[16], cell[40];
        table_count_text(count, sizeof count, (double)table->trainable[row]);
        fprintf(to, "%-15.15s%9s", grid->row[row].run.name, count);
        for (int i = 0; i < grid->shape_count; i++) {
            cell_text(cell, sizeof cell, &table->time[kind][row][i], row == 0);
            fprintf(to, "  | %-*s", i + 1 < grid->shape_count ? 18 : 0, cell);
        }
        fputc('\n', to);
    }
    fputc('\n', to);
}

/* --- the paper's claims -----------------------------------------------------
 */

/* The shape of a batch of one with the fewest, or of the largest batch with
 * the most tokens: the two ends of Table 1. */
static int end_of(const struct latency_grid *grid, bool is_large)
{
    int at = 0;
    for (int i = 1; i < grid->shape_count; i++) {
        long here = (long)grid->shape[i].batch * grid->shape[i].sequence;
        long best = (long)grid->shape[at].batch * grid->shape[at].sequence;
        if (is_large ? here > best : here < best)
            at = i;
    }
    return at;
}

static void print_claims(FILE *to, const struct latency_table *table)
{
    const struct latency_grid *grid = table->grid;
    int least = end_of(grid, false), most = end_of(grid, true);
    fprintf(to, "\nClaims of the paper, and what these clocks show\n\n");
    for (int row = 1; row < grid->row_count; row++) {
        const struct latency_time *few = &table->time[0][row][least];
        const struct latency_time *many = &table->time[0][row][most];
        if (!grid->row[row].paper)
            continue;
        enum table_verdict slower = few->low > 0    ? TABLE_SHOWN
                                    : few->high < 0 ? TABLE_NOT
                                                    : TABLE_OPEN;
        enum table_verdict falls = few->low > many->high   ? TABLE_SHOWN
                                   : few->high < many->low ? TABLE_NOT
                                                           : TABLE_OPEN;
        fprintf(to,
                "%s: %s is slower than merged LoRA at the smallest shape.\n"
                "    %d x %d: %+.1f %%, quartiles %+.1f to %+.1f.\n",
                table_verdict_text(slower), grid->row[row].run.name,
                grid->shape[least].batch, grid->shape[least].sequence,
                few->percent, few->low, few->high);
        fprintf(to,
                "%s: and by more there than at the largest.\n"
                "    %d x %d: %+.1f %%, quartiles %+.1f to %+.1f.\n",
                table_verdict_text(falls), grid->shape[most].batch,
                grid->shape[most].sequence, many->percent, many->low,
                many->high);
    }
}

static void print_paper(FILE *to, const struct latency_grid *grid)
{
    const struct paper_table *paper = paper_table_find("table1");
    const struct paper_row *base = paper_row_find(paper, "lora");
    fprintf(to,
            "The paper, Table 1: GPT-2 medium, Quadro RTX8000, a forward pass "
            "(batch/sequence), ms\n\n%-24s",
            "");
    for (int i = 0; i < paper->columns; i++)
        fprintf(to, "  |   %-*s", i + 1 < paper->columns ? 16 : 0,
                paper->column[i]);
    fputc('\n', to);
    for (int row = 0; row < grid->row_count; row++) {
        const struct paper_row *at = grid->row[row].paper;
        if (!at)
            continue;
        fprintf(to, "%-24.24s", grid->row[row].run.name);
        for (int i = 0; i < paper->columns; i++) {
            char over[24] = "", cell[40];
            if (strcmp(at->method, base->method) != 0)
                snprintf(over, sizeof over, " %+6.1f %%",
                         100 * (at->value[i] / base->value[i] - 1));
            snprintf(cell, sizeof cell, "%8.1f%s", at->value[i], over);
            fprintf(to, "  | %-*s", i + 1 < paper->columns ? 18 : 0, cell);
        }
        fputc('\n', to);
    }
}

void latency_print(FILE *to, const struct latency_table *table)
{
    const struct latency_grid *grid = table->grid;
    char count[16];
    table_count_text(count, sizeof count, (double)table->parameters);
    fprintf(to,
            "%s%s\n%s numbers; one thread's processor time, median of %d "
            "interleaved repetitions;\nper cent over %s in the same "
            "repetition, ~ where the quartiles lie on both sides of 0.\nThese "
            "are clocks: another machine, and another day, have others.\n\n",
            grid->session.title, grid->quick ? " (quick)" : "", count,
            grid->repetitions, grid->row[0].run.name);
    for (int kind = 0; kind < LATENCY_KINDS; kind++)
        print_kind(to, table, kind);
    print_paper(to, grid);
    print_claims(to, table);
}

void latency_tsv(FILE *to, const struct latency_table *table)
{
    const struct latency_grid *grid = table->grid;
    fprintf(to, "row\tmethod\tmerged\ttrainable\tkind\tbatch\tsequence\tms\t"
                "percent\tlow\thigh\n");
    for (int row = 0; row < grid->row_count; row++)
        for (int kind = 0; kind < LATENCY_KINDS; kind++)
            for (int i = 0; i < grid->shape_count; i++) {
                const struct latency_time *time = &table->time[kind][row][i];
                fprintf(to,
                        "%s\t%s\t%d\t%ld\t%s\t%d\t%d\t%.6g\t%.4g\t%.4g\t%.4g\n",
                        grid->row[row].run.name, grid->row[row].run.method,
                        grid->row[row].is_merged, table->trainable[row],
                        kind_names[kind], grid->shape[i].batch,
                        grid->shape[i].sequence, time->ms, time->percent,
                        time->low, time->high);
            }
}

/* --- JSON -------------------------------------------------------------------
 */

/* Names what was measured: base, rows, shapes, repetitions. */
static void print_of(char to[32], const struct latency_grid *grid)
{
    struct recipe *recipe = xcalloc(1, sizeof *recipe);
    uint64_t hash = 1469598103934665603u;
    for (int i = 0; i <= grid->row_count; i++) {
        *recipe = grid->session;
        recipe->run_count = i < grid->row_count;
        if (recipe->run_count)
            recipe->run[0] = grid->row[i].run;
        char *text = recipe_write(recipe);
        hash = hash * 31 + rng_hash(text, strlen(text)) +
               (i < grid->row_count && grid->row[i].is_merged);
        mem_free(text);
    }
    for (int i = 0; i < grid->shape_count; i++)
        hash = hash * 31 + (uint64_t)grid->shape[i].batch * 65537 +
               (uint64_t)grid->shape[i].sequence;
    hash = hash * 31 + (uint64_t)grid->repetitions;
    snprintf(to, 32, "%016llx", (unsigned long long)hash);
    mem_free(recipe);
}

static struct json *times_json(const struct latency_table *table, int row,
                               int kind)
{
    struct json *list = json_new_array();
    for (int i = 0; i < table->grid->shape_count; i++) {
        const struct latency_time *time = &table->time[kind][row][i];
        struct json *to = json_new_object();
        json_put_integer(to, "batch", table->grid->shape[i].batch);
        json_put_integer(to, "sequence", table->grid->shape[i].sequence);
        json_put_number(to, "ms", time->ms);
        json_put_number(to, "percent", time->percent);
        json_put_number(to, "low", time->low);
        json_put_number(to, "high", time->high);
        json_push(list, to);
    }
    return list;
}

char *latency_json(const struct latency_table *table)
{
    const struct latency_grid *grid = table->grid;
    struct json *root = json_new_object(), *rows = json_new_array(),
                *timing = json_new_array();
    char print[32];
    print_of(print, grid);
    json_put_text(root, "title", grid->session.title);
    json_put_text(root, "recipe", print);
    json_put_integer(root, "repetitions", grid->repetitions);
    json_put_integer(root, "parameters", table->parameters);
    for (int i = 0; i < grid->row_count; i++) {
        struct json *row = json_new_object(), *times = json_new_object();
        json_put_text(row, "name", grid->row[i].run.name);
        json_put_text(row, "method", grid->row[i].run.method);
        json_put_bool(row, "merged", grid->row[i].is_merged);
        json_put_integer(row, "trainable", table->trainable[i]);
        json_push(rows, row);
        for (int kind = 0; kind < LATENCY_KINDS; kind++)
            json_put(times, kind_names[kind], times_json(table, i, kind));
        json_push(timing, times);
    }
    json_put(root, "rows", rows);
    json_put(root, "timing", timing); /* clocks, and nothing else */
    char *text = json_write(root);
    json_free(root);
    return text;
}

static bool take_times(struct latency_table *to, const struct json *list,
                       int row, int kind)
{
    bool whole = json_length(list) == to->grid->shape_count;
    for (int i = 0; i < to->grid->shape_count && whole; i++) {
        const struct json *at = json_at(list, i);
        struct latency_time *time = &to->time[kind][row][i];
        time->ms = json_number(json_get(at, "ms"), NAN);
        time->percent = json_number(json_get(at, "percent"), NAN);
        time->low = json_number(json_get(at, "low"), NAN);
        time->high = json_number(json_get(at, "high"), NAN);
        whole = isfinite(time->ms + time->percent + time->low + time->high);
    }
    return whole;
}

int latency_take_json(struct latency_table *to, const struct latency_grid *grid,
                      const char *text, size_t size)
{
    struct err ignored = {{0}}; /* damaged: it is measured again */
    struct json *root = json_parse(text, size, "latency", &ignored);
    char print[32];
    print_of(print, grid);
    *to = (struct latency_table){.grid = grid};
    const struct json *rows = json_get(root, "rows"),
                      *timing = json_get(root, "timing");
    bool whole = root && json_is_array(rows) && json_is_array(timing) &&
                 json_length(timing) == grid->row_count &&
                 strcmp(json_text(json_get(root, "recipe"), ""), print) == 0;
    to->parameters = (long)json_int(json_get(root, "parameters"), -1);
    for (int i = 0; i < grid->row_count && whole; i++) {
        to->trainable[i] =
            (long)json_int(json_get(json_at(rows, i), "trainable"), -1);
        for (int kind = 0; kind < LATENCY_KINDS && whole; kind++)
            whole = take_times(
                to, json_get(json_at(timing, i), kind_names[kind]), i, kind);
    }
    json_free(root);
    return whole ? 0 : -1;
}
