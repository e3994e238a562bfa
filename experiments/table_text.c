/*
 * Names and numbers of a table as people read them, on paper and on the
 * screen.
 */
#include <math.h>
#include <stdio.h>

#include "experiments/table.h"

bool table_in_percent(const struct table *table, int task)
{
    return table->metric[task][0][0] != '\0';
}

void table_measure_name(char *to, size_t size, const struct table *table,
                        int task, int measure)
{
    bool several = table->measures[task] > 1;
    snprintf(to, size, "%s%s%s", table->grid->task[task].label,
             several ? " " : "", several ? table->metric[task][measure] : "");
}

void table_value_text(char *to, size_t size, const struct table *table, int row,
                      int task, int measure)
{
    const struct table_entry *entry = &table->entry[row][task];
    const struct table_value *of = &entry->measure[measure];
    int digits = table_in_percent(table, task) ? 1 : 3;
    if (entry->known == 0)
        snprintf(to, size, "%s",
                 entry->hopeless || entry->diverged ? "diverged" : "–");
    else if (isfinite(of->deviation))
        snprintf(to, size, "%.*f ± %.*f", digits, of->mean, digits,
                 of->deviation);
    else
        snprintf(to, size, "%.*f", digits, of->mean);
}

int table_rate_edge(const struct table *table, int row, int task)
{
    const struct grid_row *of = &table->grid->row[row];
    double rate = table->entry[row][task].rate;
    bool below = false, above = false;
    if (of->rate_count < 2 || !isfinite(rate))
        return 0;
    for (int i = 0; i < of->rate_count; i++) {
        below = below || of->rate[i] < rate;
        above = above || of->rate[i] > rate;
    }
    return !above ? 1 : !below ? -1 : 0;
}

void table_count_text(char *to, size_t size, double count)
{
    static const char *const units[] = {"", "k", "M", "G", "T"};
    int unit = 0;
    while (count >= 999.5 && unit < 4) {
        count /= 1000;
        unit++;
    }
    if (count < 0)
        snprintf(to, size, "–");
    else
        snprintf(to, size, "%.*f%s", unit && count < 99.95 ? 1 : 0, count,
                 units[unit]);
}

double table_percent(const struct table_row *row)
{
    return row->parameters > 0
               ? 100.0 * (double)row->trainable / (double)row->parameters
               : NAN;
}

const char *table_verdict_text(enum table_verdict verdict)
{
    static const char *const texts[] = {
        "SHOWN", "NOT SHOWN", "WITHIN THE SEEDS' DEVIATION", "NOT KNOWN"};
    return texts[verdict];
}
