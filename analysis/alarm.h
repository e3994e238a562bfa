/*
 * What of an update asks for attention: directions that no longer learn, a
 * rank that is there and not used, one value far above all others; and what
 * everybody wants to know, "uses 5 of 64".
 *
 * An alarm is a hint, not a verdict: each says its number.  Unknown input
 * raises none, and an update that is zero has none.
 */
#ifndef ANALYSIS_ALARM_H
#define ANALYSIS_ALARM_H

#include "analysis/chance.h"

enum alarm_kind {
    ALARM_DEAD,     /* directions: small, and no gradient to change it */
    ALARM_COLLAPSE, /* one direction holds nearly all, far from chance */
    ALARM_SPIKE,    /* sigma_1 towers above sigma_2 */
    ALARM_KINDS
};
const char *alarm_name(enum alarm_kind kind); /* "dead directions" ... */

struct alarm_input {
    const double *sigma; /* (count) descending, of an (out, in) matrix */
    int count, out, in;
    int rank;                     /* of its factors; 0: a full update */
    const struct chance *chance;  /* of its shape and rank, or NULL: unknown */
    int direction_count;          /* of its factors, or 0 */
    const double *gradient_share; /* (direction_count), sums to 1, or NULL */
    const double *direction_norm; /* (direction_count) ||s b_k a_k||_F, or
                                     NULL */
};

struct alarms {
    /* The least number of directions that hold 99 % of the energy, of as many
     * as there can be; 0 of 0: unknown, or no update yet. */
    int uses, of;
    int dead; /* directions */
    int count;
    struct alarm {
        enum alarm_kind kind;
        char text[112]; /* a sentence with its number */
    } alarm[ALARM_KINDS];
};

struct alarms alarms_of(const struct alarm_input *input);

#endif
