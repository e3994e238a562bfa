/*
 * Making a study: its arrays live as long as it does.
 */
#ifndef EXPERIMENTS_STUDY_OWNED_H
#define EXPERIMENTS_STUDY_OWNED_H

#include "experiments/study.h"

/* Neighbouring singular values of W0 within 5 % run together when intruders
 * are looked for: a change of that size relative to sigma is enough to turn
 * their vectors among themselves (Davis & Kahan 1970), and updates are of
 * that size; farther apart it takes more than an update has. */
#define STUDY_CLUSTER_GAP 0.05

/* Empty, held once by the maker. */
struct study *study_new(enum study_kind kind, const struct question *asked);
/* count zeroed elements, freed with the study. */
void *study_take(struct study *study, size_t count, size_t size);
/* The study as a refusal; returns it. */
const struct study *study_refuse(struct study *study, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Which of capacity, optimisation and reach the losses speak for; steps of
 * both runs. */
void twins_judge(struct twins_study *twins, long lora_step, long full_step);
/* The claims of section 7 and what the numbers say to them; aside is appended
 * to what was found ("" or which step each run was at). */
void section7_judge(struct section7_study *of, const char *aside);

#endif
