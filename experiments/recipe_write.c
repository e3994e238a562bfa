/*
 * A recipe as YAML, by the tables that read it: every default is written
 * out, and reading the text gives the same recipe.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/recipe.h"
#include "experiments/recipe_field.h"

struct text {
    char *at;
    size_t used, room;
};

static void put(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
    for (;;) {
        size_t left = text->room - text->used;
        va_list args;
        va_start(args, format);
        int length = vsnprintf(text->at + text->used, left, format, args);
        va_end(args);
        if (length >= 0 && (size_t)length < left) {
            text->used += (size_t)length;
            return;
        }
        text->at = xgrow(text->at, text->room, 2 * text->room, 1);
        text->room *= 2;
    }
}

/* Quoted, so that no title is mistaken for a number, a list or a comment.
 * Control characters never get here: the reader refuses them. */
static void put_text(struct text *text, const char *value)
{
    put(text, "\"");
    for (const char *c = value; *c; c++)
        put(text, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    put(text, "\"");
}

/* The shortest digits that read back as the same double. */
static void put_real(struct text *text, double value)
{
    char digits[40];
    for (int precision = 6; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    put(text, "%s", digits);
}

static void put_fields(struct text *text, const void *from,
                       const struct field *fields);

static void put_flags(struct text *text, const bool *flags,
                      const struct field *field)
{
    const char *comma = "";
    put(text, "[");
    for (int i = 0; field->at(i); i++)
        if (flags[i]) {
            put(text, "%s%s", comma, field->at(i));
            comma = ", ";
        }
    put(text, "]");
}

static void put_ranks(struct text *text, const struct run_spec *run)
{
    put(text, "{");
    for (int i = 0; i < run->rank_count; i++)
        put(text, "%s%s: %d", i ? ", " : "", run->ranks[i].site,
            run->ranks[i].rank);
    put(text, "}");
}

static void put_run(struct text *text, const struct run_spec *run)
{
    const char *comma = "";
    put(text, "{");
    for (const struct field *field = run_fields; field->name; field++) {
        struct field one[2] = {*field, {.name = NULL}};
        if (!run_uses(run, field->use))
            continue;
        put(text, "%s", comma);
        put_fields(text, run, one);
        comma = ", ";
    }
    put(text, "}");
}

/* The fields that a base of this family has. */
static void put_fresh(struct text *text, const struct fresh_base *fresh,
                      const struct field *fields)
{
    const char *comma = "";
    put(text, "{");
    for (const struct field *field = fields; field->name; field++) {
        struct field one[2] = {*field, {.name = NULL}};
        if (field->use && field->use != base_use(fresh->family))
            continue;
        put(text, "%s", comma);
        put_fields(text, fresh, one);
        comma = ", ";
    }
    put(text, "}");
}

static void put_sizes(struct text *text, const int *size)
{
    put(text, "[");
    for (int i = 0; size[i]; i++)
        put(text, "%s%d", i ? ", " : "", size[i]);
    put(text, "]");
}

static void put_runs(struct text *text, const struct recipe *recipe)
{
    for (int i = 0; i < recipe->run_count; i++) {
        put(text, "\n  - ");
        put_run(text, &recipe->run[i]);
    }
}

static void put_base(struct text *text, const struct field *field,
                     const struct recipe *recipe)
{
    if (!recipe->is_fresh) {
        put_text(text, recipe->base);
        return;
    }
    put_fresh(text, &recipe->fresh, field->fields);
}

static void put_value(struct text *text, const void *owner,
                      const struct field *field)
{
    const void *from = (const char *)owner + field->offset;
    int index;
    switch (field->type) {
    case FIELD_INT:
        put(text, "%d", *(const int *)from);
        return;
    case FIELD_LONG:
        put(text, "%ld", *(const long *)from);
        return;
    case FIELD_SEED:
        put(text, "%llu", (unsigned long long)*(const uint64_t *)from);
        return;
    case FIELD_REAL:
        put_real(text, *(const double *)from);
        return;
    case FIELD_BOOL:
        put(text, "%s", *(const bool *)from ? "true" : "false");
        return;
    case FIELD_TEXT:
        put_text(text, from);
        return;
    case FIELD_NAME:
    case FIELD_KNOWN:
        put(text, "%s", (const char *)from);
        return;
    case FIELD_CHOICE:
        memcpy(&index, from, sizeof index);
        put(text, "%s", field->at(index));
        return;
    case FIELD_MAP:
        put(text, "{");
        put_fields(text, from, field->fields);
        put(text, "}");
        return;
    case FIELD_BASE:
        put_base(text, field, owner);
        return;
    case FIELD_RUNS:
        put_runs(text, owner);
        return;
    case FIELD_TARGETS:
    case FIELD_FLAGS:
        put_flags(text, from, field);
        return;
    case FIELD_RANKS:
        put_ranks(text, owner);
        return;
    case FIELD_SIZES:
        put_sizes(text, from);
        return;
    }
}

/* "name: value, name: value": the inside of a flow map. */
static void put_fields(struct text *text, const void *from,
                       const struct field *fields)
{
    for (const struct field *field = fields; field->name; field++) {
        put(text, "%s%s: ", field == fields ? "" : ", ", field->name);
        put_value(text, from, field);
    }
}

static struct text text_new(void)
{
    return (struct text){.at = xcalloc(4096, 1), .room = 4096};
}

char *recipe_write(const struct recipe *recipe)
{
    struct text text = text_new();
    for (const struct field *field = recipe_fields; field->name; field++) {
        put(&text, "%s: ", field->name);
        put_value(&text, recipe, field);
        put(&text, "\n");
    }
    return text.at;
}

char *recipe_write_run(const struct run_spec *run)
{
    struct text text = text_new();
    put_run(&text, run);
    return text.at;
}
