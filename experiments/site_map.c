/*
 * See site_map.h.  Rows and columns are found by the first name that has them.
 */
#include "experiments/site_map.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

enum { COLS_MOST = 16, FLAT = 8 };

enum which { FIRST, LAST };

/* Bytes up to and with the number that is taken; 0: there is none. */
static size_t row_length(const char *name, enum which which)
{
    size_t found = 0;
    for (size_t at = 0; name[at];) {
        size_t end = at + strcspn(name + at, ".");
        size_t digits = strspn(name + at, "0123456789");
        bool is_number = digits > 0 && at + digits == end;
        if (is_number && at > 0 && (which == LAST || !found))
            found = end;
        at = name[end] ? end + 1 : end;
    }
    return found;
}

static const char *column_of(const char *name, size_t row)
{
    return name[row] == '.' ? name + row + 1 : name + row;
}

/* Names cut in one of the two ways, and the first name of each row, column. */
struct cut {
    const char *const *name;
    size_t *row; /* (count) bytes of the row's part */
    int *first_row, *first_col;
};

static bool same_row(const struct cut *cut, int one, int other)
{
    return cut->row[one] == cut->row[other] &&
           strncmp(cut->name[one], cut->name[other], cut->row[one]) == 0;
}

static bool same_column(const struct cut *cut, int one, int other)
{
    return strcmp(column_of(cut->name[one], cut->row[one]),
                  column_of(cut->name[other], cut->row[other])) == 0;
}

static void place_all(struct site_map *map, struct cut *cut, int count,
                      enum which which)
{
    map->rows = map->cols = 0;
    for (int i = 0; i < count; i++) {
        int row = map->rows - 1, col = 0;
        cut->row[i] = row_length(cut->name[i], which);
        /* Names of a layer follow one another: the last row is near. */
        while (row >= 0 && !same_row(cut, cut->first_row[row], i))
            row--;
        while (col < map->cols && !same_column(cut, cut->first_col[col], i))
            col++;
        if (row < 0)
            cut->first_row[row = map->rows++] = i;
        if (col == map->cols)
            cut->first_col[map->cols++] = i;
        map->place[i] = (struct site_place){row, col};
    }
}

/* --- short names ------------------------------------------------------------
 */

/* Initials of the words and the numbers whole: d0a1t0; of a single number the
 * last word: layer.3, or l.31 where that is too long. */
static void name_row(char to[SITE_MAP_NAME], const char *name, size_t length)
{
    char text[160];
    size_t used = 0, word = 0, words = 0;
    if (length == 0) {
        (void)snprintf(to, SITE_MAP_NAME, "other");
        return;
    }
    for (size_t at = 0; at < length && used + 8 < sizeof text; at++) {
        bool begins = at == 0 || name[at - 1] == '.';
        bool is_digit = isdigit((unsigned char)name[at]) != 0;
        if (begins)
            words++;
        if (begins && !is_digit)
            word = at;
        if (begins || is_digit)
            text[used++] = name[at];
    }
    text[used] = '\0';
    int whole = (int)(length - word);
    if (words <= 5 && whole < SITE_MAP_NAME - 2)
        (void)snprintf(to, SITE_MAP_NAME, "%.*s", whole, name + word);
    else
        (void)snprintf(to, SITE_MAP_NAME, "%s", text);
}

/* q of q_proj, to_q, q_lin; a second one of that name has the word before it:
 * 2.q of attn2.to_q. */
static void bare(char *to, size_t size, const char *word, size_t length)
{
    static const char *const ends[] = {"_proj", "_lin", "_layer"};
    if (length > 3 && strncmp(word, "to_", 3) == 0) {
        word += 3;
        length -= 3;
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (length > end && strncmp(word + length - end, ends[i], end) == 0)
            length -= end;
    }
    (void)snprintf(to, size, "%.*s", (int)length, word);
}

static void name_column(char to[SITE_MAP_NAME], const char *column, bool longer)
{
    const char *last = strrchr(column, '.');
    const char *word = last ? last + 1 : column;
    char name[SITE_MAP_NAME];
    bare(name, sizeof name, word, strlen(word));
    if (!column[0])
        (void)snprintf(to, SITE_MAP_NAME, "all");
    else if (!longer || !last)
        (void)snprintf(to, SITE_MAP_NAME, "%s", name);
    else {
        const char *before = last;
        while (before > column && before[-1] != '.')
            before--;
        const char *tail = last;
        while (tail > before && isdigit((unsigned char)tail[-1]))
            tail--;
        (void)snprintf(to, SITE_MAP_NAME, "%c%.*s.%s", *before,
                       (int)(last - tail), tail, name);
    }
}

static void name_columns(struct site_map *map, const struct cut *cut)
{
    char(*plain)[SITE_MAP_NAME] = xcalloc((size_t)map->cols, sizeof *plain);
    for (int longer = 0; longer < 2; longer++)
        for (int col = 0; col < map->cols; col++) {
            int of = cut->first_col[col];
            bool is_double = false;
            for (int i = 0; longer && i < map->cols; i++)
                is_double = is_double ||
                            (i != col && strcmp(plain[i], plain[col]) == 0);
            name_column(map->col_name[col],
                        column_of(cut->name[of], cut->row[of]), is_double);
            if (!longer)
                memcpy(plain[col], map->col_name[col], SITE_MAP_NAME);
        }
    mem_free(plain);
}

/* --- maps -------------------------------------------------------------------
 */

static void take_names(struct site_map *map)
{
    map->row_name = xcalloc((size_t)map->rows, sizeof *map->row_name);
    map->col_name = xcalloc((size_t)map->cols, sizeof *map->col_name);
}

/* Eight in a row: 0, 8, 16 ... and +0 to +7. */
static void lay_flat(struct site_map *map, int count)
{
    map->rows = (count + FLAT - 1) / FLAT;
    map->cols = count < FLAT ? count : FLAT;
    take_names(map);
    for (int row = 0; row < map->rows; row++)
        (void)snprintf(map->row_name[row], SITE_MAP_NAME, "%d", row * FLAT);
    for (int col = 0; col < map->cols; col++)
        (void)snprintf(map->col_name[col], SITE_MAP_NAME, "+%d", col);
    for (int i = 0; i < count; i++)
        map->place[i] = (struct site_place){i / FLAT, i % FLAT};
}

static void name_all(struct site_map *map, const struct cut *cut)
{
    take_names(map);
    for (int row = 0; row < map->rows; row++) {
        int of = cut->first_row[row];
        name_row(map->row_name[row], cut->name[of], cut->row[of]);
    }
    name_columns(map, cut);
}

struct site_map *site_map_new(const char *const *name, int count)
{
    struct site_map *map = xcalloc(1, sizeof *map);
    size_t room = count > 0 ? (size_t)count : 1;
    struct cut cut = {.name = name,
                      .row = xcalloc(room, sizeof *cut.row),
                      .first_row = xcalloc(room, sizeof *cut.first_row),
                      .first_col = xcalloc(room, sizeof *cut.first_col)};
    map->place = xcalloc(room, sizeof *map->place);
    place_all(map, &cut, count, FIRST);
    long cells = (long)map->rows * map->cols;
    place_all(map, &cut, count, LAST);
    if (cells <= (long)map->rows * map->cols)
        place_all(map, &cut, count, FIRST);
    if ((map->rows > 1 && map->cols <= COLS_MOST) || map->cols <= FLAT)
        name_all(map, &cut);
    else
        lay_flat(map, count);
    mem_free(cut.row);
    mem_free(cut.first_row);
    mem_free(cut.first_col);
    return map;
}

void site_map_free(struct site_map *map)
{
    if (!map)
        return;
    mem_free(map->row_name);
    mem_free(map->col_name);
    mem_free(map->place);
    mem_free(map);
}
