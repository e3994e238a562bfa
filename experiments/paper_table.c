/*
 * See paper_table.h.  Two rows of Table 4 are not one run each: 37.7M has its
 * WikiSQL from q, k, v, o at r = 4 and its MNLI from q, v at r = 8; 4.7M has
 * its MNLI from v alone at r = 2 (Table 15).
 */
#include "experiments/paper_table.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct paper_row table1[] = {
    {"ft", "FT/LoRA", "", {1449.4, 338.0, 19.8}, {0.8, 0.6, 2.7}},
    {"lora", "FT/LoRA", "", {1449.4, 338.0, 19.8}, {0.8, 0.6, 2.7}},
    {"adapter-l", "Adapter^L", "", {1482.0, 354.8, 23.9}, {1.0, 0.5, 2.1}},
    {"adapter-h", "Adapter^H", "", {1492.2, 366.3, 25.8}, {1.0, 0.5, 2.2}},
    {.name = NULL},
};

static const struct paper_row table4[] = {
    {"ft", "FT", "175255.8M", {73.8, 89.5, 52.0, 28.0, 44.5}, {0}},
    {"bitfit", "BitFit", "14.2M", {71.3, 91.0, 51.3, 27.4, 43.5}, {0}},
    {"preembed", "PreEmbed", "3.2M", {63.1, 88.6, 48.3, 24.2, 40.5}, {0}},
    {"prelayer", "PreLayer", "20.2M", {70.1, 89.5, 50.8, 27.3, 43.5}, {0}},
    {"adapter-7.1m", "Adapter^H", "7.1M", {71.9, 89.8, 53.0, 28.9, 44.8}, {0}},
    {"adapter-40.1m",
     "Adapter^H",
     "40.1M",
     {73.2, 91.5, 53.2, 29.0, 45.1},
     {0}},
    {"lora-4.7m", "LoRA", "4.7M", {73.4, 91.7, 53.8, 29.8, 45.9}, {0}},
    {"lora-37.7m", "LoRA", "37.7M", {74.0, 91.6, 53.4, 29.2, 45.1}, {0}},
    {.name = NULL},
};

static const struct paper_row table5[] = {
    {"q", "LoRA Wq r=8", "18M", {70.4, 91.0}, {0}},
    {"k", "LoRA Wk r=8", "18M", {70.0, 90.8}, {0}},
    {"v", "LoRA Wv r=8", "18M", {73.0, 91.0}, {0}},
    {"o", "LoRA Wo r=8", "18M", {73.2, 91.3}, {0}},
    {"qk", "LoRA Wq,Wk r=4", "18M", {71.4, 91.3}, {0}},
    {"qv", "LoRA Wq,Wv r=4", "18M", {73.7, 91.3}, {0}},
    {"qkvo", "LoRA all r=2", "18M", {73.7, 91.7}, {0}},
    {.name = NULL},
};

static const struct paper_row table6[] = {
    {"q-1", "LoRA Wq r=1", "", {68.8, 90.7}, {0}},
    {"q-2", "LoRA Wq r=2", "", {69.6, 90.9}, {0}},
    {"q-4", "LoRA Wq r=4", "", {70.5, 91.1}, {0}},
    {"q-8", "LoRA Wq r=8", "", {70.4, 90.7}, {0}},
    {"q-64", "LoRA Wq r=64", "", {70.0, 90.7}, {0}},
    {"qv-1", "LoRA Wq,Wv r=1", "", {73.4, 91.3}, {0}},
    {"qv-2", "LoRA Wq,Wv r=2", "", {73.3, 91.4}, {0}},
    {"qv-4", "LoRA Wq,Wv r=4", "", {73.7, 91.3}, {0}},
    {"qv-8", "LoRA Wq,Wv r=8", "", {73.8, 91.6}, {0}},
    {"qv-64", "LoRA Wq,Wv r=64", "", {73.5, 91.4}, {0}},
    {"qkvo-1", "LoRA q,k,v,o r=1", "", {74.1, 91.2}, {0}},
    {"qkvo-2", "LoRA q,k,v,o r=2", "", {73.7, 91.7}, {0}},
    {"qkvo-4", "LoRA q,k,v,o r=4", "", {74.0, 91.7}, {0}},
    {"qkvo-8", "LoRA q,k,v,o r=8", "", {74.0, 91.5}, {0}},
    {"qkvo-64", "LoRA q,k,v,o r=64", "", {73.9, 91.4}, {0}},
    {.name = NULL},
};

static const struct paper_row table15[] = {
    {"preembed-32", "PreEmbed l_p=32", "0.4M", {55.9, 84.9}, {0}},
    {"preembed-64", "PreEmbed l_p=64", "0.9M", {58.7, 88.1}, {0}},
    {"preembed-128", "PreEmbed l_p=128", "1.7M", {60.6, 88.0}, {0}},
    {"preembed-256", "PreEmbed l_p=256", "3.2M", {63.1, 88.6}, {0}},
    {"preembed-512", "PreEmbed l_p=512", "6.4M", {55.9, 85.8}, {0}},
    {"prelayer-2-2", "PreLayer 2, 2", "5.1M", {68.5, 89.2}, {0}},
    {"prelayer-8-0", "PreLayer 8, 0", "10.1M", {69.8, 88.2}, {0}},
    {"prelayer-8-8", "PreLayer 8, 8", "20.2M", {70.1, 89.5}, {0}},
    {"prelayer-32-4", "PreLayer 32, 4", "44.1M", {66.4, 89.6}, {0}},
    {"prelayer-64-0", "PreLayer 64, 0", "76.1M", {64.9, 87.9}, {0}},
    {"adapter-1", "Adapter^H r=1", "7.1M", {71.9, 89.8}, {0}},
    {"adapter-4", "Adapter^H r=4", "21.2M", {73.2, 91.0}, {0}},
    {"adapter-8", "Adapter^H r=8", "40.1M", {73.2, 91.5}, {0}},
    {"adapter-16", "Adapter^H r=16", "77.9M", {73.2, 91.5}, {0}},
    {"adapter-64", "Adapter^H r=64", "304.4M", {72.6, 91.5}, {0}},
    {"v-2", "LoRA v=2", "4.7M", {73.4, 91.7}, {0}},
    {"qv-1", "LoRA q,v=1", "4.7M", {73.4, 91.3}, {0}},
    {"qv-2", "LoRA q,v=2", "9.4M", {73.3, 91.4}, {0}},
    {"qkvo-1", "LoRA q,k,v,o=1", "9.4M", {74.1, 91.2}, {0}},
    {"qv-4", "LoRA q,v=4", "18.8M", {73.7, 91.3}, {0}},
    {"qkvo-2", "LoRA q,k,v,o=2", "18.8M", {73.7, 91.7}, {0}},
    {"qv-8", "LoRA q,v=8", "37.7M", {73.8, 91.6}, {0}},
    {"qkvo-4", "LoRA q,k,v,o=4", "37.7M", {74.0, 91.7}, {0}},
    {"qv-64", "LoRA q,v=64", "301.9M", {73.6, 91.4}, {0}},
    {"qkvo-64", "LoRA q,k,v,o=64", "603.8M", {73.9, 91.4}, {0}},
    {.name = NULL},
};

static const struct paper_row table16[] = {
    {"ft", "FT", "", {60.2, 85.8, 88.9, 89.5}, {0}},
    {"preembed", "PreEmbed", "", {37.6, 75.2, 79.5, 88.6}, {0}},
    {"prelayer", "PreLayer", "", {48.3, 82.5, 85.9, 89.6}, {0}},
    {"lora", "LoRA", "", {63.8, 85.6, 89.2, 91.7}, {0}},
    {.name = NULL},
};

static const struct paper_table tables[] = {
    {"table1",
     "Table 1: milliseconds a forward pass, GPT-2 medium",
     3,
     {"32/512", "16/256", "1/128"},
     {0},
     table1,
     {{NULL, 0, 0}}},
    {"table4",
     "Table 4: GPT-3 175B",
     5,
     {"WikiSQL", "MNLI-m", "SAMSum R1", "R2", "RL"},
     {0.5, 0.1, 0.2, 0.2, 0.1},
     table4,
     {{"sql", 0, 0},
      {"nli", 0, 0},
      {"summary", 0, 0},
      {"summary", 1, 0},
      {"summary", 2, 0}}},
    {"table5",
     "Table 5: GPT-3 175B, 18M trainable",
     2,
     {"WikiSQL", "MNLI"},
     {0.5, 0.1},
     table5,
     {{"sql", 0, 0}, {"nli", 0, 0}}},
    {"table6",
     "Table 6: GPT-3 175B",
     2,
     {"WikiSQL", "MNLI"},
     {0.5, 0.1},
     table6,
     {{"sql", 0, 0}, {"nli", 0, 0}}},
    {"table15",
     "Table 15, Figure 2: GPT-3 175B",
     2,
     {"WikiSQL", "MNLI-m"},
     {0},
     table15,
     {{"sql", 0, 0}, {"nli", 0, 0}}},
    {"table16",
     "Table 16: GPT-3 175B, MNLI-n of n examples",
     4,
     {"100", "1k", "10k", "392k"},
     {0.3, 0.3, 0.3, 0.3},
     table16,
     {{"nli", 0, 100}, {"nli", 0, 1000}, {"nli", 0, 10000}, {"nli", 0, 0}}},
};

const struct paper_table *paper_table_at(int i)
{
    return i >= 0 && (size_t)i < sizeof tables / sizeof *tables ? &tables[i]
                                                                : NULL;
}

const char *paper_table_name(int i)
{
    const struct paper_table *table = paper_table_at(i);
    return table ? table->name : NULL;
}

const struct paper_table *paper_table_find(const char *name)
{
    for (int i = 0; paper_table_at(i); i++)
        if (strcmp(tables[i].name, name) == 0)
            return &tables[i];
    return NULL;
}

const struct paper_row *paper_row_find(const struct paper_table *table,
                                       const char *name)
{
    for (const struct paper_row *row = table->row; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

int paper_column_find(const struct paper_table *table, const char *task,
                      int measure, int examples)
{
    for (int i = 0; table && i < table->columns; i++) {
        const struct paper_match *match = &table->match[i];
        if (match->task && strcmp(match->task, task) == 0 &&
            match->measure == measure && match->examples == examples)
            return i;
    }
    return -1;
}

double paper_trainable(const struct paper_row *row)
{
    char *end;
    double millions = strtod(row->trainable, &end);
    return end != row->trainable && *end == 'M' ? 1e6 * millions : NAN;
}

double paper_deviation(const struct paper_table *table,
                       const struct paper_row *row, int column)
{
    return row->deviation[column] > 0 ? row->deviation[column]
                                      : table->deviation[column];
}
