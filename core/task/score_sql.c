/* See score_sql.h. */
#include "core/task/score_sql.h"

#include <string.h>

#include "core/base/mem.h"

enum { CONDITIONS = 16 };

struct condition {
    const char *column, *value;
    char sign; /* = > < */
};

struct query {
    char *text; /* owned; the others point into it */
    const char *aggregate, *column;
    struct condition condition[CONDITIONS];
    int conditions;
};

/* Lower case, one blank where there were some, none at the ends. */
static char *tidy(const char *text)
{
    char *copy = xstrdup(text), *to = copy;
    for (const char *c = text; *c; c++) {
        bool blank = strchr(" \t\r\n\v\f", *c) != NULL;
        if (blank && (to == copy || to[-1] == ' '))
            continue;
        *to++ = blank ? ' ' : *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    }
    if (to > copy && to[-1] == ' ')
        to--;
    *to = '\0';
    return copy;
}

static void drop_blanks(char *text)
{
    char *to = text;
    for (const char *c = text; *c; c++)
        if (*c != ' ')
            *to++ = *c;
    *to = '\0';
}

static char *last_of(char *text, const char *word)
{
    char *found = NULL;
    for (char *at = text; (at = strstr(at, word)); at++)
        found = at;
    return found;
}

/* "count school" and "count(school)" into aggregate and column. */
static void read_selected(struct query *q, char *text)
{
    static const char *const names[] = {"max", "min", "count", "sum", "avg"};
    q->aggregate = "";
    for (int i = 0; i < 5; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(text, names[i], length) != 0 ||
            (text[length] != ' ' && text[length] != '('))
            continue;
        q->aggregate = names[i];
        text += length + (text[length] == ' ');
        break;
    }
    size_t last = strlen(text);
    if (q->aggregate[0] && text[0] == '(' && text[last - 1] == ')') {
        text[last - 1] = '\0';
        text++;
    }
    drop_blanks(text);
    q->column = text;
}

/* The sign between column and value: with blanks around it if there is such a
 * one, since names of columns hold signs too. */
static char *find_sign(char *text)
{
    static const char *const spaced[] = {" = ", " > ", " < "};
    char *found = NULL;
    for (int i = 0; i < 3; i++) {
        char *at = strstr(text, spaced[i]);
        if (at && (!found || at < found))
            found = at;
    }
    return found ? found + 1 : strpbrk(text, "=<>");
}

/* Where the value ends: a quoted one at a quote before " and " or the end, so
 * that it may hold quotes and "and". */
static char *value_end(char *value)
{
    char *at = value;
    if (*value == '\'') {
        for (at = strchr(value + 1, '\''); at; at = strchr(at + 1, '\''))
            if (at[1] == '\0' || strncmp(at + 1, " and ", 5) == 0)
                return at + 1;
    }
    at = strstr(value, " and ");
    return at ? at : value + strlen(value);
}

static char *unquoted(char *value)
{
    size_t length = strlen(value);
    if (length >= 2 && value[0] == '\'' && value[length - 1] == '\'') {
        value[length - 1] = '\0';
        value++;
    }
    drop_blanks(value);
    return value;
}

static bool read_conditions(struct query *q, char *text)
{
    while (q->conditions < CONDITIONS) {
        struct condition *to = &q->condition[q->conditions++];
        char *sign = find_sign(text);
        if (!sign || sign == text)
            return false;
        to->sign = *sign;
        *sign = '\0';
        char *value = sign + 1 + (sign[1] == ' ');
        char *end = value_end(value);
        bool more = *end != '\0';
        *end = '\0';
        drop_blanks(text);
        to->column = text;
        to->value = unquoted(value);
        if (!to->column[0])
            return false;
        if (!more)
            return true;
        text = end + 5; /* past " and " */
    }
    return false;
}

static bool read_query(struct query *q, const char *text)
{
    *q = (struct query){.text = tidy(text)};
    if (strncmp(q->text, "select ", 7) != 0)
        return false;
    char *selected = q->text + 7;
    char *where = strstr(selected, " where ");
    if (where)
        *where = '\0';
    /* The last: a column may be called "distance from home". */
    char *from = last_of(selected, " from ");
    if (!from)
        return false;
    *from = '\0';
    read_selected(q, selected);
    return q->column[0] && (!where || read_conditions(q, where + 7));
}

static bool has(const struct query *q, const struct condition *c)
{
    for (int i = 0; i < q->conditions; i++) {
        const struct condition *mine = &q->condition[i];
        if (mine->sign == c->sign && strcmp(mine->column, c->column) == 0 &&
            strcmp(mine->value, c->value) == 0)
            return true;
    }
    return false;
}

static bool within(const struct query *a, const struct query *b)
{
    for (int i = 0; i < a->conditions; i++)
        if (!has(b, &a->condition[i]))
            return false;
    return true;
}

bool sql_same(const char *a, const char *b)
{
    struct query x, y;
    bool fine = read_query(&x, a), same = read_query(&y, b) && fine;
    same = same && strcmp(x.aggregate, y.aggregate) == 0 &&
           strcmp(x.column, y.column) == 0 && within(&x, &y) && within(&y, &x);
    mem_free(x.text);
    mem_free(y.text);
    return same;
}
