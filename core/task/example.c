/* See example.h. */
#include "core/task/example.h"

const char *example_loss_name(enum example_kind kind)
{
    return kind == EXAMPLE_VALUES ? "mean squared error"
                                  : "loss, nats per target";
}

const char *example_loss_unit(enum example_kind kind)
{
    return kind == EXAMPLE_VALUES ? "mean squared error" : "nats";
}

const char *example_kind_name(enum example_kind kind)
{
    switch (kind) {
    case EXAMPLE_TEXT:
        return "text";
    case EXAMPLE_VALUES:
        return "numbers and numbers to be predicted";
    case EXAMPLE_CLASS:
        return "numbers and a class to be predicted";
    }
    return "";
}
