/* See wikisql.h. */
#include "core/task/wikisql.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/json.h"
#include "core/io/rows.h"
#include "core/task/buffer.h"
#include "core/task/dataset.h"
#include "core/task/wikisql_tables.h"

struct reading {
    struct intake *intake;
    struct wikisql_tables *tables; /* NULL: there are none */
    int line;
    bool numbered, named; /* rows of form 1.1, of form v2 were seen */
};

static const char *const aggregates[] = {"",      "MAX", "MIN",
                                         "COUNT", "SUM", "AVG"};
static const char *const signs[] = {"=", ">", "<"};

enum {
    AGGREGATES = sizeof aggregates / sizeof *aggregates,
    SIGNS = sizeof signs / sizeof *signs,
};

static void add(struct buffer *to, const char *text)
{
    buffer_add(to, text, strlen(text));
}

/* ---- {"text": ...} */

static int read_text(struct reading *r, const char *text)
{
    const char *question = strstr(text, "\nQ:");
    const char *answer = question ? strstr(question, "\nA:") : NULL;
    if (!answer || strncmp(answer, "\nA: SELECT ", 11) != 0)
        return intake_refuse(r->intake, r->line,
                             "\"text\" has no line \"Q: ...\" with a line "
                             "\"A: SELECT ...\" below it");
    answer += 3;
    struct buffer prompt = {0};
    buffer_add(&prompt, text, (size_t)(answer - text));
    int code = intake_add(r->intake, r->line, prompt.at, answer);
    buffer_free(&prompt);
    return code;
}

/* ---- {"sql": {"sel", "agg", "conds"}} */

/* What names[] the value means: by number, or by itself; NULL: neither. */
static const char *word_of(const struct json *value, const char *const *names,
                           int count)
{
    long long i = json_int(value, -1);
    if (i >= 0 && i < count)
        return names[i];
    const char *text = json_text(value, NULL);
    for (int k = 0; text && k < count; k++)
        if (strcmp(names[k], text) == 0)
            return names[k];
    return NULL;
}

/* The column's name, or coln; false: it is none. */
static bool add_column(struct reading *r, struct buffer *to, int table,
                       const struct json *value)
{
    const char *text = json_text(value, NULL);
    long long i = json_int(value, -1);
    if (!text && table >= 0)
        text = wikisql_column(r->tables, table, (int)(i < 4096 ? i : -1));
    char number[32];
    if (!text && table < 0 && i >= 0 && i < 4096) {
        (void)snprintf(number, sizeof number, "col%lld", i);
        text = number;
        r->numbered = true;
    } else if (json_text(value, NULL)) {
        r->named = true;
    }
    if (!text || !text[0])
        return false;
    add(to, text);
    return true;
}

/* As the mlx form writes them: text in quotes, numbers without. */
static bool add_value(struct buffer *to, const struct json *value)
{
    const char *text = json_text(value, NULL);
    char number[40];
    if (text) {
        buffer_char(to, '\'');
        add(to, text);
        buffer_char(to, '\'');
        return true;
    }
    if (json_number(value, -1) != json_number(value, 1))
        return false;
    (void)snprintf(number, sizeof number, "%.10g", json_number(value, 0));
    add(to, number);
    return true;
}

static const char *add_conditions(struct reading *r, struct buffer *to,
                                  int table, const struct json *conditions)
{
    if (!json_is_array(conditions))
        return "\"conds\" is no list";
    for (int i = 0; i < json_length(conditions); i++) {
        const struct json *one = json_at(conditions, i);
        add(to, i ? " AND " : " WHERE ");
        if (json_length(one) != 3 || !add_column(r, to, table, json_at(one, 0)))
            return "a condition does not begin with a column";
        const char *sign = word_of(json_at(one, 1), signs, SIGNS);
        if (!sign)
            return "the sign of a condition is not =, > or < (0, 1, 2)";
        buffer_char(to, ' ');
        add(to, sign);
        buffer_char(to, ' ');
        if (!add_value(to, json_at(one, 2)))
            return "the value of a condition is neither text nor a number";
    }
    return NULL;
}

/* Writes the query; what is wrong with it, or NULL. */
static const char *add_query(struct reading *r, struct buffer *to,
                             const char *id, int table, const struct json *sql)
{
    const char *aggregate =
        word_of(json_get(sql, "agg"), aggregates, AGGREGATES);
    if (!aggregate)
        return "\"agg\" is not one of 0..5 or \"\", MAX, MIN, COUNT, SUM, AVG";
    add(to, " SELECT ");
    add(to, aggregate);
    add(to, aggregate[0] ? " " : "");
    if (!add_column(r, to, table, json_get(sql, "sel")))
        return "\"sel\" is no column of the table";
    add(to, " FROM ");
    add(to, id);
    return add_conditions(r, to, table, json_get(sql, "conds"));
}

static int read_sql(struct reading *r, const struct json *row)
{
    const char *id = json_text(json_get(row, "table_id"), "");
    const char *question = json_text(json_get(row, "question"), "");
    const struct json *sql = json_get(row, "sql");
    if (!id[0] || !question[0] || !json_is_object(sql))
        return intake_refuse(r->intake, r->line,
                             "neither \"text\" nor \"table_id\", \"question\" "
                             "and \"sql\" are there");
    int table = r->tables ? wikisql_table(r->tables, id) : -1;
    if (r->tables && table < 0)
        return intake_refuse(r->intake, r->line,
                             "the table %.60s is not in the tables file", id);
    struct buffer prompt = {0}, answer = {0};
    add(&prompt, "table: ");
    add(&prompt, id);
    if (table >= 0) {
        add(&prompt, "\ncolumns: ");
        add(&prompt, wikisql_columns(r->tables, table));
    }
    add(&prompt, "\nQ: ");
    add(&prompt, question);
    add(&prompt, "\nA:");
    const char *wrong = add_query(r, &answer, id, table, sql);
    int code = wrong ? intake_refuse(r->intake, r->line, "%s", wrong)
                     : intake_add(r->intake, r->line, prompt.at, answer.at);
    buffer_free(&prompt);
    buffer_free(&answer);
    return code;
}

static int read_row(struct reading *r, const struct rows *rows)
{
    struct json *row = intake_json(r->intake, rows);
    if (!row)
        return intake_bad(r->intake);
    const char *text = json_text(json_get(row, "text"), NULL);
    int code = text ? read_text(r, text) : read_sql(r, row);
    json_free(row);
    return code;
}

int wikisql_read(struct intake *intake)
{
    struct reading r = {.intake = intake};
    if (wikisql_tables_open(&r.tables, intake->path, intake->err) < 0)
        return -1;
    struct rows rows = rows_begin(intake->text, intake->size);
    int code = 0;
    while (code == 0 && rows_next(&rows)) {
        r.line = rows.line;
        code = read_row(&r, &rows);
    }
    if (r.numbered)
        (void)snprintf(intake->said, sizeof intake->said,
                       "there is no tables file (NAME.tables.jsonl), so "
                       "prompts have no columns and queries say col0, col1");
    else if (r.named && !r.tables)
        (void)snprintf(intake->said, sizeof intake->said,
                       "there is no tables file (NAME.tables.jsonl), so "
                       "prompts have no columns");
    wikisql_tables_close(r.tables);
    return code;
}
