/* Text that grows by doubling. */
#include "core/task/buffer.h"

#include <assert.h>
#include <string.h>

#include "core/base/mem.h"

static void reserve(struct buffer *buffer, size_t more)
{
    size_t need = buffer->used + more + 1;
    if (need <= buffer->room)
        return;
    size_t room = buffer->room ? buffer->room : 64;
    while (room < need)
        room *= 2;
    buffer->at = xgrow(buffer->at, buffer->room, room, 1);
    buffer->room = room;
}

void buffer_add(struct buffer *buffer, const char *bytes, size_t count)
{
    reserve(buffer, count);
    if (count)
        memcpy(buffer->at + buffer->used, bytes, count);
    buffer->used += count;
    buffer->at[buffer->used] = '\0';
}

void buffer_char(struct buffer *buffer, char c)
{
    buffer_add(buffer, &c, 1);
}

void buffer_cut(struct buffer *buffer, size_t used)
{
    assert(used <= buffer->used);
    buffer->used = used;
    if (buffer->at)
        buffer->at[used] = '\0';
}

char *buffer_take(struct buffer *buffer)
{
    reserve(buffer, 0);
    buffer->at[buffer->used] = '\0';
    char *text = buffer->at;
    *buffer = (struct buffer){0};
    return text;
}

void buffer_free(struct buffer *buffer)
{
    mem_free(buffer->at);
    *buffer = (struct buffer){0};
}
