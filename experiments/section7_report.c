/*
 * Section 7 as plain text for a terminal, a file or a README: Figure 3,
 * Figure 4 and Table 7 in miniature, every number beside its value by chance,
 * then the claims.  ASCII but for names; at most 100 columns.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "experiments/study.h"

enum { WIDTH = 100, COLUMNS = 8, ROWS = 8, VERDICT = 15, LINE = 512 };
enum { PANEL = 9 + 5 * COLUMNS }; /* two side by side fit WIDTH */

static const char *const target_name[SECTION7_TARGETS] = {"W_q", "W_v"};

/* GPT-3, W_q of layer 48 (Table 7); random and rho from the paper's norms:
 * r ||W0|| / sqrt(out in), out = in = 12288. */
static const struct {
    int r;
    double base_norm, update_norm, by_update, by_base, by_random, factor,
        random_factor, rho;
} gpt3[] = {{4, 61.95, 6.91, 0.32, 21.67, 0.0202, 21.5, 342, 15.9},
            {64, 61.95, 3.57, 1.90, 37.71, 0.323, 1.9, 11.1, 5.9}};

/* Words of text between indent and the right margin; the first line has
 * whatever stands on it already, which is as wide as indent. */
static void wrap(FILE *to, const char *text, int indent)
{
    int column = indent;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > WIDTH) {
            (void)fprintf(to, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            (void)fputc(' ', to);
            column++;
        }
        (void)fprintf(to, "%.*s", length, text);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    (void)fputc('\n', to);
}

/* j = 1, 2, 4, ... and the last; when they are too many, 1 and the largest. */
static int choose_columns(int *column, int cols)
{
    int all[40], count = 0, kept = 0;
    for (int j = 1; j < cols && count < 39; j *= 2)
        all[count++] = j;
    all[count++] = cols;
    for (int i = 0; i < count; i++)
        if (i == 0 || count - i < COLUMNS)
            column[kept++] = all[i];
    return kept;
}

/* ".07" or "1.0", three wide whatever the overlap. */
static const char *share_text(char to[16], double share)
{
    (void)snprintf(to, 16, "%.2f", share);
    if (share >= 0.995)
        (void)snprintf(to, 16, "01.0");
    return to + 1;
}

struct panel { /* a grid as it is printed */
    const struct section7_grid *grid;
    const double *phi;
    int column[COLUMNS], count, rows;
};

static struct panel panel_of(const struct section7_grid *grid,
                             const double *phi)
{
    struct panel to = {.grid = grid, .phi = phi};
    to.count = choose_columns(to.column, grid->cols);
    to.rows = grid->rows < ROWS ? grid->rows : ROWS;
    return to;
}

/* Cells of row i, starred above chance; or chance itself. */
static void add_cells(char *line, size_t size, const struct panel *of, int i,
                      bool is_chance)
{
    char number[16], label[16];
    (void)snprintf(label, sizeof label, is_chance ? "chance %d" : "i = %d", i);
    int used = snprintf(line, size, "%9s", label);
    for (int c = 0; c < of->count; c++) {
        int j = of->column[c];
        double phi = of->phi[(i - 1) * of->grid->cols + j - 1];
        struct phi_chance chance = phi_chance(of->grid->n, i, j);
        used += snprintf(line + used, size - (size_t)used, " %3s%c",
                         share_text(number, is_chance ? chance.mean : phi),
                         !is_chance && phi > chance.high ? '*' : ' ');
    }
}

/* Line 0: the head; 1 .. most: rows; then chance of the first and last row. */
static void write_line(char *line, size_t size, const struct panel *of,
                       int number, int most)
{
    line[0] = '\0';
    if (number > most)
        add_cells(line, size, of, number == most + 1 ? 1 : of->rows, true);
    else if (number > 0 && number <= of->rows)
        add_cells(line, size, of, number, false);
    else if (number == 0)
        for (int c = 0, used = snprintf(line, size, "%9s", "j =");
             c < of->count; c++)
            used += snprintf(line + used, size - (size_t)used, "%4d ",
                             of->column[c]);
}

static void put_grids(FILE *to, struct panel left, struct panel right)
{
    int most = left.rows > right.rows ? left.rows : right.rows;
    int lines = most > 1 ? most + 3 : 3; /* of one row chance stands once */
    for (int number = 0; number < lines; number++) {
        char one[LINE], other[LINE];
        write_line(one, sizeof one, &left, number, most);
        write_line(other, sizeof other, &right, number, most);
        size_t length = strlen(other);
        while (length > 0 && other[length - 1] == ' ')
            length--;
        (void)fprintf(to, "%-*s%.*s\n", PANEL, one, (int)length, other);
    }
}

static void put_caption(FILE *to, const char *left, const char *right)
{
    (void)fprintf(to, "\n    %-*s%s\n", PANEL, left, right);
}

static void put_title(FILE *to, const struct section7_study *of)
{
    char text[LINE], steps[48] = "";
    if (of->steps > 0)
        (void)snprintf(steps, sizeof steps, " of %ld", of->steps);
    wrap(to,
         "Section 7 of the LoRA paper (Hu et al. 2021, arXiv 2106.09685) in "
         "miniature",
         0);
    (void)snprintf(text, sizeof text,
                   "%s (r = %d) against %s (r = %d); second seed of r = %d: "
                   "%s.",
                   of->name_low, of->low, of->name_high, of->high, of->high,
                   of->name_seed);
    wrap(to, text, 0);
    (void)snprintf(text, sizeof text,
                   "Step %ld%s; layer %d of %d (%s, %s); n = %d.", of->step,
                   steps, of->layer + 1, of->layers, of->target[0].site,
                   of->target[1].site, of->target[0].ranks.n);
    wrap(to, text, 0);
    (void)fputc('\n', to);
    wrap(to,
         "phi(i,j) = ||U_i^T U'_j||_F^2 / min(i,j): what the i leading "
         "directions of one share with the j leading ones of the other, 0 "
         "nothing, 1 all.  Two random subspaces share max(i,j) / n: the rows "
         "\"chance i\".  * above the 95 % band of chance.",
         0);
}

static void put_figures(FILE *to, const struct section7_study *of)
{
    const struct section7_grid *seeds[] = {&of->target[0].seeds,
                                           &of->target[1].seeds};
    const struct section7_grid *control[] = {&of->target[0].control,
                                             &of->target[1].control};
    char text[LINE], left[64];
    (void)snprintf(text, sizeof text,
                   "\nFigure 3: do r = %d (rows) and r = %d (columns) learn "
                   "the same directions?\n",
                   of->low, of->high);
    (void)fputs(text, to);
    for (int t = 0; t < SECTION7_TARGETS; t++) {
        const struct section7_grid *grid = &of->target[t].ranks;
        (void)snprintf(left, sizeof left, "%s: vectors of A, as in the paper",
                       target_name[t]);
        put_caption(to, left, "of dW, whatever its factors");
        put_grids(to, panel_of(grid, grid->factor),
                  panel_of(grid, grid->delta));
    }
    (void)snprintf(text, sizeof text,
                   "\nFigure 4: do two seeds of r = %d?  Vectors of A; below, "
                   "two random subspaces\n",
                   of->high);
    (void)fputs(text, to);
    put_caption(to, "W_q", "W_v");
    put_grids(to, panel_of(seeds[0], seeds[0]->factor),
              panel_of(seeds[1], seeds[1]->factor));
    put_caption(to, "random control", "another");
    put_grids(to, panel_of(control[0], control[0]->factor),
              panel_of(control[1], control[1]->factor));
}

static void put_amplification(FILE *to, const char *target,
                              const struct amplification *of)
{
    char label[32], band[32];
    (void)snprintf(label, sizeof label, "%s  r = %d", target, of->r);
    (void)snprintf(band, sizeof band, "[%.3g, %.3g]", of->random_low,
                   of->random_high);
    (void)fprintf(to, "%-14s%8.3g%8.3g%8.3g%8.3g%8.3g %-16s%8.3g%9.3g%7.2f\n",
                  label, of->base_norm, of->update_norm, of->by_update,
                  of->by_base, of->by_random, band, of->factor,
                  of->random_factor, of->rho);
}

static void put_table(FILE *to, const struct section7_study *of)
{
    (void)fputs("\nTable 7: does dW amplify what W0 has?\n\n", to);
    (void)fprintf(to, "%34s||U^T W0 V|| of the r leading directions of\n", "");
    (void)fprintf(to, "%-14s%8s%8s%8s%8s%8s %-16s%8s%9s%7s\n", "", "||W0||",
                  "||dW||", "dW", "W0", "random", "[95 %]", "factor", "random",
                  "rho");
    for (int t = 0; t < SECTION7_TARGETS; t++)
        for (int i = 0; i < 2; i++)
            put_amplification(to, target_name[t],
                              &of->target[t].amplification[i]);
    for (size_t i = 0; i < sizeof gpt3 / sizeof *gpt3; i++) {
        char label[32];
        (void)snprintf(label, sizeof label, "GPT-3  r = %d", gpt3[i].r);
        (void)fprintf(to,
                      "%-14s%8.4g%8.3g%8.3g%8.4g%8.3g %-16s%8.3g%9.3g%7.1f\n",
                      label, gpt3[i].base_norm, gpt3[i].update_norm,
                      gpt3[i].by_update, gpt3[i].by_base, gpt3[i].by_random, "",
                      gpt3[i].factor, gpt3[i].random_factor, gpt3[i].rho);
    }
    (void)fprintf(to,
                  "\nMean rho over layers: W_q %.2f and %.2f, W_v %.2f and "
                  "%.2f; 1 by chance.\n",
                  of->target[0].mean_rho[0], of->target[0].mean_rho[1],
                  of->target[1].mean_rho[0], of->target[1].mean_rho[1]);
    wrap(to,
         "factor = ||dW|| / ||U^T W0 V||, beside that of random directions, "
         "which falls as 1/r by itself; rho = dW's column over random's is "
         "what counts.",
         0);
}

static void put_claims(FILE *to, const struct section7_study *of)
{
    (void)fputs("\nClaims of the paper, and what these runs show\n\n", to);
    for (int i = 0; i < of->claim_count; i++) {
        char verdict[32];
        const char *name = verdict_name(of->claim[i].verdict);
        size_t length = strlen(name);
        for (size_t c = 0; c <= length; c++)
            verdict[c] = (char)toupper((unsigned char)name[c]);
        (void)fprintf(to, "%-*s", VERDICT, verdict);
        wrap(to, of->claim[i].claim, VERDICT);
        (void)fprintf(to, "%*s", VERDICT, "");
        wrap(to, of->claim[i].found, VERDICT);
    }
}

void section7_report(FILE *to, const struct study *study)
{
    if (study->refusal[0]) {
        (void)fprintf(to, "%s\n", study->refusal);
        return;
    }
    put_title(to, &study->section7);
    put_figures(to, &study->section7);
    put_table(to, &study->section7);
    put_claims(to, &study->section7);
}
