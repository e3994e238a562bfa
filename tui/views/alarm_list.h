/*
 * All alarms of the chosen run, at the time the person looks at.
 */
#ifndef TUI_VIEWS_ALARM_LIST_H
#define TUI_VIEWS_ALARM_LIST_H

#include "tui/views/spectrum_parts.h"

enum { ALARM_ENTRIES = 64 };

struct alarm_list {
    int sites; /* with an update */
    int count; /* may be more than there are entries */
    struct alarm_entry {
        int site;
        char text[112];
    } entry[ALARM_ENTRIES];
};

struct alarm_list alarm_list_make(const struct look *look);
void alarm_list_draw(struct canvas *canvas, struct rect rect,
                     const struct look *look, const struct alarm_list *list);

#endif
