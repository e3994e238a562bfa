/*
 * WikiSQL (Zhong et al. 2017) in the forms it is passed on in, one JSON object
 * a line:
 *
 *   {"text": "table: ..\ncolumns: ..\nQ: ..\nA: SELECT .."}      (mlx)
 *   {"table_id", "question", "sql": {"sel": 3, "agg": 0,
 *    "conds": [[5, 0, "x"]]}}                                    (1.1)
 *   the same with "sel": "Position", "agg": "", "conds": [["Team", "=", "x"]]
 *                                                                (v2)
 *
 * The last two name no columns.  For 1.1 they are taken from NAME.tables.jsonl
 * beside NAME.jsonl when it is there; otherwise columns are written as the
 * authors do without a table: col0, col1.
 */
#ifndef CORE_TASK_WIKISQL_H
#define CORE_TASK_WIKISQL_H

struct intake;

int wikisql_read(struct intake *intake);

#endif
