/*
 * The table for programs: tab-separated lines, and JSON.
 */
#include <math.h>
#include <stdio.h>

#include "core/io/json.h"
#include "experiments/table.h"

static void put_tsv_number(FILE *to, const char *format, double value)
    __attribute__((format(printf, 2, 0)));

static void put_tsv_number(FILE *to, const char *format, double value)
{
    fputc('\t', to);
    if (isfinite(value))
        fprintf(to, format, value);
}

static const char *state_of(const struct table *table, int row, int task)
{
    const struct table_entry *entry = &table->entry[row][task];
    if (entry->hopeless || (entry->diverged > 0 && entry->known == 0))
        return "diverged";
    if (entry->known + entry->diverged < table->grid->seed_count)
        return "unfinished";
    return entry->diverged > 0 ? "partly diverged" : "done";
}

static const char *metric_of(const struct table *table, int task, int measure)
{
    return table_in_percent(table, task) ? table->metric[task][measure]
                                         : "loss";
}

static void put_tsv_line(FILE *to, const struct table *table, int row, int task,
                         int measure)
{
    const struct grid *grid = table->grid;
    const struct table_row *costs = &table->row[row];
    const struct table_entry *entry = &table->entry[row][task];
    const struct paper_row *paper = grid->row[row].paper;
    bool known = costs->trainable >= 0;
    fprintf(to, "%s\t%s\t%s\t%s", grid->row[row].run.name,
            grid->row[row].run.method, grid->task[task].label,
            state_of(table, row, task));
    put_tsv_number(to, "%.0f", known ? (double)costs->trainable : NAN);
    put_tsv_number(to, "%.5g", table_percent(costs));
    put_tsv_number(to, "%.0f", known ? (double)costs->stored : NAN);
    fprintf(to, "\t%s\t%d", metric_of(table, task, measure), entry->known);
    put_tsv_number(to, "%.6g", entry->measure[measure].mean);
    put_tsv_number(to, "%.6g", entry->measure[measure].deviation);
    put_tsv_number(to, "%.6g", entry->loss.mean);
    put_tsv_number(to, "%.6g", entry->rate);
    put_tsv_number(to, "%.2f", entry->seconds);
    put_tsv_number(to, "%.1f", entry->peak_mib);
    fprintf(to, "\t%s", paper ? paper->name : "");
    for (int i = 0; grid->paper && i < grid->paper->columns; i++)
        put_tsv_number(to, "%.1f", paper ? paper->value[i] : NAN);
    fputc('\n', to);
}

void table_tsv(FILE *to, const struct table *table)
{
    const struct grid *grid = table->grid;
    fprintf(to, "row\tmethod\ttask\tstate\ttrainable\tpercent\tstored_bytes\t"
                "metric\tseeds\tmean\tdeviation\tloss\tlr\tseconds\t"
                "peak_rss_mib\tpaper");
    for (int i = 0; grid->paper && i < grid->paper->columns; i++)
        fprintf(to, "\tpaper %s", grid->paper->column[i]);
    fputc('\n', to);
    for (int i = 0; i < grid->row_count; i++)
        for (int j = 0; j < grid->task_count; j++)
            for (int k = 0; k < table->measures[j]; k++)
                put_tsv_line(to, table, i, j, k);
}

static struct json *measure_json(const struct table *table, int row, int task,
                                 int measure)
{
    const struct table_entry *entry = &table->entry[row][task];
    const struct table_value *of = &entry->measure[measure];
    struct json *to = json_new_object(), *values = json_new_array();
    json_put_text(to, "metric", metric_of(table, task, measure));
    json_put_number(to, "mean", of->mean);
    json_put_number(to, "deviation", of->deviation);
    for (int i = 0; i < entry->known; i++)
        json_push_number(values, of->value[i]);
    json_put(to, "values", values);
    return to;
}

static struct json *entry_json(const struct table *table, int row, int task)
{
    const struct table_entry *entry = &table->entry[row][task];
    struct json *to = json_new_object(), *scores = json_new_array();
    json_put_text(to, "task", table->grid->task[task].label);
    json_put_text(to, "state", state_of(table, row, task));
    for (int i = 0; i < table->measures[task]; i++)
        json_push(scores, measure_json(table, row, task, i));
    json_put(to, "scores", scores);
    json_put_integer(to, "diverged", entry->diverged);
    json_put_number(to, "loss", entry->loss.mean);
    json_put_number(to, "loss_deviation", entry->loss.deviation);
    json_put_number(to, "train_loss", entry->train_loss);
    json_put_number(to, "lr", entry->rate);
    json_put_number(to, "seconds", entry->seconds);
    json_put_number(to, "peak_rss_mib", entry->peak_mib);
    return to;
}

static struct json *paper_json(const struct grid *grid, int row)
{
    const struct paper_row *paper = grid->row[row].paper;
    struct json *to = json_new_object(), *values = json_new_object();
    json_put_text(to, "table", grid->paper->name);
    json_put_text(to, "row", paper->name);
    json_put_text(to, "method", paper->method);
    json_put_text(to, "trainable", paper->trainable);
    for (int i = 0; i < grid->paper->columns; i++) {
        double deviation = paper_deviation(grid->paper, paper, i);
        struct json *value = json_new_object();
        json_put_number(value, "value", paper->value[i]);
        json_put_number(value, "deviation", deviation > 0 ? deviation : NAN);
        json_put(values, grid->paper->column[i], value);
    }
    json_put(to, "values", values);
    return to;
}

/* Below 0: not known. */
static void put_count(struct json *to, const char *key, long long count)
{
    if (count < 0)
        json_put_null(to, key);
    else
        json_put_integer(to, key, count);
}

static struct json *row_json(const struct table *table, int row)
{
    const struct grid *grid = table->grid;
    const struct table_row *costs = &table->row[row];
    struct json *to = json_new_object(), *tasks = json_new_array();
    json_put_text(to, "name", grid->row[row].run.name);
    json_put_text(to, "method", grid->row[row].run.method);
    put_count(to, "trainable", costs->trainable);
    json_put_number(to, "percent", table_percent(costs));
    put_count(to, "stored_bytes", costs->stored);
    json_put_number(to, "seconds", costs->seconds);
    json_put_number(to, "peak_rss_mib", costs->peak_mib);
    for (int i = 0; i < grid->task_count; i++)
        json_push(tasks, entry_json(table, row, i));
    json_put(to, "tasks", tasks);
    if (grid->row[row].paper)
        json_put(to, "paper", paper_json(grid, row));
    else
        json_put_null(to, "paper");
    return to;
}

char *table_json(const struct table *table)
{
    struct json *root = json_new_object(), *rows = json_new_array(),
                *findings = json_new_array();
    json_put_text(root, "title", table->grid->session.title);
    json_put_bool(root, "quick", table->grid->quick);
    json_put_integer(root, "done", table->done);
    json_put_integer(root, "cells", table->total);
    for (int i = 0; i < table->grid->row_count; i++)
        json_push(rows, row_json(table, i));
    json_put(root, "rows", rows);
    for (int i = 0; i < table->finding_count; i++) {
        const struct table_finding *finding = &table->finding[i];
        struct json *to = json_new_object();
        json_put_text(to, "verdict", table_verdict_text(finding->verdict));
        json_put_text(to, "claim", finding->claim);
        json_put_text(to, "numbers", finding->numbers);
        json_push(findings, to);
    }
    json_put(root, "findings", findings);
    char *text = json_write(root);
    json_free(root);
    return text;
}
