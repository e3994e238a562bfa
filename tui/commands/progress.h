/*
 * One line on stderr that moves: a bar, the rate and the time left.  Without
 * a terminal it is silent, and only progress_say() writes, line by line.
 */
#ifndef TUI_COMMANDS_PROGRESS_H
#define TUI_COMMANDS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress_line {
    bool on_terminal, is_drawn;
    double began, drawn; /* seconds */
    long first;          /* step at the first drawing; the rate's origin */
};

struct progress_line progress_begin(void);
/* At most ten times a second. */
void progress_draw(struct progress_line *line, long step, long steps,
                   const char *text);
/* The bar of a part whose rate is not that of the whole: text says the rest. */
void progress_part(struct progress_line *line, long step, long steps,
                   const char *text);
/* "1:05:09" or "2:31" */
void progress_duration(char *to, size_t size, double seconds);
/* A line of its own above the bar. */
void progress_say(struct progress_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void progress_end(struct progress_line *line);

#endif
