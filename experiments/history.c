/*
 * See history.h.
 */
#include "experiments/history.h"

static const size_t history_bytes = (size_t)96 << 20; /* of one run */

bool history_due(const struct history *history, long step, long recipe_every)
{
    long every = history->every ? history->every : recipe_every;
    return step > 0 && step % every == 0;
}

static size_t bytes_of(const struct history *history)
{
    size_t bytes = 0;
    for (int i = 0; i < history->count; i++)
        bytes += history->moment[i]->bytes;
    return bytes;
}

/* Those at multiples of the new distance stay. */
static void thin(struct history *history)
{
    int left = 0;
    for (int i = 0; i < history->count; i++) {
        struct moment *moment = history->moment[i];
        if (moment->step % history->every == 0)
            history->moment[left++] = moment;
        else
            moment_release(moment);
    }
    history->count = left;
}

void history_add(struct history *history, struct moment *moment,
                 long recipe_every)
{
    if (history->every == 0)
        history->every = recipe_every;
    while (history->count > 0 &&
           (history->count == HISTORY_MOMENTS ||
            bytes_of(history) + moment->bytes > history_bytes)) {
        history->every *= 2;
        thin(history);
    }
    if (moment->step % history->every != 0 && history->count > 0)
        moment_release(moment); /* no longer due */
    else
        history->moment[history->count++] = moment;
}

void history_rewind(struct history *history, long step)
{
    while (history->count > 0 &&
           history->moment[history->count - 1]->step > step)
        moment_release(history->moment[--history->count]);
}

struct moment *history_at(const struct history *history, long step)
{
    struct moment *found = NULL;
    for (int i = 0; i < history->count && history->moment[i]->step <= step; i++)
        found = history->moment[i];
    return found;
}

void history_free(struct history *history)
{
    history_rewind(history, -1);
}
