/*
 * phi beside chance: in words, and phi(k, k) against k as a plot.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "tui/ticks.h"
#include "tui/views/overlap.h"

/* Hu et al. call a direction with phi > 0.5 shared; here it is half of what
 * chance leaves, or a large j would make everything shared. */
static const double SHARED = 0.5;

const char *overlap_share(char *to, size_t size, double share)
{
    if (isnan(share))
        snprintf(to, size, "–");
    else if (share < 0.0005)
        snprintf(to, size, "0");
    else
        snprintf(to, size, "%.*f", share < 0.0995 ? 3 : 2, share);
    return to;
}

const char *overlap_verdict(double phi, int n, int i, int j)
{
    struct phi_chance chance = phi_chance(n, i, j);
    if (isnan(phi))
        return "not known";
    if (i >= n || j >= n)
        return "the whole space: always 1";
    if (phi > chance.high)
        return phi - chance.mean >= SHARED * (1 - chance.mean) ? "shared"
                                                               : "above chance";
    return phi < chance.low ? "below chance" : "within chance";
}

void overlap_phi_words(char *to, size_t size, double phi, int n, int i, int j)
{
    struct phi_chance chance = phi_chance(n, i, j);
    char value[16], mean[16], low[16], high[16], z[16];
    snprintf(to, size,
             "φ(%d, %d) = %s, chance %s (95 %%: %s to %s), z = %s: %s", i, j,
             overlap_share(value, sizeof value, phi),
             overlap_share(mean, sizeof mean, chance.mean),
             overlap_share(low, sizeof low, chance.low),
             overlap_share(high, sizeof high, chance.high),
             number_text(z, sizeof z, phi_z(phi, n, i, j)),
             overlap_verdict(phi, n, i, j));
}

struct overlap_curve overlap_curve_new(const double *phi, int rows, int cols,
                                       int n)
{
    int larger = rows > cols ? rows : cols, least = rows < cols ? rows : cols;
    int count = least > 1 ? least : larger;
    size_t size = (size_t)count + 1;
    struct overlap_curve curve = {.count = count,
                                  .k = xcalloc(size, sizeof(double)),
                                  .phi = xcalloc(size, sizeof(double)),
                                  .low = xcalloc(size, sizeof(double)),
                                  .high = xcalloc(size, sizeof(double))};
    curve.name = least > 1 || count == 1 ? "φ(k, k)"
                 : rows > cols           ? "φ(k, 1)"
                                         : "φ(1, k)";
    for (int k = 1; k <= count; k++) {
        int i = k < rows ? k : rows, j = k < cols ? k : cols;
        struct phi_chance chance = phi_chance(n, i, j);
        curve.k[k - 1] = k;
        curve.phi[k - 1] = phi[(size_t)(i - 1) * (size_t)cols + (size_t)j - 1];
        curve.low[k - 1] = chance.low;
        curve.high[k - 1] = chance.high;
    }
    return curve;
}

void overlap_curve_free(struct overlap_curve *curve)
{
    mem_free(curve->k);
    mem_free(curve->phi);
    mem_free(curve->low);
    mem_free(curve->high);
    *curve = (struct overlap_curve){0};
}

void overlap_curve_chance(struct plot *plot, const struct overlap_curve *curve)
{
    if (curve->count == 1) { /* a band needs two points */
        char text[PLOT_TEXT], high[16];
        snprintf(text, sizeof text, "95 %% of chance: below %s",
                 number_text(high, sizeof high, curve->high[0]));
        plot_add_level(plot, curve->high[0], style_of(ROLE_CHANCE), text);
        return;
    }
    struct plot_band *band = plot_add_band(plot);
    if (!band)
        return;
    band->x = curve->k;
    band->low = curve->low;
    band->high = curve->high;
    band->count = curve->count;
    snprintf(band->label, sizeof band->label, "chance");
}

void overlap_curve_line(struct plot *plot, const struct overlap_curve *curve,
                        struct pen pen, uint32_t marker, const char *label)
{
    enum { CROWDED = 32 };
    struct plot_series *series = plot_add(plot);
    if (!series)
        return;
    series->x = curve->k;
    series->y = curve->phi;
    series->count = curve->count;
    series->pen = pen;
    series->sign = marker;
    series->marker = curve->count <= CROWDED ? marker : 0;
    snprintf(series->label, sizeof series->label, "%s", label);
}

void overlap_curve_draw(struct canvas *canvas, struct rect rect,
                        const struct overlap_curve *curve, struct pen pen,
                        uint32_t marker, int cursor)
{
    if (rect.h < 5 || rect.w < 16 || curve->count < 1)
        return;
    view_rule(canvas, rect, curve->name,
              rect.w < 66 ? "%s" : "%s: the first k directions of each",
              "95 % of chance shaded");
    rect.y++;
    rect.h--;
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "k");
    plot_name(plot, curve->name, "%s, 95 %% of chance shaded", curve->name);
    overlap_curve_chance(plot, curve);
    overlap_curve_line(plot, curve, pen, marker, "");
    plot->x_low = curve->count > 1 ? 1 : 0;
    plot->x_high = curve->count > 1 ? curve->count : 2;
    plot->y_high = 1;
    if (cursor > 0)
        plot->cursor = cursor;
    plot_draw(canvas, rect, plot);
    mem_free(plot);
}

struct pen overlap_pen(const struct canvas *canvas, int place)
{
    struct pen pen = {.style = style_of(role_run(place)),
                      .line = glyph_line(place)};
    if (canvas->colours < 8)
        pen.dash = (enum dash)((unsigned)place % DASH_KINDS);
    return pen;
}

struct pen overlap_pen_alone(int place)
{
    return (struct pen){.style = style_of(role_run(place)),
                        .line = glyph_line(place)};
}
