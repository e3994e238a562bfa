/*
 * See recipe_typed.h: what was typed becomes the nodes that a file would have
 * given.
 */
#include "experiments/recipe_typed.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "experiments/recipe_read.h"

static const struct field *find(const struct field *fields, const char *name,
                                size_t length)
{
    while (fields->name && (strlen(fields->name) != length ||
                            strncmp(fields->name, name, length) != 0))
        fields++;
    return fields->name ? fields : NULL;
}

struct typed_field typed_find(const char *path)
{
    struct typed_field at = {.field = NULL};
    const char *dot = strchr(path, '.');
    at.field =
        find(run_fields, path, dot ? (size_t)(dot - path) : strlen(path));
    assert(at.field);
    at.use = at.field->use;
    if (dot) {
        at.place = at.field->offset;
        at.field = find(at.field->fields, dot + 1, strlen(dot + 1));
        assert(at.field);
    }
    return at;
}

static bool is_list(const struct typed_field *at)
{
    return at->field->type == FIELD_FLAGS || at->field->type == FIELD_TARGETS;
}

int typed_read(struct run_spec *to, const struct typed_field *at,
               const char *text, struct err *err)
{
    char copy[RECIPE_TYPED], *rest = NULL;
    struct node word[RECIPE_TYPED / 2];
    struct node list = {.kind = NODE_LIST}, **end = &list.child;
    struct node value = {.kind = NODE_VALUE, .text = copy};
    int count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    if (is_list(at) && strcmp(copy, "all") != 0) {
        for (char *at_word = strtok_r(copy, " ,", &rest); at_word;
             at_word = strtok_r(NULL, " ,", &rest)) {
            word[count] = (struct node){.kind = NODE_VALUE, .text = at_word};
            *end = &word[count];
            end = &word[count++].next;
        }
        if (count == 0 && at->field->type == FIELD_TARGETS)
            return err_set(err, "%s: name at least one", at->field->name);
        return recipe_read_field((char *)to + at->place, at->field, &list, err);
    }
    return recipe_read_field((char *)to + at->place, at->field, &value, err);
}

static void write_flags(char to[RECIPE_TYPED], const struct field *field,
                        const bool *flags)
{
    size_t used = 0;
    for (int i = 0; field->at(i); i++)
        if (flags[i] && used < RECIPE_TYPED)
            used += (size_t)snprintf(to + used, RECIPE_TYPED - used, "%s%s",
                                     used ? " " : "", field->at(i));
}

void typed_write(char to[RECIPE_TYPED], const struct run_spec *from,
                 const struct typed_field *at)
{
    const struct field *field = at->field;
    const void *value = (const char *)from + at->place + field->offset;
    int index;
    to[0] = '\0';
    switch (field->type) {
    case FIELD_INT:
        snprintf(to, RECIPE_TYPED, "%d", *(const int *)value);
        return;
    case FIELD_REAL:
        snprintf(to, RECIPE_TYPED, "%g", *(const double *)value);
        return;
    case FIELD_SEED:
        snprintf(to, RECIPE_TYPED, "%llu",
                 (unsigned long long)*(const uint64_t *)value);
        return;
    case FIELD_NAME:
    case FIELD_KNOWN:
        snprintf(to, RECIPE_TYPED, "%s", (const char *)value);
        return;
    case FIELD_CHOICE:
        memcpy(&index, value, sizeof index);
        snprintf(to, RECIPE_TYPED, "%s", field->at(index));
        return;
    case FIELD_TARGETS:
    case FIELD_FLAGS:
        write_flags(to, field, value);
        return;
    case FIELD_LONG:
    case FIELD_BOOL:
    case FIELD_TEXT:
    case FIELD_MAP:
    case FIELD_BASE:
    case FIELD_RUNS:
    case FIELD_SIZES:
    case FIELD_RANKS:
        break; /* no run has one that can be typed */
    }
    assert(!"not typed");
}
