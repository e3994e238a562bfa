/*
 * Task "sql": a question about a table into a query, made by <sql> of the
 * world's grammar and shaped like WikiSQL (Zhong et al. 2017), or read from
 * files of WikiSQL (wikisql.h):
 *
 *     table: people
 *     columns: name, age, city
 *     Q: how old is Mia?
 *     A: SELECT age FROM people WHERE name = 'Mia'
 *
 * The split is that of question and answer: the same question never stands in
 * both, whatever columns the tables have.
 */
#include <stddef.h>

#include "core/task/pairs.h"
#include "core/task/task_table.h"
#include "core/task/wikisql.h"

static const struct pair_shape shape = {
    .symbol = "<sql>",
    .form = "a line \"Q: ...\" and after it a line \"A: ...\"",
    .answer_at = "\nA:",
    .key_at = "\nQ:",
    .read = wikisql_read,
    .expects = "WikiSQL as jsonl, an object a line",
};

static const char *const metrics[] = {"logical form", NULL};

static int open_sql(struct task *task, struct err *err)
{
    return pairs_open(task, &shape, err);
}

const struct task_ops task_sql = {
    .name = "sql",
    .summary = "a question and the columns of a table into a query",
    .metric = "exact match",
    .metrics = metrics,
    .open = open_sql,
    .close = pairs_close,
    .example = pairs_example,
    .report = pairs_report,
    .references = pairs_references,
    .labels = pairs_labels,
};
