/*
 * What keys do, as functions for the key table (see struct key), and when
 * they cannot.
 */
#ifndef TUI_ACTIONS_H
#define TUI_ACTIONS_H

#include "tui/keys.h"

#define ACTION(name)                                                           \
    void name(struct ui *ui, const struct snapshot *snapshot, int arg, int code)
#define CONDITION(name)                                                        \
    bool name(const struct ui *ui, const struct snapshot *snapshot, int arg,   \
              char why[WHY])

ACTION(act_view);
ACTION(act_overlay); /* arg: enum overlay */
ACTION(act_close);
ACTION(act_quit);
ACTION(act_redraw);
ACTION(act_glyphs);
ACTION(act_pause);
ACTION(act_step);
ACTION(act_run); /* arg: +1, -1 */
ACTION(act_undo);
ACTION(act_fork);
ACTION(act_curve);
ACTION(act_axes);
ACTION(act_cursor); /* arg: columns to move; 0: off */
ACTION(act_site);   /* arg: sites to move */
ACTION(act_layer);  /* arg: layers to move, same kind */
ACTION(act_dial_site);
ACTION(act_measure);
ACTION(act_index_axis);
ACTION(act_index);
ACTION(act_page);  /* the next page of the view */
ACTION(act_time);  /* arg: moments to move; past the last: now */
ACTION(act_other); /* what the chosen run is compared with */
ACTION(act_side);
ACTION(act_of);
ACTION(act_row); /* arg: directions to move, of phi's rows */
ACTION(act_col);
ACTION(act_epsilon); /* arg: +1, -1 */
ACTION(act_top);
ACTION(act_lambda);
ACTION(act_section7);
ACTION(act_twins);
ACTION(act_report);     /* the study of the open page as a text file */
ACTION(act_rank_by);    /* arg: +1, -1 */
ACTION(act_rank_times); /* arg: 2, or -2 for half */
ACTION(act_policy);
ACTION(act_example);      /* arg: examples to move */
ACTION(act_strength);     /* arg: tenths */
ACTION(act_sigma);        /* arg: directions to move */
ACTION(act_adapted_site); /* arg: sites to move, of those with an update */
ACTION(act_turn);         /* arg: enum sigma_turn, or back */
ACTION(act_talk_reset);
ACTION(act_prompt_send);
ACTION(act_file_site); /* arg: rows to move in the list of sites */
ACTION(act_file_order);
ACTION(act_keep_rule);
ACTION(act_keep_value); /* arg: values to move */
ACTION(act_file_close);
ACTION(act_path_send);
ACTION(act_scroll);
ACTION(act_table_row);  /* arg: rows to move, or lines of the findings */
ACTION(act_table_task); /* arg: tasks to move */
ACTION(act_table_follow);
ACTION(act_search_row);
ACTION(act_choice);
ACTION(act_type);
ACTION(act_erase);
ACTION(act_palette_run);
ACTION(act_number_send);
ACTION(act_remove);
/* Of the form: form_actions.c. */
ACTION(act_field);  /* arg: +1, -1 */
ACTION(act_line);   /* the same; in the list of methods: lines */
ACTION(act_option); /* arg: +1, -1 */
ACTION(act_form_send);
ACTION(act_rival); /* the next method, at once */

CONDITION(can_step);
CONDITION(can_choose);
CONDITION(can_have_run);
CONDITION(can_undo);
CONDITION(can_fork);
CONDITION(can_turn);
CONDITION(can_travel);
CONDITION(can_take_side);   /* a page of one side is open */
CONDITION(can_intrude);     /* the page of intruders is open */
CONDITION(can_phi);         /* the page of phi is open */
CONDITION(can_ask);         /* the prompt is an example */
CONDITION(can_turn_update); /* the chosen run has one */
CONDITION(can_report);
CONDITION(can_add);
CONDITION(can_rival);
CONDITION(can_glyphs);
CONDITION(can_look_at_file); /* one is on the screen */
CONDITION(can_keep);         /* the page of ranks kept is open */
CONDITION(can_open_file);
CONDITION(can_close_file);
CONDITION(can_train);        /* a run, not a file, is on the screen */
CONDITION(can_view);         /* arg: enum view_id */
CONDITION(can_choose_curve); /* arg: enum view_id */

#endif
