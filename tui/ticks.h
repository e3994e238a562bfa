/*
 * Axis ticks and numbers in few characters.  Linear steps are 1, 2 or 5 times
 * a power of ten (Heckbert, Graphics Gems 1990, p. 61); on a log axis the
 * decades, with 2 and 5 between them where there is room.
 */
#ifndef TUI_TICKS_H
#define TUI_TICKS_H

#include <stdbool.h>
#include <stddef.h>

enum { TICKS = 24 };

struct ticks {
    int count;
    double at[TICKS];
    int decimals; /* all linear labels show as many */
    bool is_log;
};

/* At most wanted ticks in [low, high]; low < high, and low > 0 when log. */
struct ticks ticks_linear(double low, double high, int wanted);
struct ticks ticks_log(double low, double high, int wanted);
void tick_label(char *to, size_t size, const struct ticks *ticks, int i);

/* 1, 2 or 5 times a power of ten, at or above x > 0. */
double nice_above(double x);

/* About three significant digits: "0.0123" "1.23" "12.3" "123" "1.2e-05".
 * NaN is the sign for unknown. */
const char *number_text(char *to, size_t size, double value);
/* 950, 12.3k, 1.05M. */
const char *count_text(char *to, size_t size, double value);

#endif
