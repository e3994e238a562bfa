/* See overlap_print.h. */
#include "tui/commands/overlap_print.h"

#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/json.h"
#include "experiments/rows.h"

static double phi_at(const struct overlap_study *of, int i, int j)
{
    return of->phi[(i - 1) * of->cols + j - 1];
}

static double chance_at(const struct overlap_study *of, int i, int j)
{
    return phi_chance(of->n, i, j).mean;
}

static double z_at(const struct overlap_study *of, int i, int j)
{
    return phi_z(phi_at(of, i, j), of->n, i, j);
}

/* Row i, column j, both from 1; JSON writes NaN as null. */
static struct json *matrix(const struct overlap_study *of,
                           double (*value)(const struct overlap_study *, int,
                                           int))
{
    struct json *to = json_new_array();
    for (int i = 1; i <= of->rows; i++) {
        struct json *row = json_new_array();
        for (int j = 1; j <= of->cols; j++)
            json_push_number(row, value(of, i, j));
        json_push(to, row);
    }
    return to;
}

static struct json *distances_json(const struct distances *of)
{
    struct json *to = json_new_object();
    json_put_number(to, "projection", of->projection);
    json_put_number(to, "geodesic", of->geodesic);
    json_put_number(to, "fubini_study", of->fubini_study);
    json_put_number(to, "binet_cauchy", of->binet_cauchy);
    json_put_number(to, "asimov", of->asimov);
    return to;
}

static const char *of_name(const struct study *study)
{
    return study->asked.of == OVERLAP_OF_FACTOR ? "factor" : "delta";
}

static struct json *site_json(const struct study *study, const char *site)
{
    const struct overlap_study *of = &study->overlap;
    struct json *to = json_new_object(), *angles = json_new_array();
    json_put_text(to, "name", site);
    json_put_text(to, "side", side_name(study->asked.side));
    json_put_text(to, "of", of_name(study));
    json_put_text(to, "a", of->name_a);
    json_put_text(to, "b", of->name_b);
    json_put_integer(to, "n", of->n);
    json_put(to, "phi", matrix(of, phi_at));
    json_put(to, "chance", matrix(of, chance_at));
    json_put(to, "z", matrix(of, z_at));
    for (int i = 0; i < of->angle_count; i++)
        json_push_number(angles, of->angle[i]);
    json_put(to, "angles", angles);
    json_put(to, "distances", distances_json(&of->distances));
    json_put_number(to, "cosine", of->cosine);
    json_put_number(to, "energy_ratio", of->energy_ratio);
    return to;
}

void overlap_print_json(const struct overlap_report *report)
{
    struct json *root = json_new_object(), *sites = json_new_array();
    for (int i = 0; i < report->count; i++)
        json_push(sites, site_json(report->study[i], report->site[i]));
    json_put(root, "sites", sites);
    char *text = json_write_compact(root);
    printf("%s\n", text);
    mem_free(text);
    json_free(root);
}

/* The numbers of a line: phi, chance and z of the first directions and of all
 * k = min(rows, cols), cosine, and the angles' ends in degrees. */
enum { OVERLAP_NUMBERS = 9 };
static void numbers_of(double to[OVERLAP_NUMBERS], const struct study *study)
{
    const struct overlap_study *of = &study->overlap;
    const double degree = 57.29577951308232;
    int k = of->angle_count;
    to[0] = phi_at(of, 1, 1);
    to[1] = chance_at(of, 1, 1);
    to[2] = z_at(of, 1, 1);
    to[3] = phi_at(of, k, k);
    to[4] = chance_at(of, k, k);
    to[5] = z_at(of, k, k);
    to[6] = of->cosine;
    to[7] = degree * of->angle[0];
    to[8] = degree * of->angle[k - 1];
}

void overlap_print_tsv(const struct overlap_report *report)
{
    printf("site\tside\tof\ta\tb\tn\trows\tcols\tphi_11\tchance_11\tz_11\t"
           "phi_kk\tchance_kk\tz_kk\tcosine\tleast_angle\tlargest_angle\n");
    for (int i = 0; i < report->count; i++) {
        const struct study *study = report->study[i];
        const struct overlap_study *of = &study->overlap;
        double number[OVERLAP_NUMBERS];
        char text[32];
        numbers_of(number, study);
        printf("%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d", report->site[i],
               side_name(study->asked.side), of_name(study), of->name_a,
               of->name_b, of->n, of->rows, of->cols);
        for (int k = 0; k < OVERLAP_NUMBERS; k++)
            printf("\t%s", rows_number(text, number[k]));
        printf("\n");
    }
}

static void print_row(const struct study *study, const char *site, int width)
{
    static const char *const format[OVERLAP_NUMBERS] = {
        " %6.4f", " %6.4f", " %6.1f", " %6.4f", " %6.4f",
        " %6.1f", " %6.3f", " %5.1f", " %5.1f"};
    static const int wide[OVERLAP_NUMBERS] = {7, 7, 7, 7, 7, 7, 7, 6, 6};
    const struct overlap_study *of = &study->overlap;
    double number[OVERLAP_NUMBERS];
    char size[32];
    numbers_of(number, study);
    snprintf(size, sizeof size, "%dx%d", of->rows, of->cols);
    printf("%-*s %-6s %5s", width, site, side_name(study->asked.side), size);
    for (int k = 0; k < OVERLAP_NUMBERS; k++) {
        if (isfinite(number[k]))
            printf(format[k], number[k]);
        else
            printf("%*s", wide[k], "-");
    }
    printf("\n");
}

void overlap_print_table(const struct overlap_report *report)
{
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    const struct study *first = report->study[0];
    const char *phi = utf8 ? "\u03c6" : "phi";
    const char *delta = utf8 ? "\u0394W" : "dW";
    int width = 4, pad = utf8 ? 1 : 0;
    for (int i = 0; i < report->count; i++) {
        int length = (int)strlen(report->site[i]);
        width = length > width ? length : width;
    }
    printf("%s and %s, %s: overlap %s(1,1) of the first directions and "
           "%s(k,k) of the first k\n",
           first->overlap.name_a, first->overlap.name_b,
           first->asked.of == OVERLAP_OF_FACTOR ? "singular vectors of A and B"
                                                : delta,
           phi, phi);
    printf("%-*s %-6s %5s %*s%s11 chance      z %*s%skk chance      z cosine "
           "%5s %5s\n",
           width, "site", "side", "dirs", pad + pad + 1, "", phi, pad + pad + 1,
           "", phi, "least", "most");
    for (int i = 0; i < report->count; i++)
        print_row(report->study[i], report->site[i], width);
    printf("z: standard deviations above chance; least, most: principal "
           "angles in degrees;\ncosine: of the updates themselves\n");
}
