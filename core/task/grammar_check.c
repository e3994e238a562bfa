/*
 * What makes a grammar safe to expand:
 *   names      every symbol mentioned is defined and has an alternative;
 *   origins    which word lists a variable's line may come from, so that
 *              <P.they> finds its column whatever was drawn (a fixed point);
 *   weights    nothing contains itself (grammar_weigh.c).
 */
#include "core/task/grammar_check.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/nearest.h"

typedef int visitor(struct check *c, const struct part *part,
                    const struct symbol *in);

static int each_part(struct check *c, visitor *visit)
{
    for (int s = 0; s < c->g->symbol_count; s++) {
        const struct symbol *symbol = &c->g->symbols[s];
        for (int a = 0; a < symbol->count; a++)
            for (int f = 0; f < symbol->columns; f++) {
                const struct template *t = &symbol->alternatives[a].fields[f];
                for (int i = 0; i < t->count; i++) {
                    int code = visit(c, &t->parts[i], symbol);
                    if (code)
                        return code;
                }
            }
    }
    return 0;
}

static int undefined(struct check *c, const struct part *part,
                     const struct symbol *in, int s)
{
    const struct symbol *symbol = &c->g->symbols[s];
    if (symbol->line && symbol->count)
        return 0;
    if (symbol->line)
        return err_set(c->err,
                       "%s:%d: %s has no alternatives; write some "
                       "below it, after blanks",
                       symbol->file, symbol->line, symbol->name);
    const char **names = xcalloc((size_t)c->g->symbol_count, sizeof *names);
    for (int i = 0; i < c->g->symbol_count; i++)
        if (c->g->symbols[i].line && *c->g->symbols[i].name)
            names[i] = c->g->symbols[i].name;
    const char *near = nearest(symbol->name, names, c->g->symbol_count);
    mem_free(names);
    return err_set(c->err, "%s:%d: <%s> is defined nowhere%s%s%s", in->file,
                   part->line, symbol->name, near ? "; did you mean <" : "",
                   near ? near : "", near ? ">?" : "");
}

/* <some> writes words as they stand. */
static int plain_list(struct check *c, const struct part *part,
                      const struct symbol *in, int s)
{
    const struct symbol *list = &c->g->symbols[s];
    for (int a = 0; a < list->count; a++) {
        const struct template *t = &list->alternatives[a].fields[0];
        if (t->count != 1 || t->parts[0].kind != PART_TEXT)
            return err_set(c->err,
                           "%s:%d: <some> takes lists of plain words, and "
                           "%s:%d is not one",
                           in->file, part->line, list->file,
                           list->alternatives[a].line);
    }
    return 0;
}

static int check_names(struct check *c, const struct part *part,
                       const struct symbol *in)
{
    if (part->kind == PART_SYMBOL)
        return undefined(c, part, in, part->symbol);
    for (int i = 0; i < part->list_count; i++)
        if (undefined(c, part, in, part->lists[i]) ||
            plain_list(c, part, in, part->lists[i]))
            return -1;
    bool fixed = part->low.variable < 0 && part->high.variable < 0 &&
                 (part->kind == PART_RANGE || part->kind == PART_SOME);
    if (fixed && part->low.number > part->high.number)
        return err_set(c->err,
                       "%s:%d: the range %d..%d is empty; write the "
                       "smaller number first",
                       in->file, part->line, part->low.number,
                       part->high.number);
    return 0;
}

bool grammar_passes(const struct template *template)
{
    if (template->count != 1)
        return false;
    const struct part *part = template->parts;
    return (part->kind == PART_SYMBOL || part->kind == PART_VARIABLE ||
            part->kind == PART_COLUMN) &&
           part->bind < 0 && !part->capital && !part->article;
}

bool *check_origins(const struct check *c, int node)
{
    return c->origins + (size_t)node * (size_t)(c->g->symbol_count + 1);
}

static bool unite(const struct check *c, bool *to, const bool *from)
{
    bool changed = false;
    for (int i = 0; i <= c->g->symbol_count; i++) {
        changed |= from[i] && !to[i];
        to[i] |= from[i];
    }
    return changed;
}

static bool mark(bool *row, int at)
{
    bool changed = !row[at];
    row[at] = true;
    return changed;
}

/* Adds what the part may stand for; true when something was new. */
static bool add_origins(const struct check *c, bool *to,
                        const struct part *part)
{
    int plain = c->g->symbol_count;
    if (part->kind == PART_SYMBOL)
        return unite(c, to, check_origins(c, part->symbol));
    if (part->kind == PART_VARIABLE)
        return unite(c, to, check_origins(c, plain + part->variable));
    if (part->kind != PART_COLUMN)
        return mark(to, plain);
    bool changed = false;
    const bool *from = check_origins(c, plain + part->variable);
    for (int s = 0; s < plain; s++) {
        const struct symbol *list = &c->g->symbols[s];
        int f = from[s] ? grammar_field(list, part->column) : -1;
        for (int a = 0; f >= 0 && a < list->count; a++) {
            const struct template *t = &list->alternatives[a].fields[f];
            changed |= grammar_passes(t) ? add_origins(c, to, t->parts)
                                         : mark(to, plain);
        }
    }
    return changed;
}

static int bind_origins(struct check *c, const struct part *part,
                        const struct symbol *in)
{
    (void)in;
    if (part->bind < 0)
        return 0;
    return add_origins(c, check_origins(c, c->g->symbol_count + part->bind),
                       part);
}

static void find_origins(struct check *c)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (int s = 0; s < c->g->symbol_count; s++) {
            const struct symbol *symbol = &c->g->symbols[s];
            bool *row = check_origins(c, s);
            for (int a = 0; a < symbol->count; a++) {
                const struct template *t = symbol->alternatives[a].fields;
                changed |= symbol->columns == 1 && grammar_passes(t)
                               ? add_origins(c, row, t->parts)
                               : mark(row, s);
            }
        }
        /* each_part stops at the first change: go on until none is left */
        while (each_part(c, bind_origins))
            changed = true;
    }
}

static bool never_bound(const struct check *c, int variable)
{
    const bool *row = check_origins(c, c->g->symbol_count + variable);
    for (int s = 0; s <= c->g->symbol_count; s++)
        if (row[s])
            return false;
    return true;
}

static int check_columns(struct check *c, const struct part *part,
                         const struct symbol *in)
{
    const struct grammar *g = c->g;
    int read[3] = {-1, part->low.variable, part->high.variable};
    if (part->kind == PART_VARIABLE || part->kind == PART_COLUMN)
        read[0] = part->variable;
    for (int i = 0; i < 3; i++)
        if (read[i] >= 0 && never_bound(c, read[i]))
            return err_set(c->err,
                           "%s:%d: %s is never bound; write <%s=...> "
                           "somewhere before it",
                           in->file, part->line, g->variables[read[i]],
                           g->variables[read[i]]);
    if (part->kind != PART_COLUMN)
        return 0;
    const char *name = g->variables[part->variable];
    const char *column = g->column_names[part->column];
    const bool *row = check_origins(c, g->symbol_count + part->variable);
    for (int s = 0; s < g->symbol_count; s++)
        if (row[s] && grammar_field(&g->symbols[s], part->column) < 0)
            return err_set(c->err,
                           "%s:%d: %s may be a line of %s (%s:%d), "
                           "which has no column %s",
                           in->file, part->line, name,
                           *g->symbols[s].name ? g->symbols[s].name
                                               : "a bracket",
                           g->symbols[s].file, g->symbols[s].line, column);
    if (row[g->symbol_count])
        return err_set(c->err,
                       "%s:%d: %s may be plain text, which has no "
                       "column %s",
                       in->file, part->line, name, column);
    return 0;
}

static int check_empty(const struct check *c)
{
    for (int s = 0; s < c->g->symbol_count; s++) {
        const struct symbol *symbol = &c->g->symbols[s];
        if (symbol->line && !symbol->count)
            return err_set(c->err,
                           "%s:%d: %s has no alternatives; write some "
                           "below it, after blanks",
                           symbol->file, symbol->line, symbol->name);
    }
    return 0;
}

int grammar_check(struct grammar *grammar, struct err *err)
{
    struct check c = {.g = grammar, .err = err};
    size_t symbols = (size_t)grammar->symbol_count;
    c.first = xcalloc(symbols + 1, sizeof *c.first);
    for (size_t s = 0; s < symbols; s++) {
        c.first[s] = c.nodes;
        c.nodes += grammar->symbols[s].columns;
    }
    size_t nodes = (size_t)c.nodes + 1;
    c.origins = xcalloc((symbols + GRAMMAR_VARIABLES) * (symbols + 1), 1);
    c.depth = xcalloc(nodes, sizeof *c.depth);
    c.size = xcalloc(nodes, sizeof *c.size);
    c.needs = xcalloc(nodes, sizeof *c.needs);
    c.gives = xcalloc(nodes, sizeof *c.gives);
    for (size_t i = 0; i < nodes; i++)
        c.gives[i] = ~(uint64_t)0; /* shrinks to the greatest fixed point */
    int code = check_empty(&c);
    if (code == 0)
        code = each_part(&c, check_names);
    if (code == 0) {
        find_origins(&c);
        code = each_part(&c, check_columns);
    }
    if (code == 0)
        code = check_weights(&c);
    mem_free(c.first);
    mem_free(c.origins);
    mem_free(c.depth);
    mem_free(c.size);
    mem_free(c.needs);
    mem_free(c.gives);
    return code;
}
