/*
 * A conversation: the base and every run on one prompt, side by side; and the
 * microscope on one run: the strength of its whole update and one of its
 * singular values turned by hand,
 *
 *   W = W0 + s (dW + (c - 1) sigma_i u_i v_i^T),  c = 1, 0, 2 or -1,
 *
 * with the text that is then written and the losses that are then had.
 */
#ifndef EXPERIMENTS_TALK_H
#define EXPERIMENTS_TALK_H

#include <stdbool.h>

enum { TALK_PROMPT_BYTES = 160, TALK_TEXT_BYTES = 640, TALK_STRENGTHS = 9 };

/* What is done to sigma_i. */
enum sigma_turn { TURN_NONE, TURN_ZERO, TURN_DOUBLE, TURN_FLIP, TURNS };
double turn_factor(enum sigma_turn turn);    /* c above */
const char *turn_name(enum sigma_turn turn); /* "as trained", "set to 0" ... */

/* A plain value, part of a question. */
struct talk_question {
    char prompt[TALK_PROMPT_BYTES]; /* typed; "": the task's example */
    long example;                   /* of the held-out split, from 0 */
    double strength;                /* s of the chosen run */
    int index;                      /* i, from 1; 0: none */
    enum sigma_turn turn;
    bool only_chosen; /* nobody but the chosen run */
    bool wants_curve; /* losses at other strengths too */
};
bool talk_question_same(const struct talk_question *one,
                        const struct talk_question *other);

/* Unknown numbers are NaN: a typed prompt has no answer to be judged by. */
struct talk_line {
    int run;                    /* id; -1: the base */
    char name[48];              /* "base", "r8", "r8 at step 200" */
    char text[TALK_TEXT_BYTES]; /* written greedily */
    bool ended;                 /* by itself; else the limit cut it off */
    bool exact;                 /* the answer wanted, word for word */
    double nats;                /* a target of the answer wanted */
    double loss;                /* nats a target, on a few held-out examples */
    double forget_loss; /* on the base's own text: the microscope alone */
    const char *fixed;  /* why strength does not apply here, or NULL */
};

struct talk_study {
    char prompt[TALK_TEXT_BYTES],
        wanted[TALK_TEXT_BYTES]; /* wanted "": not known */
    long examples; /* held out in a published file; 0: without end */
    int loss_examples, forget_examples; /* what the losses are of */
    int count;
    const struct talk_line *line; /* (count) the base, then every run */
    /* The chosen run as it is, and turned; known with is_looked_at. */
    bool is_looked_at;
    struct talk_line trained, turned;
    char trouble[160]; /* why there is no direction to turn; "" there is */
    int sigma_count;
    const double *sigma; /* (sigma_count) at the chosen site */
    int strengths;       /* 0: not asked for */
    double strength[TALK_STRENGTHS], task_loss[TALK_STRENGTHS],
        forget_loss[TALK_STRENGTHS];
};

#endif
