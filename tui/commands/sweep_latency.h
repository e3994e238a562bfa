/*
 * rankscope sweep on a recipe with latency: (Table 1).  The result is
 * DIR/latency.json; measured once, it is only printed again.
 */
#ifndef TUI_COMMANDS_SWEEP_LATENCY_H
#define TUI_COMMANDS_SWEEP_LATENCY_H

#include "tui/commands/grid_call.h"

struct sweep_latency {
    const struct grid_call *of; /* path, out and assets are filled in */
    bool json, tsv, force;
    bool (*stop)(void *ctx);
};

/* 1: stopped, nothing was kept. */
int sweep_latency(const struct sweep_latency *call, struct err *err);

#endif
