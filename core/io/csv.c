/* See csv.h. */
#include "core/io/csv.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/rows.h"

void csv_begin(struct csv *csv, const char *path, const char *text, size_t size)
{
    size_t mark = rows_mark(text, size);
    *csv = (struct csv){
        .path = path, .at = text + mark, .end = text + size, .next_line = 1};
}

void csv_end(struct csv *csv)
{
    buffer_free(&csv->text);
    mem_free(csv->field);
    mem_free(csv->start);
    *csv = (struct csv){0};
}

/* Bytes of the line end the reader stands on; 0: on none. */
static size_t line_end(const struct csv *csv)
{
    if (csv->at < csv->end && csv->at[0] == '\n')
        return 1;
    return csv->end - csv->at >= 2 && csv->at[0] == '\r' && csv->at[1] == '\n'
               ? 2
               : 0;
}

static void pass_line_end(struct csv *csv)
{
    csv->at += line_end(csv);
    csv->next_line++;
}

static void pass_blank_lines(struct csv *csv)
{
    while (csv->at < csv->end && line_end(csv))
        pass_line_end(csv);
}

static void begin_field(struct csv *csv)
{
    if (csv->fields == csv->room) {
        int room = csv->room ? 2 * csv->room : 8;
        csv->start = xgrow(csv->start, (size_t)csv->room, (size_t)room,
                           sizeof *csv->start);
        csv->field = xgrow(csv->field, (size_t)csv->room, (size_t)room,
                           sizeof *csv->field);
        csv->room = room;
    }
    csv->start[csv->fields++] = csv->text.used;
}

/* Where the field began is where the quote may be missing. */
static int refuse_after_quote(const struct csv *csv, int opened,
                              struct err *err)
{
    char began[64] = "";
    if (opened != csv->next_line)
        (void)snprintf(began, sizeof began, " (the field began on line %d)",
                       opened);
    return err_set(err,
                   "%.300s:%d: row %d: after a closing quote stands \"%.1s\", "
                   "not a comma or the end of the line%s; a quote is missing, "
                   "or one inside a field is not doubled",
                   csv->path, csv->next_line, csv->row, csv->at, began);
}

static int read_quoted(struct csv *csv, struct err *err)
{
    int opened = csv->next_line;
    csv->at++;
    for (; csv->at < csv->end; csv->at++) {
        bool quote = *csv->at == '"';
        if (quote && csv->at + 1 < csv->end && csv->at[1] == '"') {
            csv->at++;
        } else if (quote) {
            csv->at++;
            if (csv->at == csv->end || *csv->at == ',' || line_end(csv))
                return 0;
            return refuse_after_quote(csv, opened, err);
        } else if (line_end(csv) == 2) {
            continue; /* the LF comes next */
        }
        csv->next_line += *csv->at == '\n';
        buffer_char(&csv->text, *csv->at);
    }
    return err_set(err,
                   "%.300s:%d: row %d: the quote that opens here is never "
                   "closed; put the missing quote at the end of the field",
                   csv->path, opened, csv->row);
}

static int read_plain(struct csv *csv, struct err *err)
{
    const char *from = csv->at;
    for (; csv->at < csv->end && *csv->at != ',' && !line_end(csv); csv->at++)
        if (*csv->at == '"')
            return err_set(err,
                           "%.300s:%d: row %d: a quote inside a field that "
                           "does not begin with one; put the whole field in "
                           "quotes and double the quotes in it",
                           csv->path, csv->next_line, csv->row);
    buffer_add(&csv->text, from, (size_t)(csv->at - from));
    return 0;
}

static int read_record(struct csv *csv, struct err *err)
{
    for (;;) {
        begin_field(csv);
        bool quoted = csv->at < csv->end && *csv->at == '"';
        if ((quoted ? read_quoted(csv, err) : read_plain(csv, err)) < 0)
            return -1;
        buffer_char(&csv->text, '\0');
        if (csv->at == csv->end || *csv->at != ',')
            break;
        csv->at++;
    }
    if (csv->at < csv->end)
        pass_line_end(csv);
    for (int i = 0; i < csv->fields; i++)
        csv->field[i] = csv->text.at + csv->start[i];
    return 1;
}

int csv_next(struct csv *csv, struct err *err)
{
    pass_blank_lines(csv);
    csv->fields = 0;
    buffer_cut(&csv->text, 0);
    if (csv->at == csv->end)
        return 0;
    const char *from = csv->at;
    csv->line = csv->next_line;
    csv->row++;
    if (read_record(csv, err) > 0)
        return 1;
    const char *stop = memchr(from, '\n', (size_t)(csv->end - from));
    csv->at = stop ? stop + 1 : csv->end;
    csv->next_line = csv->line + 1;
    return -1;
}
