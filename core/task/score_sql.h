/*
 * Logical form (Zhong et al. 2017, section 4): two queries are the same when
 * aggregate, column and the set of conditions are, whatever the order of the
 * conditions, case, spaces, and quotes around values.  The table is not
 * compared: the prompt names it.
 *
 *     SELECT [AGGREGATE] column FROM table [WHERE c = v [AND c > v] ...]
 *
 * Columns may hold blanks, "AVG(x)" is "AVG x".  What is no such query is the
 * same as nothing.
 */
#ifndef CORE_TASK_SCORE_SQL_H
#define CORE_TASK_SCORE_SQL_H

#include <stdbool.h>

bool sql_same(const char *a, const char *b);

#endif
