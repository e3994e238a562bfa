/*
 * The pages of view 3, and what they share: opening a page with its title and
 * its answer (or the sentence instead of one), phi beside chance in words and
 * as a plot.
 */
#ifndef TUI_VIEWS_OVERLAP_H
#define TUI_VIEWS_OVERLAP_H

#include "tui/plot.h"
#include "tui/views/view.h"

void overlap_phi_draw(struct canvas *canvas, struct rect rect,
                      const struct view_context *context);
void overlap_base_draw(struct canvas *canvas, struct rect rect,
                       const struct view_context *context);
void overlap_intruders_draw(struct canvas *canvas, struct rect rect,
                            const struct view_context *context);
void overlap_twins_draw(struct canvas *canvas, struct rect rect,
                        const struct view_context *context);
void overlap_section7_draw(struct canvas *canvas, struct rect rect,
                           const struct view_context *context);

/* The answer of the open page.  NULL: there is none, and the whole page is
 * drawn already: what is missing, computed, or refused. */
const struct study *overlap_open(struct canvas *canvas, struct rect rect,
                                 const struct view_context *context);
/* The title rule of a page: number, name, subject, and how old it is. */
void overlap_title(struct canvas *canvas, struct rect rect,
                   const struct view_context *context,
                   const struct study *study, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* The last rows of a page: a sentence, and below it another one, or that the
 * answer is old. */
void overlap_words(struct canvas *canvas, struct rect rect,
                   const struct view_context *context,
                   const struct study *study, const char *first,
                   const char *second);
/* What will be trained for twins or section 7, and how far it is. */
void overlap_plan_draw(struct canvas *canvas, struct rect rect,
                       const struct view_context *context);

/* A share of 1 in few digits: 0.81, 0.008, 0. */
const char *overlap_share(char *to, size_t size, double share);
/* "shared", "above chance", "within chance" ... */
const char *overlap_verdict(double phi, int n, int i, int j);
/* "phi(3, 5) = 0.41, chance 0.039 (95 %: 0.020 to 0.070), z = 12: shared" */
void overlap_phi_words(char *to, size_t size, double phi, int n, int i, int j);

/* phi(k, k) against k with the band of chance; where one of the two has a
 * single direction, phi(k, 1) or phi(1, k). */
struct overlap_curve {
    int count;
    double *k, *phi, *low, *high; /* (count), owned */
    const char *name;             /* "phi(k, k)" */
};
struct overlap_curve overlap_curve_new(const double *phi, int rows, int cols,
                                       int n);
void overlap_curve_free(struct overlap_curve *curve);
/* The band, once a plot; then the lines. */
void overlap_curve_chance(struct plot *plot, const struct overlap_curve *curve);
void overlap_curve_line(struct plot *plot, const struct overlap_curve *curve,
                        struct pen pen, uint32_t marker, const char *label);
/* The plot of one curve, complete, under a rule. */
void overlap_curve_draw(struct canvas *canvas, struct rect rect,
                        const struct overlap_curve *curve, struct pen pen,
                        uint32_t marker, int cursor);

/* A line in the colour, dash and ASCII character of a run, or of place 0, 1,
 * ... for what is no run; alone in its plot it needs no dash. */
struct pen overlap_pen(const struct canvas *canvas, int place);
struct pen overlap_pen_alone(int place);

#endif
