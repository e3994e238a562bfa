/*
 * Comparing numbers in tests: prints where, what came and what was wanted.
 *
 * Arrays may be float or double on either side.  NaN is near nothing; an
 * infinity is near itself.  The tolerance of the relative forms is a share of
 * |want|.
 */
#ifndef TESTS_NEAR_H
#define TESTS_NEAR_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum near_kind { NEAR_ABSOLUTE, NEAR_RELATIVE };

struct near_array {
    const void *at;
    int is_double;
};

static inline double near_value(struct near_array array, size_t i)
{
    return array.is_double ? ((const double *)array.at)[i]
                           : (double)((const float *)array.at)[i];
}

/* n = 0 compares nothing; index is printed only where which is not null. */
static inline void near_check(struct near_array got, struct near_array want,
                              size_t n, double tolerance, enum near_kind kind,
                              const char *which, const char *file, int line)
{
    for (size_t i = 0; i < n; i++) {
        double g = near_value(got, i), w = near_value(want, i);
        double most = kind == NEAR_RELATIVE ? tolerance * fabs(w) : tolerance;
        if (g == w || fabs(g - w) <= most)
            continue;
        if (which)
            print_error("%s[%zu]: ", which, i);
        print_error("got %.17g, want %.17g, off by %.3g, tolerance %.3g%s\n", g,
                    w, fabs(g - w), tolerance,
                    kind == NEAR_RELATIVE ? " of want" : "");
        _fail(file, line);
    }
}

static inline void near_check_one(double got, double want, double tolerance,
                                  enum near_kind kind, const char *file,
                                  int line)
{
    near_check((struct near_array){&got, 1}, (struct near_array){&want, 1}, 1,
               tolerance, kind, NULL, file, line);
}

/* An array of float or double with its type, for near_check. */
#define NEAR_ARRAY(a)                                                          \
    ((struct near_array){(a), _Generic(*(a), float : 0, double : 1)})

#define assert_near(got, want, tolerance)                                      \
    near_check_one((got), (want), (tolerance), NEAR_ABSOLUTE, __FILE__,        \
                   __LINE__)
#define assert_near_relative(got, want, share)                                 \
    near_check_one((got), (want), (share), NEAR_RELATIVE, __FILE__, __LINE__)
#define assert_near_array(got, want, n, tolerance)                             \
    near_check(NEAR_ARRAY(got), NEAR_ARRAY(want), (n), (tolerance),            \
               NEAR_ABSOLUTE, #got, __FILE__, __LINE__)
#define assert_near_array_relative(got, want, n, share)                        \
    near_check(NEAR_ARRAY(got), NEAR_ARRAY(want), (n), (share), NEAR_RELATIVE, \
               #got, __FILE__, __LINE__)

#endif
