/*
 * The nulls drawn so far, by shape and rank: drawn once, kept as long as
 * anybody holds the book.  Any thread may look; drawing takes milliseconds
 * and happens outside the lock.
 */
#ifndef EXPERIMENTS_CHANCE_BOOK_H
#define EXPERIMENTS_CHANCE_BOOK_H

#include "analysis/chance.h"

struct chance_book;

struct chance_book *chance_book_new(void);
struct chance_book *chance_book_hold(struct chance_book *book);
void chance_book_release(struct chance_book *book);

/* rank 0: a Gaussian matrix; otherwise a product of two factors.  NULL: not
 * drawn yet. */
const struct chance *chance_book_find(struct chance_book *book, int out,
                                      int in, int rank);
/* The same, drawn now if need be; NULL only when the book is full. */
const struct chance *chance_book_draw(struct chance_book *book, int out,
                                      int in, int rank);

#endif
