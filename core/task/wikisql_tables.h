/*
 * The columns of WikiSQL's tables: NAME.tables.jsonl beside NAME.jsonl, a line
 * {"id": "1-23-4", "header": ["name", ...], ...} a table.
 */
#ifndef CORE_TASK_WIKISQL_TABLES_H
#define CORE_TASK_WIKISQL_TABLES_H

#include "core/base/err.h"

struct wikisql_tables;

/* For the data file at path; *to is NULL when there is no such file. */
int wikisql_tables_open(struct wikisql_tables **to, const char *path,
                        struct err *err);
void wikisql_tables_close(struct wikisql_tables *tables);

int wikisql_table(const struct wikisql_tables *tables, const char *id); /* -1 */
/* "name, age, city" */
const char *wikisql_columns(const struct wikisql_tables *tables, int table);
/* NULL: the table has not so many. */
const char *wikisql_column(const struct wikisql_tables *tables, int table,
                           int column);

#endif
