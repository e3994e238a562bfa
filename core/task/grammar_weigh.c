/*
 * How deep and long each node can get, which variables it reads before it
 * binds them (needs) and which it binds on every way (gives): fixed points of
 * going through all templates again and again.
 */
#include "core/task/grammar_check.h"

#include <string.h>

/* More than any honest grammar of GRAMMAR_DEPTH needs to settle. */
enum { ROUNDS = 1000 };

/* What a part adds to the node that holds it. */
struct weighing {
    int depth;
    double size;
    uint64_t needs, gives;
};

static uint64_t bit(int variable)
{
    return variable < 0 ? 0 : (uint64_t)1 << variable;
}

static void weigh_node(const struct check *c, struct weighing *w, int node)
{
    if (c->depth[node] + 1 > w->depth)
        w->depth = c->depth[node] + 1;
    if (c->size[node] > w->size)
        w->size = c->size[node];
    w->needs |= c->needs[node];
    w->gives &= c->gives[node];
}

static struct weighing weigh_part(struct check *c, const struct part *part)
{
    struct weighing w = {0, 12, 0, ~(uint64_t)0}; /* 12: a number, an "an " */
    if (part->kind == PART_TEXT)
        w.size = (double)strlen(part->text);
    if (part->kind == PART_VARIABLE)
        w.size = c->text_size[part->variable];
    if (part->kind == PART_SYMBOL)
        weigh_node(c, &w, c->first[part->symbol]);
    if (part->kind == PART_COLUMN) {
        const bool *from =
            check_origins(c, c->g->symbol_count + part->variable);
        for (int s = 0; s < c->g->symbol_count; s++)
            if (from[s])
                weigh_node(c, &w,
                           c->first[s] +
                               grammar_field(&c->g->symbols[s], part->column));
    }
    if (part->kind == PART_VARIABLE || part->kind == PART_COLUMN)
        w.needs |= bit(part->variable);
    for (int i = 0; i < part->list_count; i++)
        w.size += 64.0 * c->g->symbols[part->lists[i]].count;
    w.needs |= bit(part->low.variable) | bit(part->high.variable);
    if (part->kind != PART_SYMBOL && part->kind != PART_COLUMN)
        w.gives = 0;
    w.gives |= bit(part->bind);
    if (part->bind >= 0 && w.size > c->text_size[part->bind]) {
        c->text_size[part->bind] = w.size;
        c->grew = part->bind;
    }
    return w;
}

static struct weighing weigh_template(struct check *c, const struct template *t)
{
    struct weighing sum = {0};
    for (int i = 0; i < t->count; i++) {
        struct weighing w = weigh_part(c, &t->parts[i]);
        if (w.depth > sum.depth)
            sum.depth = w.depth;
        sum.size += w.size;
        sum.needs |= w.needs & ~sum.gives;
        sum.gives |= w.gives;
    }
    return sum;
}

/* Weighs one node again; true when it changed. */
static bool weigh_field(struct check *c, const struct symbol *symbol, int node,
                        int field)
{
    struct weighing most = {0, 0, 0, ~(uint64_t)0};
    for (int a = 0; a < symbol->count; a++) {
        struct weighing w =
            weigh_template(c, &symbol->alternatives[a].fields[field]);
        if (w.depth > most.depth)
            most.depth = w.depth;
        if (w.size > most.size)
            most.size = w.size;
        most.needs |= w.needs;
        most.gives &= w.gives;
    }
    if (most.size > 2 * GRAMMAR_OUTPUT)
        most.size = 2 * GRAMMAR_OUTPUT;
    bool changed = most.depth != c->depth[node] || most.size > c->size[node] ||
                   most.needs != c->needs[node] || most.gives != c->gives[node];
    c->depth[node] = most.depth;
    c->size[node] = most.size;
    c->needs[node] = most.needs;
    c->gives[node] = most.gives;
    return changed;
}

static int too_much(struct check *c, const struct symbol *symbol, int node)
{
    const char *name = *symbol->name ? symbol->name : "a bracket";
    if (c->depth[node] > GRAMMAR_DEPTH)
        return err_set(c->err,
                       "%s:%d: %s contains itself, or is nested more "
                       "than %d deep",
                       symbol->file, symbol->line, name, GRAMMAR_DEPTH);
    if (c->size[node] > GRAMMAR_OUTPUT)
        return err_set(c->err, "%s:%d: %s can grow longer than %d characters",
                       symbol->file, symbol->line, name, GRAMMAR_OUTPUT);
    return 0;
}

int check_weights(struct check *c)
{
    bool changed = true;
    for (int round = 0; changed; round++) {
        if (round == ROUNDS)
            return err_set(c->err,
                           "%s: %s is made from itself and grows each "
                           "time; use another variable",
                           c->g->files[0], c->g->variables[c->grew]);
        changed = false;
        c->grew = -1;
        for (int s = 0; s < c->g->symbol_count; s++) {
            struct symbol *symbol = &c->g->symbols[s];
            for (int f = 0; f < symbol->columns; f++) {
                int node = c->first[s] + f;
                changed |= weigh_field(c, symbol, node, f);
                if (too_much(c, symbol, node) < 0)
                    return -1;
            }
        }
        changed |= c->grew >= 0;
    }
    for (int s = 0; s < c->g->symbol_count; s++)
        c->g->symbols[s].needs = c->needs[c->first[s]];
    return 0;
}

/* The first template of the symbol that reads the variable, itself or
 * through a symbol in it. */
static const struct part *reader(const struct grammar *g,
                                 const struct symbol *symbol, uint64_t wanted)
{
    for (int a = 0; a < symbol->count; a++) {
        const struct template *t = symbol->alternatives[a].fields;
        for (int i = 0; i < t->count; i++) {
            const struct part *part = &t->parts[i];
            uint64_t reads = bit(part->low.variable) | bit(part->high.variable);
            if (part->kind == PART_VARIABLE || part->kind == PART_COLUMN)
                reads |= bit(part->variable);
            if (part->kind == PART_SYMBOL)
                reads |= g->symbols[part->symbol].needs;
            if (reads & wanted)
                return part;
            if (bit(part->bind) & wanted)
                break;
        }
    }
    return NULL;
}

int grammar_need_closed(const struct grammar *grammar, int symbol,
                        struct err *err)
{
    const struct symbol *root = &grammar->symbols[symbol], *at = root;
    if (!root->needs)
        return 0;
    int variable = 0;
    while (!(root->needs & bit(variable)))
        variable++;
    const struct part *part = reader(grammar, at, bit(variable));
    while (part && part->kind == PART_SYMBOL) {
        at = &grammar->symbols[part->symbol];
        part = reader(grammar, at, bit(variable));
    }
    return err_set(err,
                   "%s:%d: %s may be read here before it is bound, on "
                   "the way from <%s>",
                   at->file, part ? part->line : at->line,
                   grammar->variables[variable], root->name);
}
