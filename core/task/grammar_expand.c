/*
 * Expansion with a stack of its own: a frame is a template being written.
 * What a <P=...> draws is written like everything else and then cut out of
 * the text again.
 *
 * Two variables never hold the same line of the same word list: drawing is
 * repeated until the new one differs (at most ATTEMPTS times, for lists with
 * fewer words than the document has names).
 */
#include "core/task/grammar.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/task/buffer.h"

enum { ATTEMPTS = 100 };

/* The line of a word list that text stands for; symbol -1: none. */
struct origin {
    int symbol;
    const struct alternative *line;
};

struct variable {
    char *text; /* NULL: not bound */
    struct origin origin;
};

struct frame {
    const struct template *template;
    int next;                 /* part */
    const struct part *owner; /* the part this expands; NULL at the root */
    size_t start;             /* in the output */
    int attempts;
    bool passes;
    struct origin origin;
};

struct expansion {
    const struct grammar *g;
    struct rng *rng;
    struct buffer out;
    struct variable variables[GRAMMAR_VARIABLES];
    struct frame frames[GRAMMAR_DEPTH + 2];
    int depth;
};

static const struct origin NOTHING = {-1, NULL};

static const struct alternative *draw(const struct symbol *symbol,
                                      struct rng *rng)
{
    double left = rng_uniform(rng) * symbol->weight;
    int i = 0;
    while (i + 1 < symbol->count && left >= symbol->alternatives[i].weight)
        left -= symbol->alternatives[i++].weight;
    return &symbol->alternatives[i];
}

/* Brackets may turn out empty: no double blanks, none before a stop or at the
 * end of a line. */
static void add_text(struct buffer *out, const char *text)
{
    char last = out->used ? out->at[out->used - 1] : '\n';
    bool blank = last == ' ' || last == '\n';
    if (blank && *text == ' ')
        text++;
    else if (last == ' ' && *text && strchr(".,?!:;\n", *text))
        buffer_cut(out, out->used - 1);
    buffer_add(out, text, strlen(text));
}

static void add_number(struct buffer *out, long number)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%ld", number);
    buffer_add(out, text, (size_t)length);
}

static long value(const struct expansion *e, struct operand operand)
{
    if (operand.variable < 0)
        return operand.number;
    const char *text = e->variables[operand.variable].text;
    return text ? strtol(text, NULL, 10) : 0;
}

static long draw_range(struct expansion *e, const struct part *part)
{
    long low = value(e, part->low), high = value(e, part->high);
    if (high <= low)
        return low;
    return low + (long)rng_below(e->rng, (uint32_t)(high - low + 1));
}

static bool is_bound(const struct expansion *e, const struct alternative *line)
{
    for (int i = 0; i < e->g->variable_count; i++)
        if (e->variables[i].text && e->variables[i].origin.line == line)
            return true;
    return false;
}

/* Some lines of the lists, those that variables stand for among them. */
static void add_some(struct expansion *e, const struct part *part)
{
    size_t room = 0;
    for (int i = 0; i < part->list_count; i++)
        room += (size_t)e->g->symbols[part->lists[i]].count;
    const struct alternative **lines = xcalloc(room + 1, sizeof *lines);
    bool *chosen = xcalloc(room + 1, sizeof *chosen);
    size_t count = 0;
    for (int i = 0; i < part->list_count; i++) {
        const struct symbol *list = &e->g->symbols[part->lists[i]];
        for (int k = 0; k < list->count; k++) {
            size_t to = rng_below(e->rng, (uint32_t)(count + 1));
            lines[count++] = lines[to]; /* inside-out shuffle */
            lines[to] = &list->alternatives[k];
        }
    }
    long wanted = draw_range(e, part);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < count; i++)
            if (!chosen[i] && (pass ? wanted > 0 : is_bound(e, lines[i]))) {
                chosen[i] = true;
                wanted--;
            }
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        if (!chosen[i])
            continue;
        if (!first)
            buffer_add(&e->out, ", ", 2);
        first = false;
        add_text(&e->out, lines[i]->fields[0].parts[0].text);
    }
    mem_free(lines);
    mem_free(chosen);
}

static void push(struct expansion *e, const struct template *template,
                 const struct part *owner, struct origin origin)
{
    assert(e->depth < GRAMMAR_DEPTH + 2); /* grammar_check saw to that */
    bool list = origin.symbol >= 0 && e->g->symbols[origin.symbol].columns > 1;
    e->frames[e->depth++] = (struct frame){
        .template = template,
        .owner = owner,
        .start = e->out.used,
        .passes = !list && grammar_passes(template),
        .origin = origin,
    };
}

static bool clashes(const struct expansion *e, struct origin origin,
                    const char *text)
{
    for (int i = 0; i < e->g->variable_count; i++) {
        const struct variable *v = &e->variables[i];
        if (v->text && origin.symbol >= 0 &&
            v->origin.symbol == origin.symbol && strcmp(v->text, text) == 0)
            return true;
    }
    return false;
}

/* Cuts the text from start out of the output and gives it to the variable;
 * false when it must be drawn again. */
static bool bind(struct expansion *e, const struct part *part, size_t start,
                 struct origin origin, bool last_attempt)
{
    struct buffer text = {0};
    buffer_add(&text, e->out.at ? e->out.at + start : "", e->out.used - start);
    buffer_cut(&e->out, start);
    bool copies = part->kind == PART_VARIABLE;
    if (!copies && !last_attempt && clashes(e, origin, text.at)) {
        buffer_free(&text);
        return false;
    }
    struct variable *variable = &e->variables[part->bind];
    mem_free(variable->text);
    variable->text = buffer_take(&text);
    variable->origin = origin;
    return true;
}

static void decorate(struct expansion *e, const struct part *part, size_t start)
{
    if (start == e->out.used)
        return;
    if (part->article) {
        char first = (char)tolower((unsigned char)e->out.at[start]);
        bool vowel = first && strchr("aeiou", first);
        struct buffer rest = {0};
        buffer_add(&rest, e->out.at + start, e->out.used - start);
        buffer_cut(&e->out, start);
        buffer_add(&e->out, vowel ? "an " : "a ", vowel ? 3 : 2);
        buffer_add(&e->out, rest.at, rest.used);
        buffer_free(&rest);
    }
    if (part->capital)
        e->out.at[start] = (char)toupper((unsigned char)e->out.at[start]);
}

/* A part of the top frame is written; hands on what it stands for. */
static void finish(struct expansion *e, const struct part *part, size_t start,
                   struct origin origin)
{
    struct frame *frame = &e->frames[e->depth - 1];
    if (part->bind >= 0) {
        bool last = frame->attempts >= ATTEMPTS;
        bool done = bind(e, part, start, origin, last);
        frame->attempts = done ? 0 : frame->attempts + 1;
        frame->next -= !done;
        return;
    }
    decorate(e, part, start);
    if (frame->passes && origin.symbol >= 0)
        frame->origin = origin;
}

static void step(struct expansion *e, const struct part *part)
{
    size_t start = e->out.used;
    const struct symbol *symbol;
    const struct alternative *line;
    const struct variable *variable = &e->variables[part->variable];
    struct origin origin = NOTHING;
    switch (part->kind) {
    case PART_TEXT:
        add_text(&e->out, part->text);
        break;
    case PART_SYMBOL:
        symbol = &e->g->symbols[part->symbol];
        line = draw(symbol, e->rng);
        push(e, line->fields, part, (struct origin){part->symbol, line});
        return;
    case PART_VARIABLE:
        add_text(&e->out, variable->text ? variable->text : "");
        origin = variable->text ? variable->origin : NOTHING;
        break;
    case PART_COLUMN:
        if (!variable->text || variable->origin.symbol < 0)
            break; /* only when the root itself reads what nobody bound */
        symbol = &e->g->symbols[variable->origin.symbol];
        push(
            e,
            &variable->origin.line->fields[grammar_field(symbol, part->column)],
            part, NOTHING);
        return;
    case PART_RANGE:
        add_number(&e->out, draw_range(e, part));
        break;
    case PART_SUM:
        add_number(&e->out,
                   value(e, part->low) + part->sign * value(e, part->high));
        break;
    case PART_SOME:
        add_some(e, part);
        break;
    }
    finish(e, part, start, origin);
}

char *grammar_expand(const struct grammar *grammar, int symbol, struct rng *rng)
{
    struct expansion e = {.g = grammar, .rng = rng};
    const struct alternative *line = draw(&grammar->symbols[symbol], rng);
    push(&e, line->fields, NULL, (struct origin){symbol, line});
    while (e.depth > 0) {
        struct frame *frame = &e.frames[e.depth - 1];
        if (frame->next < frame->template->count) {
            step(&e, &frame->template->parts[frame->next++]);
            continue;
        }
        e.depth--;
        if (frame->owner)
            finish(&e, frame->owner, frame->start, frame->origin);
    }
    for (int i = 0; i < grammar->variable_count; i++)
        mem_free(e.variables[i].text);
    while (e.out.used && e.out.at[e.out.used - 1] == ' ')
        buffer_cut(&e.out, e.out.used - 1);
    return buffer_take(&e.out);
}
