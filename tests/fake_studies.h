/*
 * Answers to what the screen asks, from formulas: updates that share a few
 * directions and are chance in the rest, two intruders, twins with a gap,
 * section 7.  Put into a snapshot made by hand and released with it.
 */
#ifndef TESTS_FAKE_STUDIES_H
#define TESTS_FAKE_STUDIES_H

#include "tui/ui.h"

/* The answer to the question of the open page, if it asks one. */
void fake_studies_answer(struct snapshot *snapshot, const struct ui *ui);
/* The same of all pages, as a fresh ui asks. */
void fake_studies_fill(struct snapshot *snapshot);
/* The open page's question, refused. */
void fake_studies_refuse(struct snapshot *snapshot, const struct ui *ui,
                         const char *sentence);
void fake_studies_release(struct snapshot *snapshot);

#endif
