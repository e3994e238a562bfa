/*
 * See chance_book.h.  Entries are only ever added, so a pointer handed out
 * stays good while the book is held.
 */
#include "experiments/chance_book.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/mem.h"

enum { PAGES = 512 };

struct chance_book {
    pthread_mutex_t mutex;
    /* under the mutex */
    int holders, count;
    struct chance *page[PAGES];
};

struct chance_book *chance_book_new(void)
{
    struct chance_book *book = xcalloc(1, sizeof *book);
    (void)pthread_mutex_init(&book->mutex, NULL);
    book->holders = 1;
    return book;
}

struct chance_book *chance_book_hold(struct chance_book *book)
{
    (void)pthread_mutex_lock(&book->mutex);
    book->holders++;
    (void)pthread_mutex_unlock(&book->mutex);
    return book;
}

void chance_book_release(struct chance_book *book)
{
    if (!book)
        return;
    (void)pthread_mutex_lock(&book->mutex);
    int left = --book->holders;
    (void)pthread_mutex_unlock(&book->mutex);
    if (left > 0)
        return;
    for (int i = 0; i < book->count; i++)
        chance_free(book->page[i]);
    (void)pthread_mutex_destroy(&book->mutex);
    mem_free(book);
}

const struct chance *chance_book_find(struct chance_book *book, int out, int in,
                                      int rank)
{
    const struct chance *found = NULL;
    (void)pthread_mutex_lock(&book->mutex);
    for (int i = 0; i < book->count && !found; i++) {
        const struct chance *page = book->page[i];
        if (page->out == out && page->in == in && page->rank == rank)
            found = page;
    }
    (void)pthread_mutex_unlock(&book->mutex);
    return found;
}

/* Two threads may draw the same null at once: the second one's is dropped. */
const struct chance *chance_book_draw(struct chance_book *book, int out, int in,
                                      int rank)
{
    const struct chance *found = chance_book_find(book, out, in, rank);
    if (found)
        return found;
    struct chance *drawn = chance_new(out, in, rank);
    (void)pthread_mutex_lock(&book->mutex);
    bool fits = book->count < PAGES;
    if (fits)
        book->page[book->count++] = drawn;
    (void)pthread_mutex_unlock(&book->mutex);
    if (fits)
        return drawn;
    chance_free(drawn);
    return NULL;
}
