/*
 * Numbers of a site beside what chance would make of them, in words.
 */
#ifndef TUI_VIEWS_MEASURE_H
#define TUI_VIEWS_MEASURE_H

#include <stddef.h>

#include "analysis/alarm.h"
#include "tui/views/view.h"

/* ||dW||_F; NaN: no spectrum. */
double measure_norm(const struct site_view *view);

/* What chance would make of a measure, or of sigma_i (i from 0), scaled to
 * the update's norm.  false: not known, or dW is zero, or the measure is the
 * scale itself.  mean may be NaN where none exists. */
bool measure_chance(struct band *band, const struct site_view *view,
                    int metric);
bool measure_sigma_chance(struct band *band, const struct site_view *view,
                          int i);

/* "by chance 4.01 (3.85 to 4.18): 16 half-bands below"; half a band is from
 * its middle to its edge. */
const char *measure_chance_words(char *to, size_t size, double value,
                                 const struct band *band);
/* "1.28; by chance ...", or why there is no number. */
const char *measure_words(char *to, size_t size, const struct site_view *view,
                          const struct site *of, int metric);
/* A value of a measure, a count without decimals. */
const char *measure_number(char *to, size_t size, int metric, double value);
/* "1.28 (4.01)", or without chance "1.28". */
const char *measure_pair(char *to, size_t size, const struct site_view *view,
                         const struct site *of, int metric);

/* Alarms of a site of a run at the time the person looks at. */
struct alarms measure_alarms(const struct view_context *context,
                             const struct run_view *run, int site);

#endif
