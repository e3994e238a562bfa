/*
 * Every method, one line each: adding one is its file and its line here.
 */
#include "core/method/method.h"

#include <string.h>

extern const struct method_ops method_full, method_lora;

const struct method_ops *const method_table[] = {
    &method_full,
    &method_lora,
    NULL,
};

const struct method_ops *method_find(const char *name)
{
    for (int i = 0; method_table[i]; i++)
        if (!strcmp(method_table[i]->name, name))
            return method_table[i];
    return NULL;
}
