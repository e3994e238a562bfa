/*
 * Studies without a screen: `run --study NAME` trains what the study needs
 * beside the recipe's own runs, and prints its report at the end.
 */
#ifndef TUI_COMMANDS_RUN_STUDY_H
#define TUI_COMMANDS_RUN_STUDY_H

#include "experiments/session.h"

/* "section7, twins": for help and complaints. */
extern const char run_study_names[];

/* Before the session starts: asks for the runs that are missing.  Refuses an
 * unknown name, and a model or recipe the study cannot be had of. */
int run_study_prepare(struct session *session, const struct recipe *recipe,
                      const char *name, struct err *err);
/* After session_wait(): the report to stdout, and into the results folder as
 * NAME.txt when there is one. */
int run_study_report(struct session *session, const struct recipe *recipe,
                     const char *name, struct err *err);

#endif
