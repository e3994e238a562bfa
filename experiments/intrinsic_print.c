/*
 * A search as a table, as lines and as JSON; see intrinsic_search.h.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/json.h"
#include "experiments/intrinsic_search.h"

enum { NUMBER = 24 };

static const char *number(char to[NUMBER], const char *format, double value)
    __attribute__((format(printf, 2, 0)));

static const char *number(char to[NUMBER], const char *format, double value)
{
    if (isfinite(value))
        snprintf(to, NUMBER, format, value);
    else
        snprintf(to, NUMBER, "–");
    return to;
}

/* Right, in so many columns; the sign for unknown is one column of three
 * bytes. */
static void put_right(FILE *to, int columns, const char *format, double value)
    __attribute__((format(printf, 3, 0)));

static void put_right(FILE *to, int columns, const char *format, double value)
{
    char text[NUMBER];
    fprintf(to, "  %*s", isfinite(value) ? columns : columns + 2,
            number(text, format, value));
}

static double rate_of(const struct intrinsic_curve *curve, int d)
{
    double rate = NAN;
    for (int i = 0; i < curve->count; i++)
        if (curve->run[i].d == d)
            rate = curve->rate[i];
    return rate;
}

/* --- the table ------------------------------------------------------------
 */

static void print_head(FILE *to, const struct intrinsic_search *search)
{
    const struct grid *grid = &search->recipe->grid;
    char start[NUMBER], base[NUMBER], deviation[NUMBER];
    fprintf(to, "%s%s\n", grid->session.title, grid->quick ? " (quick)" : "");
    fprintf(to, "score: %s on %d held-out examples of %s, after %ld steps\n",
            search->metric[0] ? search->metric : "–", grid->report_examples,
            grid->task[0].label, grid->session.steps);
    fprintf(
        to, "before training %s; baseline %s: %s ± %s, %d seed%s, D = %ld\n",
        number(start, "%.4f", search->goal.start), grid->row[0].run.name,
        number(base, "%.4f", search->goal.baseline),
        number(deviation, "%.4f", search->deviation), search->baseline.count,
        search->baseline.count == 1 ? "" : "s", search->counts.baseline);
    if (search->trouble[0])
        fprintf(to, "%s\n", search->trouble);
}

static void print_point(FILE *to, const struct intrinsic_search *search,
                        int curve, const struct intrinsic_point *point)
{
    const struct intrinsic_curve *of = &search->curve[curve];
    fprintf(to, "%10d  %4d", point->d, point->runs);
    put_right(to, 8, "%.4f", point->mean);
    put_right(to, 8, "%.4f", point->deviation);
    put_right(to, 8, "%.4f", point->fit);
    put_right(to, 7, "%.1f%%", 100 * point->mean / search->goal.baseline);
    put_right(to, 8, "%.3g", rate_of(of, point->d));
    if (point->diverged)
        fprintf(to, "  %d diverged, left out", point->diverged);
    if (point->d >= search->counts.parameters[curve])
        fprintf(to, "  = D: no subspace, full training");
    fprintf(to, "\n");
}

static void print_answers(FILE *to, const struct intrinsic_search *search,
                          int curve)
{
    double share = 100 * search->goal.share;
    char words[INTRINSIC_RULES][32], name[16], text[INTRINSIC_TEXT];
    snprintf(words[INTRINSIC_SCORE], sizeof *words, "%.4g %% of the score",
             share);
    snprintf(words[INTRINSIC_GAIN], sizeof *words, "%.4g %% of the gain",
             share);
    snprintf(words[INTRINSIC_GIVEN], sizeof *words, "the score given");
    for (int i = 0; i < INTRINSIC_RULES; i++) {
        enum intrinsic_rule rule = (enum intrinsic_rule)i;
        fprintf(to, "%s %-18s", search->recipe->goal.rule == rule ? "*" : " ",
                words[i]);
        put_right(to, 8, "%.4f", intrinsic_search_threshold(search, rule));
        intrinsic_answer_text(text, search, curve, rule);
        fprintf(to, "   %s: %s\n", intrinsic_search_name(name, search), text);
    }
}

static void print_curve(FILE *to, const struct intrinsic_search *search,
                        int curve)
{
    const struct intrinsic_recipe *recipe = search->recipe;
    const struct intrinsic_curve *of = &search->curve[curve];
    const struct run_spec *run = &recipe->grid.row[1 + curve].run;
    fprintf(to,
            "\n%s: %s%s, inside %s, D = %ld; lr of d = %d times (%d / d)^%g\n",
            run->name, projection_name((int)run->projection),
            run->layered ? ", a lambda for each layer" : "", run->inside,
            search->counts.parameters[curve], recipe->rate_dims,
            recipe->rate_dims, recipe->rate_power);
    fprintf(to, "%10s  %4s  %8s  %8s  %8s  %7s  %8s\n", "d", "runs", "score",
            "sd", "fit", "share", "lr");
    for (int i = 0; i < of->points; i++)
        print_point(to, search, curve, &of->point[i]);
    print_answers(to, search, curve);
    int from, down_to;
    if (intrinsic_falls(&from, &down_to, search, curve))
        fprintf(to,
                "! the score falls from d = %d to d = %d: there the rate or "
                "the steps hold it back, not d;\n  trust no d90 above %d "
                "before other lr, lr_power or steps were tried\n",
                from, down_to, from);
}

static void print_beside(FILE *to, const struct intrinsic_search *search)
{
    const struct intrinsic_counts *counts = &search->counts;
    fprintf(to, "\n* what the search is steered by; the others follow from the "
                "same trainings\nnumbers that are trained:");
    for (int i = 0; i < counts->loras; i++)
        fprintf(to, " LoRA r=%d %ld,", 1 << i, counts->lora[i]);
    if (counts->bitfit > 0)
        fprintf(to, " BitFit %ld,", counts->bitfit);
    fprintf(to, " %s %ld\n", search->recipe->grid.row[0].run.name,
            counts->baseline);
}

void intrinsic_print(FILE *to, const struct intrinsic_search *search)
{
    char text[INTRINSIC_TEXT];
    print_head(to, search);
    for (int i = 0; i < search->curves; i++)
        print_curve(to, search, i);
    print_beside(to, search);
    if (!search->is_over) {
        intrinsic_place_text(text, search);
        fprintf(to, "not over; next: %s\n", text);
    }
}

void intrinsic_tsv(FILE *to, const struct intrinsic_search *search)
{
    fprintf(to, "row\td\truns\tdiverged\tscore\tdeviation\tfit\tshare\tlr\n");
    for (int i = 0; i < search->curves; i++) {
        const struct intrinsic_curve *of = &search->curve[i];
        for (int k = 0; k < of->points; k++) {
            const struct intrinsic_point *p = &of->point[k];
            fprintf(to, "%s\t%d\t%d\t%d\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\n",
                    search->recipe->grid.row[1 + i].run.name, p->d, p->runs,
                    p->diverged, p->mean, p->deviation, p->fit,
                    p->mean / search->goal.baseline, rate_of(of, p->d));
        }
    }
}

/* --- JSON -----------------------------------------------------------------
 */

static const char *const ends[] = {[INTRINSIC_GOES_ON] = "not over",
                                   [INTRINSIC_FOUND] = "found",
                                   [INTRINSIC_OUT_OF_REACH] = "out of reach",
                                   [INTRINSIC_ALL_ABOVE] = "all above"};

static void put_points(struct json *root, const struct intrinsic_search *search,
                       const struct intrinsic_curve *curve)
{
    struct json *points = json_new_array();
    for (int i = 0; i < curve->points; i++) {
        const struct intrinsic_point *from = &curve->point[i];
        struct json *point = json_new_object();
        json_put_integer(point, "d", from->d);
        json_put_number(point, "score", from->mean);
        json_put_number(point, "deviation", from->deviation);
        json_put_number(point, "fit", from->fit);
        json_put_number(point, "share", from->mean / search->goal.baseline);
        json_put_number(point, "lr", rate_of(curve, from->d));
        json_put_integer(point, "seeds", from->runs);
        json_put_integer(point, "diverged", from->diverged);
        json_push(points, point);
    }
    json_put(root, "points", points);
}

static void put_answer(struct json *root, const struct intrinsic_answer *answer,
                       double threshold)
{
    struct json *interval = json_new_array();
    json_put_number(root, "threshold", threshold);
    json_put_number(root, "d90", answer->d90);
    if (answer->has_interval) {
        json_push_number(interval, answer->low);
        json_push_number(interval, answer->high);
    }
    json_put(root, "interval", interval);
    json_put_integer(root, "below", answer->below);
    json_put_integer(root, "above", answer->above);
}

static void put_curve(struct json *root, const struct intrinsic_search *search,
                      int index)
{
    const struct intrinsic_curve *curve = &search->curve[index];
    enum intrinsic_rule rule = search->recipe->goal.rule;
    struct json *conventions = json_new_object();
    json_put_text(root, "row", search->recipe->grid.row[1 + index].run.name);
    json_put_integer(root, "parameters", search->counts.parameters[index]);
    put_points(root, search, curve);
    json_put_text(root, "end", ends[curve->end]);
    int from, to;
    json_put_bool(root, "falls", intrinsic_falls(&from, &to, search, index));
    json_put_text(root, "convention", intrinsic_rule_name((int)rule));
    put_answer(root, &curve->answer[rule],
               intrinsic_search_threshold(search, rule));
    for (int i = 0; i < INTRINSIC_RULES; i++) {
        struct json *one = json_new_object();
        put_answer(one, &curve->answer[i],
                   intrinsic_search_threshold(search, (enum intrinsic_rule)i));
        json_put(conventions, intrinsic_rule_name(i), one);
    }
    json_put(root, "conventions", conventions);
}

static struct json *beside(const struct intrinsic_search *search)
{
    struct json *to = json_new_object(), *lora = json_new_object();
    for (int i = 0; i < search->counts.loras; i++) {
        char rank[8];
        snprintf(rank, sizeof rank, "%d", 1 << i);
        json_put_integer(lora, rank, search->counts.lora[i]);
    }
    json_put(to, "lora", lora);
    json_put_integer(to, "bitfit", search->counts.bitfit);
    json_put_integer(to, "full", search->counts.baseline);
    return to;
}

/* What the first subspace says stands at the top too. */
char *intrinsic_json(const struct intrinsic_search *search)
{
    struct json *root = json_new_object(), *curves = json_new_array();
    json_put_text(root, "title", search->recipe->grid.session.title);
    json_put_text(root, "metric", search->metric);
    json_put_number(root, "start", search->goal.start);
    json_put_number(root, "baseline", search->goal.baseline);
    json_put_number(root, "baseline_deviation", search->deviation);
    json_put_bool(root, "over", search->is_over);
    json_put_text(root, "trouble", search->trouble);
    put_curve(root, search, 0);
    for (int i = 0; i < search->curves; i++) {
        struct json *curve = json_new_object();
        put_curve(curve, search, i);
        json_push(curves, curve);
    }
    json_put(root, "curves", curves);
    json_put(root, "numbers_trained", beside(search));
    char *text = json_write(root);
    json_free(root);
    return text;
}
