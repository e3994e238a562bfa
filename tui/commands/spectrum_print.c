/* See spectrum_print.h. */
#include "tui/commands/spectrum_print.h"

#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/metric_table.h"
#include "core/base/mem.h"
#include "core/io/json.h"
#include "experiments/rows.h"
#include "tui/bars.h"

enum { BARS = 12 };

static void put_text(struct json *to, const char *key, const char *text)
{
    if (*text)
        json_put_text(to, key, text);
    else
        json_put_null(to, key);
}

static struct json *json_of(const struct spectrum_row *row, bool has_factors)
{
    struct json *to = json_new_object();
    struct json *sigma = json_new_array(), *metrics = json_new_object();
    json_put_text(to, "name", row->site->name);
    put_text(to, "tensor", row->site->tensor);
    json_put_integer(to, "out", row->site->out);
    json_put_integer(to, "in", row->site->in);
    if (has_factors)
        json_put_integer(to, "rank", row->site->rank);
    else
        json_put_null(to, "rank");
    json_put_number(to, "scale", has_factors ? row->site->scale : NAN);
    put_text(to, "scale_from", has_factors ? row->site->scale_from : "");
    if (row->site->warning[0])
        json_put_text(to, "scale_warning", row->site->warning);
    if (row->site->unfolding[0])
        json_put_text(to, "unfolding", row->site->unfolding);
    for (int i = 0; !row->is_zero && i < row->spectrum.count; i++)
        json_push_number(sigma, row->spectrum.sigma[i]);
    for (int i = 0; i < metric_count; i++)
        json_put_number(metrics, metric_table[i].key,
                        row->is_zero ? NAN : row->metric[i]);
    json_put(to, "sigma", sigma);
    json_put(to, "metrics", metrics);
    if (row->floor > 0)
        json_put_number(to, "rounding_floor", row->floor);
    if (row->top > 0)
        json_put_integer(to, "top", row->top);
    return to;
}

static struct json *caveats_of(const struct updates *updates)
{
    struct json *to = json_new_array();
    const char *caveat;
    for (int i = 0; (caveat = updates_caveat(updates, i)); i++)
        json_push_text(to, caveat);
    return to;
}

void spectrum_print_json(const struct spectrum_report *report)
{
    struct json *root = json_new_object(), *sites = json_new_array();
    enum stored_kind kind = report->updates->kind;
    json_put_text(root, "path", report->path);
    json_put_text(root, "kind", stored_kind_name(kind));
    for (int i = 0; i < report->count; i++)
        json_push(sites, json_of(&report->row[i], kind == STORED_LORA));
    json_put(root, "sites", sites);
    if (updates_caveat(report->updates, 0))
        json_put(root, "caveats", caveats_of(report->updates));
    char *text = json_write_compact(root);
    printf("%s\n", text);
    mem_free(text);
    json_free(root);
}

void spectrum_print_tsv(const struct spectrum_report *report)
{
    char number[32];
    bool has_factors = report->updates->kind == STORED_LORA;
    printf("site\ttensor\tout\tin\trank\tscale\tscale_from\tscale_warning\t"
           "unfolding");
    for (int i = 0; i < metric_count; i++)
        printf("\t%s", metric_table[i].key);
    printf("\trounding_floor\tsigma\n");
    for (int i = 0; i < report->count; i++) {
        const struct spectrum_row *row = &report->row[i];
        printf("%s\t%s\t%d\t%d\t", row->site->name, row->site->tensor,
               row->site->out, row->site->in);
        if (has_factors)
            printf("%d\t%s\t%s", row->site->rank,
                   rows_number(number, row->site->scale),
                   row->site->scale_from);
        else
            printf("\t\t");
        printf("\t%s\t%s", row->site->warning, row->site->unfolding);
        for (int k = 0; k < metric_count; k++)
            printf("\t%s",
                   rows_number(number, row->is_zero ? NAN : row->metric[k]));
        printf("\t%s", rows_number(number, row->floor > 0 ? row->floor : NAN));
        for (int k = 0; !row->is_zero && k < row->spectrum.count; k++)
            printf("%c%s", k ? ',' : '\t',
                   rows_number(number, row->spectrum.sigma[k]));
        printf("%s\n", row->is_zero ? "\t" : "");
    }
}

static void print_scale(const struct spectrum_report *report)
{
    const struct spectrum_row *first = &report->row[0];
    double low = first->site->scale, high = first->site->scale;
    bool same = true;
    for (int i = 1; i < report->count; i++) {
        const struct spectrum_row *row = &report->row[i];
        low = fmin(low, row->site->scale);
        high = fmax(high, row->site->scale);
        same =
            same && strcmp(row->site->scale_from, first->site->scale_from) == 0;
    }
    if (low != high)
        printf("s = %.4g to %.4g by site", low, high);
    else
        printf("s = %.4g", low);
    printf(", from %s%s\n", first->site->scale_from,
           same ? "" : " and others (--tsv has all)");
}

/* What it is, and where the scale comes from: one line. */
static void print_head(const struct spectrum_report *report, const char *delta)
{
    const struct updates *updates = report->updates;
    printf("%s: ", updates->what);
    switch (updates->kind) {
    case STORED_LORA:
        printf("%sW = s B A, ", delta);
        print_scale(report);
        return;
    case STORED_DELTA:
        printf("%sW = W - W0, dense\n", delta);
        return;
    case STORED_WEIGHTS:
        printf("W itself, for no base is known; --base BASE shows what was "
               "learned\n");
        return;
    }
}

static void print_bars(const struct spectrum *spectrum, enum glyphs glyphs)
{
    int count = spectrum->count, shown = count > BARS ? BARS - 1 : count;
    for (int i = 0; i < shown; i++) {
        char text[4];
        int size = glyph_encode(
            text, bars_glyph(spectrum->sigma[i], spectrum->sigma[0], glyphs));
        printf("%.*s", size, text);
    }
    if (shown < count)
        printf("%s", glyphs == GLYPHS_ASCII ? "~" : "\u2026");
}

static double metric_of(const struct spectrum_row *row, const char *key)
{
    return row->metric[metric_index(key)];
}

static void print_row(const struct spectrum_row *row, int width,
                      enum stored_kind kind, long step, enum glyphs glyphs)
{
    char shape[32];
    snprintf(shape, sizeof shape, "%dx%d", row->site->out, row->site->in);
    printf("%-*s %9s", width, row->site->name, shape);
    if (kind == STORED_LORA)
        printf(" %4d", row->site->rank);
    if (row->is_zero && step >= 0) {
        printf("  no update: step %ld\n", step);
        return;
    }
    if (row->is_zero) {
        printf("  no update\n");
        return;
    }
    if (row->top > 0)
        printf(" %8.3g   top %d of %d ", metric_of(row, "frobenius"), row->top,
               row->site->out < row->site->in ? row->site->out : row->site->in);
    else
        printf(" %8.3g %7.3g %7.3g %4.0f %4.0f ", metric_of(row, "frobenius"),
               metric_of(row, "stable_rank"), metric_of(row, "entropy_rank"),
               metric_of(row, "rank90"), metric_of(row, "rank99"));
    if (kind == STORED_DELTA)
        printf("%8.2g ", row->floor);
    print_bars(&row->spectrum, glyphs);
    printf("\n");
}

/* A sentence that several sites share is said once, with the first of them. */
static void print_shared(const struct spectrum_report *report, const char *what,
                         const char *(*of)(const struct update_site *site))
{
    for (int i = 0; i < report->count; i++) {
        const char *text = of(report->row[i].site);
        int same = 0, before = 0;
        for (int k = 0; k < report->count; k++)
            if (strcmp(of(report->row[k].site), text) == 0) {
                same++;
                before += k < i;
            }
        if (!*text || before)
            continue;
        if (same == 1)
            printf("%s of %s: %s\n", what, report->row[i].site->name, text);
        else
            printf("%s of %s and %d more: %s\n", what,
                   report->row[i].site->name, same - 1, text);
    }
}

static const char *warning_of(const struct update_site *site)
{
    return site->warning;
}

static const char *unfolding_of(const struct update_site *site)
{
    return site->unfolding;
}

static void print_notes(const struct spectrum_report *report)
{
    const char *caveat;
    print_shared(report, "scale", warning_of);
    print_shared(report, "shape", unfolding_of);
    for (int i = 0; (caveat = updates_caveat(report->updates, i)); i++)
        printf("note: %s\n", caveat);
}

void spectrum_print_table(const struct spectrum_report *report)
{
    const struct updates *updates = report->updates;
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    enum glyphs glyphs = utf8 ? GLYPHS_BLOCK : GLYPHS_ASCII;
    const char *delta = utf8 ? "\u0394" : "d";
    const char *norm = utf8 ? "\u2016" : "||";
    bool whole = updates->kind == STORED_WEIGHTS;
    char name[32];
    int width = 4;
    for (int i = 0; i < report->count; i++) {
        int length = (int)strlen(report->row[i].site->name);
        width = length > width ? length : width;
    }
    print_head(report, delta);
    snprintf(name, sizeof name, "%s%sW%s_F", norm, whole ? "" : delta, norm);
    printf("%-*s %9s", width, "site", "shape");
    if (updates->kind == STORED_LORA)
        printf(" %4s", "rank");
    printf(" %*s%s %7s %7s %4s %4s ", 8 - glyph_columns(name), "", name,
           "stable", "entropy", "r90", "r99");
    if (updates->kind == STORED_DELTA)
        printf("%8s ", "floor");
    printf("spectrum\n");
    for (int i = 0; i < report->count; i++)
        print_row(&report->row[i], width, updates->kind, updates->step, glyphs);
    if (updates->kind == STORED_DELTA)
        printf("floor: singular values below it may be the rounding of %s to "
               "%s\n",
               updates->rounded > 1 ? "both matrices" : "one matrix",
               storage_name(updates->storage));
    print_notes(report);
}
