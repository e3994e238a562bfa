/* See progress.h. */
#include "tui/commands/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 24 };

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct progress_line progress_begin(void)
{
    return (struct progress_line){
        .on_terminal = isatty(STDERR_FILENO) == 1, .began = now(), .first = -1};
}

static void erase(struct progress_line *line)
{
    if (line->is_drawn)
        fprintf(stderr, "\r%78s\r", "");
    line->is_drawn = false;
}

void progress_duration(char *to, size_t size, double seconds)
{
    long s = (long)(seconds + 0.5);
    if (s >= 3600)
        (void)snprintf(to, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60,
                       s % 60);
    else
        (void)snprintf(to, size, "%ld:%02ld", s / 60, s % 60);
}

static void draw_bar(char bar[BAR + 1], long step, long steps)
{
    int full = steps > 0 ? (int)((long)BAR * step / steps) : BAR;
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)(full > BAR ? BAR : full));
    bar[BAR] = '\0';
}

void progress_part(struct progress_line *line, long step, long steps,
                   const char *text)
{
    char bar[BAR + 1], whole[128];
    double t = now();
    if (!line->on_terminal || t - line->drawn < 0.1)
        return;
    line->drawn = t;
    draw_bar(bar, step, steps);
    (void)snprintf(whole, sizeof whole, "[%s] %ld/%ld  %s", bar, step, steps,
                   text);
    fprintf(stderr, "\r%-78.78s", whole);
    line->is_drawn = true;
}

void progress_draw(struct progress_line *line, long step, long steps,
                   const char *text)
{
    double t = now();
    if (line->first < 0) {
        line->first = step;
        line->began = t;
    }
    if (!line->on_terminal || t - line->drawn < 0.1)
        return;
    line->drawn = t;
    double rate = (double)(step - line->first) / (t - line->began + 1e-9);
    char bar[BAR + 1], left[24] = "?";
    draw_bar(bar, step, steps);
    if (rate > 0)
        progress_duration(left, sizeof left, (double)(steps - step) / rate);
    char whole[128];
    (void)snprintf(whole, sizeof whole, "[%s] %ld/%ld %.1f/s %s left  %s", bar,
                   step, steps, rate, left, text);
    fprintf(stderr, "\r%-78.78s", whole);
    line->is_drawn = true;
}

void progress_say(struct progress_line *line, const char *format, ...)
{
    va_list arguments;
    erase(line);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void progress_end(struct progress_line *line)
{
    erase(line);
}
