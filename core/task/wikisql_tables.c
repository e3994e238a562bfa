/* See wikisql_tables.h. */
#include "core/task/wikisql_tables.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/io/rows.h"
#include "core/task/buffer.h"

enum { FILE_LIMIT = 1 << 30 };

struct table {
    char *id, *columns; /* owned; columns: joined by ", " */
    char **column;      /* (count) owned */
    int count;
};

struct wikisql_tables {
    struct table *table; /* by id, ascending */
    int tables, room;
};

static bool read_table(struct table *to, const struct json *row)
{
    const char *id = json_text(json_get(row, "id"), "");
    const struct json *header = json_get(row, "header");
    int count = json_length(header);
    if (!id[0] || !json_is_array(header) || count == 0)
        return false;
    struct buffer columns = {0};
    *to = (struct table){.id = xstrdup(id), .count = count};
    to->column = xcalloc((size_t)count, sizeof *to->column);
    for (int i = 0; i < count; i++) {
        const char *name = json_text(json_at(header, i), "");
        to->column[i] = xstrdup(name);
        buffer_add(&columns, ", ", i ? 2 : 0);
        buffer_add(&columns, name, strlen(name));
    }
    to->columns = buffer_take(&columns);
    return true;
}

static int read_row(struct wikisql_tables *to, const struct rows *rows,
                    const char *path, struct err *err)
{
    struct json *row = json_parse(rows->at, rows->bytes, path, NULL);
    struct table table;
    bool fine = row && read_table(&table, row);
    json_free(row);
    if (!fine)
        return err_set(err,
                       "%.300s:%d: no table: expected {\"id\": ..., "
                       "\"header\": [...]}",
                       path, rows->line);
    if (to->tables == to->room) {
        int room = to->room ? 2 * to->room : 256;
        to->table =
            xgrow(to->table, (size_t)to->room, (size_t)room, sizeof *to->table);
        to->room = room;
    }
    to->table[to->tables++] = table;
    return 0;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct table *)a)->id, ((const struct table *)b)->id);
}

int wikisql_tables_open(struct wikisql_tables **to, const char *path,
                        struct err *err)
{
    char beside[1056], *text;
    size_t size, stem = strlen(path);
    *to = NULL;
    if (stem > 6 && strcmp(path + stem - 6, ".jsonl") == 0)
        stem -= 6;
    (void)snprintf(beside, sizeof beside, "%.*s.tables.jsonl",
                   (int)(stem < 1024 ? stem : 1024), path);
    if (!file_exists(beside))
        return 0;
    if (file_read(&text, &size, beside, FILE_LIMIT, err) < 0)
        return -1;
    struct wikisql_tables *tables = xcalloc(1, sizeof *tables);
    struct rows rows = rows_begin(text, size);
    int code = 0;
    while (code == 0 && rows_next(&rows))
        code = read_row(tables, &rows, beside, err);
    mem_free(text);
    if (code < 0) {
        wikisql_tables_close(tables);
        return -1;
    }
    if (tables->tables)
        qsort(tables->table, (size_t)tables->tables, sizeof *tables->table,
              by_id);
    *to = tables;
    return 0;
}

void wikisql_tables_close(struct wikisql_tables *tables)
{
    if (!tables)
        return;
    for (int i = 0; i < tables->tables; i++) {
        struct table *table = &tables->table[i];
        for (int k = 0; k < table->count; k++)
            mem_free(table->column[k]);
        mem_free(table->column);
        mem_free(table->columns);
        mem_free(table->id);
    }
    mem_free(tables->table);
    mem_free(tables);
}

int wikisql_table(const struct wikisql_tables *tables, const char *id)
{
    int low = 0, high = tables->tables;
    while (low < high) {
        int middle = low + (high - low) / 2;
        int order = strcmp(tables->table[middle].id, id);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

const char *wikisql_columns(const struct wikisql_tables *tables, int table)
{
    return tables->table[table].columns;
}

const char *wikisql_column(const struct wikisql_tables *tables, int table,
                           int column)
{
    const struct table *at = &tables->table[table];
    return column >= 0 && column < at->count ? at->column[column] : NULL;
}
