/*
 * Which ranks a resize would keep of the sites of a file, by the rule and the
 * value chosen, and what other tools keep of them for the same number.
 */
#ifndef TUI_FILES_KEEP_H
#define TUI_FILES_KEEP_H

#include "analysis/tool_rank.h"
#include "tui/ui.h"

/* So many values on, within those the chosen rule goes through. */
void keep_move(struct ui *ui, int by);
double keep_value(const struct ui *ui);
/* "the least rank with 90 % of the energy", without the site. */
void keep_words(char *to, size_t size, const struct ui *ui);

/* A site for analysis/rank_plan.h; count 0: not looked at, or zero. */
struct plan_site keep_site(const struct snapshot *snapshot,
                           const struct run_view *run, int site);
/* By the chosen rule. */
int keep_rank(const struct ui *ui, const struct plan_site *site);

/* All sites of a run together. */
struct keep_total {
    int sites, low, high; /* those that are known; their ranks kept */
    long long parameters; /* of factors of those ranks */
    double norm, error;   /* ||dW||_F of all, and of what is lost */
};
/* rule NULL: the chosen one. */
struct keep_total keep_sum(const struct ui *ui, const struct snapshot *snapshot,
                           const struct run_view *run,
                           const struct tool_rule *rule);
/* "kohya sv_fro 0.9": with the value of its kind that is chosen. */
void keep_tool_words(char *to, size_t size, const struct ui *ui,
                     const struct tool_rule *rule);

#endif
