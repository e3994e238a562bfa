/*
 * How many directions other tools keep of the same singular values: each
 * rule as its tool computes it, off by one where the tool is
 * (PRIOR_ART 4.4).  "0.9" is a different rank in every one of them.
 *
 * Read from the sources: kohya-ss/sd-scripts networks/resize_lora.py, LyCORIS
 * lycoris/utils extract, PEFT convert_to_lora, mergekit extract-lora.  None
 * looks at all sites at once, and kohya's cap (its --new_rank) is left out:
 * at most what the adapter has.
 */
#ifndef ANALYSIS_TOOL_RANK_H
#define ANALYSIS_TOOL_RANK_H

#include "analysis/rank_plan.h"

enum tool_value { TOOL_RANK, TOOL_ENERGY, TOOL_RATIO, TOOL_EPSILON };

struct tool_rule {
    const char *name;      /* kohya sv_ratio */
    enum tool_value value; /* which of the values below it reads */
    const char *keeps;     /* #{sigma > sigma_1 / t} + 1 */
    /* scale: s, for tools that look at B A without it. */
    int (*rank)(const struct plan_site *site, double scale, double value);
};

extern const struct tool_rule tool_rules[];
extern const int tool_rule_count;

/* Of one site: from 1 to count. */
int tool_rank(const struct tool_rule *rule, const struct plan_site *site,
              double scale, double value);

#endif
