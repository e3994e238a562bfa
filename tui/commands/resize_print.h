/*
 * What resize says: every module's rank with what it loses, what other tools
 * would keep, and what was read back.
 */
#ifndef TUI_COMMANDS_RESIZE_PRINT_H
#define TUI_COMMANDS_RESIZE_PRINT_H

#include "experiments/resize.h"

/* One way to choose ranks, of all modules. */
struct resize_choice {
    char name[64];  /* this plan, kohya sv_ratio 10 */
    char keeps[64]; /* its rule, "" */
    int *rank;      /* (count) */
    double nats;    /* per token, measured; NAN: not asked for */
};

struct resize_report {
    const char *path, *out; /* out NULL: nothing was written */
    const struct resize *resize;
    const struct resize_choice *choice; /* the first is as it is, the second
                                           the plan where there is one */
    int choices;
    bool has_plan, has_budget;
    double base_nats; /* of the base alone, or NAN */
};

void resize_print_plan(const struct resize_report *report);
void resize_print_choices(const struct resize_report *report);
void resize_print_read_back(const struct resize_report *report);
void resize_print_json(const struct resize_report *report);

#endif
