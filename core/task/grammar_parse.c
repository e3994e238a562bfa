/*
 * From the text of a grammar file to symbols, alternatives and parts.  What
 * the parts mean together is grammar_check.c's concern.
 *
 * Names of symbols and columns are lower case (a-z 0-9 -), names of variables
 * start with a capital.
 */
#include "core/task/grammar.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/task/buffer.h"

enum { NESTING = 8, NUMBER_MAX = 1000000 };

struct parser {
    struct grammar *grammar;
    const char *file;
    int line;
    int symbol; /* whose alternatives are read; -1: none yet */
    struct err *err;
};

static int bad(struct parser *p, const char *what, const char *where)
{
    return err_set(p->err, "%s:%d: %s: \"%.60s\"", p->file, p->line, what,
                   where);
}

static char *copy(const char *text, size_t count)
{
    char *to = xcalloc(count + 1, 1);
    memcpy(to, text, count);
    return to;
}

/* Room for one element more than count; there is always room for the next
 * power of two. */
static void *grow(void *at, int count, size_t size)
{
    if (count & (count - 1))
        return at;
    size_t old = (size_t)count;
    return xgrow(at, old, old ? 2 * old : 1, size);
}

static bool name_char(char c)
{
    return islower((unsigned char)c) || isdigit((unsigned char)c) || c == '-';
}

static size_t name_length(const char *at)
{
    size_t n = 0;
    if (islower((unsigned char)*at))
        while (name_char(at[n]))
            n++;
    return n;
}

static size_t variable_length(const char *at)
{
    size_t n = 0;
    if (isupper((unsigned char)*at))
        while (isalnum((unsigned char)at[n]))
            n++;
    return n;
}

static int new_symbol(struct parser *p, const char *name, size_t length)
{
    struct grammar *g = p->grammar;
    if (g->symbol_count == GRAMMAR_SYMBOLS)
        return bad(p, "more than 4000 symbols and brackets, use fewer", name);
    g->symbols = grow(g->symbols, g->symbol_count, sizeof *g->symbols);
    struct symbol *symbol = &g->symbols[g->symbol_count];
    symbol->name = copy(name, length);
    symbol->columns = 1;
    return g->symbol_count++;
}

static bool is(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

static int symbol_of(struct parser *p, const char *name, size_t length)
{
    const struct grammar *g = p->grammar;
    for (int i = 0; i < g->symbol_count; i++)
        if (is(g->symbols[i].name, name, length))
            return i;
    return new_symbol(p, name, length);
}

static int column_of(struct grammar *g, const char *name, size_t length)
{
    for (int i = 0; i < g->column_count; i++)
        if (is(g->column_names[i], name, length))
            return i;
    g->column_names =
        grow(g->column_names, g->column_count, sizeof *g->column_names);
    g->column_names[g->column_count] = copy(name, length);
    return g->column_count++;
}

static int variable_of(struct parser *p, const char *name, size_t length)
{
    struct grammar *g = p->grammar;
    for (int i = 0; i < g->variable_count; i++)
        if (is(g->variables[i], name, length))
            return i;
    if (g->variable_count == GRAMMAR_VARIABLES)
        return bad(p, "more than 64 different variables, use fewer", name);
    g->variables[g->variable_count] = copy(name, length);
    return g->variable_count++;
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

/* A number or a variable; returns what follows, or NULL after an error. */
static const char *read_operand(struct parser *p, struct operand *to,
                                const char *at)
{
    size_t length = variable_length(at);
    if (length) {
        to->variable = variable_of(p, at, length);
        return to->variable < 0 ? NULL : at + length;
    }
    char *end;
    long number = isdigit((unsigned char)*at) ? strtol(at, &end, 10) : -1;
    if (number < 0 || number > NUMBER_MAX) {
        bad(p, "a number from 0 to 1000000 or a variable is needed here", at);
        return NULL;
    }
    *to = (struct operand){-1, (int)number};
    return end;
}

static int need_end(struct parser *p, const char *at, const char *whole)
{
    return at && !*skip_blanks(at)
               ? 0
               : (at ? bad(p, "cannot be read between < and >", whole) : -1);
}

static int read_range(struct parser *p, struct part *part, const char *at,
                      const char *whole)
{
    part->kind = PART_RANGE;
    at = read_operand(p, &part->low, at);
    if (!at)
        return -1;
    if (strncmp(at, "..", 2) != 0)
        return bad(p, "a range is written <2..9>", whole);
    return need_end(p, read_operand(p, &part->high, at + 2), whole);
}

static int read_some(struct parser *p, struct part *part, const char *at,
                     const char *whole)
{
    part->kind = PART_SOME;
    at = read_operand(p, &part->low, skip_blanks(at));
    if (!at)
        return -1;
    if (strncmp(at, "..", 2) != 0)
        return bad(p, "write <some 2..4 list>", whole);
    at = read_operand(p, &part->high, at + 2);
    while (at && *(at = skip_blanks(at))) {
        size_t length = name_length(at);
        if (!length)
            return bad(p, "the name of a word list is needed", at);
        part->lists = grow(part->lists, part->list_count, sizeof *part->lists);
        int list = symbol_of(p, at, length);
        if (list < 0)
            return -1;
        part->lists[part->list_count++] = list;
        at += length;
    }
    if (!at)
        return -1;
    return part->list_count ? 0 : bad(p, "<some> names no word list", whole);
}

/* P, P.they, A+B, A-1, A..9 */
static int read_of_variable(struct parser *p, struct part *part, const char *at,
                            const char *whole)
{
    size_t length = variable_length(at);
    const char *after = at + length;
    if (strncmp(after, "..", 2) == 0)
        return read_range(p, part, at, whole);
    part->kind = PART_VARIABLE;
    part->variable = variable_of(p, at, length);
    if (part->variable < 0)
        return -1;
    if (*after == '.' && (length = name_length(after + 1))) {
        part->kind = PART_COLUMN;
        part->column = column_of(p->grammar, after + 1, length);
        after += 1 + length;
    } else if (*after == '+' || *after == '-') {
        part->kind = PART_SUM;
        part->sign = *after == '+' ? 1 : -1;
        part->low.variable = part->variable;
        after = read_operand(p, &part->high, after + 1);
    }
    return need_end(p, after, whole);
}

static int read_source(struct parser *p, struct part *part, const char *at,
                       const char *whole)
{
    if (variable_length(at))
        return read_of_variable(p, part, at, whole);
    if (isdigit((unsigned char)*at))
        return read_range(p, part, at, whole);
    size_t length = name_length(at);
    if (length == 4 && strncmp(at, "some ", 5) == 0)
        return read_some(p, part, at + 5, whole);
    if (!length)
        return bad(p, "neither a symbol nor a variable", whole);
    part->kind = PART_SYMBOL;
    part->symbol = symbol_of(p, at, length);
    return part->symbol < 0 ? -1 : need_end(p, at + length, whole);
}

/* What stands between < and >. */
static int read_reference(struct parser *p, struct part *part,
                          const char *whole)
{
    const char *at = skip_blanks(whole);
    if (*at == '^') {
        part->capital = true;
        at = skip_blanks(at + 1);
    }
    if (strncmp(at, "a ", 2) == 0) {
        part->article = true;
        at = skip_blanks(at + 2);
    }
    size_t length = variable_length(at);
    if (length && at[length] == '=') {
        if (part->capital || part->article)
            return bad(p,
                       "<P=...> writes nothing, so ^ and a do not belong "
                       "there",
                       whole);
        part->bind = variable_of(p, at, length);
        if (part->bind < 0)
            return -1;
        at += length + 1;
    }
    return read_source(p, part, at, whole);
}

static struct part *new_part(struct parser *p, struct template *to)
{
    to->parts = grow(to->parts, to->count, sizeof *to->parts);
    struct part *part = &to->parts[to->count++];
    part->line = p->line;
    part->bind = part->low.variable = part->high.variable = -1;
    return part;
}

static void flush(struct parser *p, struct template *to, struct buffer *text)
{
    if (!text->used)
        return;
    struct part *part = new_part(p, to);
    part->kind = PART_TEXT;
    part->text = buffer_take(text);
}

/* The end of a bracketed group, or of what <...> encloses; NULL if missing. */
static const char *closing(const char *at, char open, char close)
{
    int depth = 0;
    for (; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == open)
            depth++;
        else if (*at == close && --depth == 0)
            return at;
    }
    return NULL;
}

static int read_escape(struct parser *p, struct buffer *text, const char *at)
{
    const char *known = strchr("<>[]|\\ #*", at[1]);
    if (at[1] == 'n')
        buffer_char(text, '\n');
    else if (at[1] && known)
        buffer_char(text, at[1]);
    else
        return bad(p,
                   "after a backslash comes n or one of <>[]|\\#* or a "
                   "blank",
                   at);
    return 0;
}

static int add_alternatives(struct parser *p, int symbol, const char *text,
                            int nesting);

static int read_group(struct parser *p, struct template *to, const char *text,
                      int nesting)
{
    if (nesting == NESTING)
        return bad(p, "brackets are nested too deep, use a symbol", text);
    int symbol = new_symbol(p, "", 0);
    if (symbol < 0)
        return -1;
    p->grammar->symbols[symbol].line = p->line;
    p->grammar->symbols[symbol].file = p->file;
    struct part *part = new_part(p, to);
    part->kind = PART_SYMBOL;
    part->symbol = symbol;
    return add_alternatives(p, symbol, text, nesting + 1);
}

/* One template: text with references and groups.  to stays freeable. */
static int read_template(struct parser *p, struct template *to, const char *at,
                         int nesting)
{
    struct buffer text = {0};
    int code = 0;
    for (; code == 0 && *at; at++) {
        if (*at == '\\') {
            code = read_escape(p, &text, at);
            at += code == 0;
        } else if (*at == '<' || *at == '[') {
            bool group = *at == '[';
            const char *end = group ? closing(at, '[', ']') : strchr(at, '>');
            if (!end) {
                code =
                    bad(p, group ? "no ] closes this" : "no > closes this", at);
                break;
            }
            flush(p, to, &text);
            char *inside = copy(at + 1, (size_t)(end - at - 1));
            code = group ? read_group(p, to, inside, nesting)
                         : read_reference(p, new_part(p, to), inside);
            mem_free(inside);
            at = end;
        } else if (*at == ']' || *at == '>') {
            code = bad(p, "nothing opens this; write \\> or \\]", at);
        } else {
            buffer_char(&text, *at);
        }
    }
    flush(p, to, &text);
    buffer_free(&text);
    return code;
}

/* "3* text": leaves the text. */
static int read_weight(struct parser *p, double *weight, const char **text)
{
    *weight = 1;
    if (!isdigit((unsigned char)**text))
        return 0;
    char *end;
    double number = strtod(*text, &end);
    if (*end != '*' || (end[1] && end[1] != ' '))
        return 0;
    if (!(number > 0 && number <= 1e6))
        return bad(p, "a weight is above 0 and at most 1000000", *text);
    *weight = number;
    *text = skip_blanks(end + 1);
    return 0;
}

/* The field that ends at the next | of this level; *at moves behind it, or
 * becomes NULL at the end of the line. */
static char *next_field(const char **at)
{
    const char *start = skip_blanks(*at), *end = start;
    int depth = 0;
    for (; *end && !(*end == '|' && depth == 0); end++) {
        if (*end == '\\' && end[1])
            end++;
        else if (*end == '[')
            depth++;
        else if (*end == ']' && depth > 0)
            depth--;
    }
    *at = *end ? end + 1 : NULL;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t') &&
           !(end - start > 1 && end[-2] == '\\'))
        end--;
    return copy(start, (size_t)(end - start));
}

static struct alternative *new_alternative(struct parser *p, int symbol)
{
    struct symbol *to = &p->grammar->symbols[symbol];
    to->alternatives =
        grow(to->alternatives, to->count, sizeof *to->alternatives);
    struct alternative *new = &to->alternatives[to->count++];
    new->line = p->line;
    new->weight = 1;
    new->fields = xcalloc((size_t)to->columns, sizeof *new->fields);
    return new;
}

/* All fields of one line of a word list. */
static int add_row(struct parser *p, int symbol, const char *text)
{
    int columns = p->grammar->symbols[symbol].columns;
    struct alternative row = *new_alternative(p, symbol);
    const char *at = text;
    int i = 0, code = read_weight(p, &row.weight, &at);
    struct symbol *list = &p->grammar->symbols[symbol];
    list->alternatives[list->count - 1].weight = row.weight;
    list->weight += row.weight;
    for (; code == 0 && at && i < columns; i++) {
        char *field = next_field(&at);
        code = read_template(p, &row.fields[i], field, 0);
        mem_free(field);
    }
    if (code == 0 && (at || i < columns))
        return err_set(p->err,
                       "%s:%d: this line of %s needs %d fields with | between "
                       "them: \"%.60s\"",
                       p->file, p->line, p->grammar->symbols[symbol].name,
                       columns, text);
    return code;
}

static int add_alternatives(struct parser *p, int symbol, const char *text,
                            int nesting)
{
    const char *at = text;
    int code = 0;
    while (code == 0 && at) {
        char *field = next_field(&at);
        const char *body = field;
        double weight;
        code = read_weight(p, &weight, &body);
        struct alternative *new = new_alternative(p, symbol);
        new->weight = weight;
        p->grammar->symbols[symbol].weight += weight;
        struct template *to = new->fields; /* new moves when groups are added */
        if (code == 0)
            code = read_template(p, to, body, nesting);
        mem_free(field);
    }
    return code;
}

static int read_columns(struct parser *p, struct symbol *symbol,
                        const char **text)
{
    const char *at = *text + 1;
    for (;;) {
        at = skip_blanks(at);
        size_t length = name_length(at);
        if (!length)
            return bad(p, "column names stand in (...) with commas", *text);
        if (symbol->columns == GRAMMAR_COLUMNS)
            return bad(p, "too many columns, 16 at most", *text);
        int column = column_of(p->grammar, at, length);
        if (grammar_field(symbol, column) >= 0)
            return bad(p, "this column is there twice", at);
        symbol->column[symbol->columns++] = column;
        at = skip_blanks(at + length);
        if (*at == ')')
            break;
        if (*at++ != ',')
            return bad(p, "column names stand in (...) with commas", *text);
    }
    *text = skip_blanks(at + 1);
    return 0;
}

/* "name =", "name(they, them) =", "name = red | green" */
static int read_head(struct parser *p, const char *text)
{
    size_t length = name_length(text);
    if (!length)
        return bad(p,
                   "a line starts with blanks (an alternative), # or a "
                   "name in lower case",
                   text);
    p->symbol = symbol_of(p, text, length);
    if (p->symbol < 0)
        return -1;
    struct symbol *symbol = &p->grammar->symbols[p->symbol];
    if (symbol->line)
        return err_set(p->err,
                       "%s:%d: %s was already defined at %s:%d; "
                       "rename one of them",
                       p->file, p->line, symbol->name, symbol->file,
                       symbol->line);
    symbol->line = p->line;
    symbol->file = p->file;
    const char *at = skip_blanks(text + length);
    if (*at == '(' && read_columns(p, symbol, &at) < 0)
        return -1;
    if (*at != '=')
        return bad(p, "= is missing after the name", text);
    at = skip_blanks(at + 1);
    if (!*at)
        return 0;
    if (symbol->columns > 1)
        return bad(p,
                   "the words of a list with columns come on lines of "
                   "their own",
                   text);
    return add_alternatives(p, p->symbol, at, 0);
}

static int read_line(struct parser *p, const char *text)
{
    const char *body = skip_blanks(text);
    if (!*body || *body == '#')
        return 0;
    if (body == text)
        return read_head(p, text);
    if (p->symbol < 0)
        return bad(p, "an alternative before any \"name =\"", body);
    if (p->grammar->symbols[p->symbol].columns > 1)
        return add_row(p, p->symbol, body);
    return add_alternatives(p, p->symbol, body, 0);
}

/* The line ends in a backslash that is not itself written \\. */
static bool continues(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[length - 1 - count] == '\\')
        count++;
    return count % 2 == 1;
}

/* Joins lines that end in a backslash; changes text. */
int grammar_parse(struct grammar *grammar, const char *file, char *text,
                  struct err *err)
{
    struct parser parser = {grammar, file, 0, -1, err};
    struct buffer joined = {0};
    int line = 0, code = 0;
    while (code == 0 && text) {
        char *end = strchr(text, '\n');
        if (end)
            *end = '\0';
        line++;
        size_t length = strlen(text);
        if (length && text[length - 1] == '\r')
            text[--length] = '\0';
        bool goes_on = end && continues(text, length);
        if (!joined.used)
            parser.line = line;
        const char *piece = joined.used ? skip_blanks(text) : text;
        buffer_add(&joined, piece, strlen(piece) - goes_on);
        text = end ? end + 1 : NULL;
        if (goes_on)
            continue;
        code = read_line(&parser, joined.at);
        buffer_cut(&joined, 0);
    }
    buffer_free(&joined);
    return code;
}
