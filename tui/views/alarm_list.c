/*
 * The alarms of a run as a list, each with its site and its number.
 */
#include "tui/views/alarm_list.h"

#include <stdio.h>

#include "tui/views/measure.h"

struct alarm_list alarm_list_make(const struct look *look)
{
    struct alarm_list list = {0};
    for (int s = 0; look->run && s < look->snapshot->site_count; s++) {
        struct alarms alarms = measure_alarms(look->context, look->run, s);
        list.sites += alarms.of > 0;
        for (int i = 0; i < alarms.count; i++, list.count++) {
            if (list.count >= ALARM_ENTRIES)
                continue;
            struct alarm_entry *entry = &list.entry[list.count];
            entry->site = s;
            snprintf(entry->text, sizeof entry->text, "%s",
                     alarms.alarm[i].text);
        }
    }
    return list;
}

/* Of an earlier moment only sigma is kept: nothing is said of directions. */
static const char *all_quiet(const struct look *look, int sites)
{
    if (sites == 0)
        return "no update to look at";
    return look->ui->time >= 0 && look->ui->time < look->run->step
               ? "no rank collapse, no single spike; directions are not kept"
               : "no dead direction, no rank collapse, no single spike";
}

void alarm_list_draw(struct canvas *canvas, struct rect rect,
                     const struct look *look, const struct alarm_list *list)
{
    enum { NAME = 14 };
    int count = list->count, sites = list->sites;
    const struct alarm_entry *entry = list->entry;
    if (rect.h < 2)
        return;
    int shown = rect.h - 1;
    view_rule(canvas, rect, "alarms", "%d at %d %s with an update · %s", count,
              sites, sites == 1 ? "site" : "sites",
              look->run ? look->run->name : "no run");
    if (count == 0)
        canvas_put(canvas, rect.x + 2, rect.y + 1, rect.w - 2,
                   style_of(ROLE_DIM), all_quiet(look, sites));
    for (int i = 0; i < count && i < shown && i < ALARM_ENTRIES; i++) {
        int y = rect.y + 1 + i;
        if (i == shown - 1 && count > shown) {
            canvas_print(canvas, rect.x + 2, y, rect.w - 2, style_of(ROLE_DIM),
                         "and %d more; the ranks view marks their sites",
                         count - i);
            break;
        }
        canvas_glyph(canvas, rect.x, y, style_with(ROLE_WARN, ATTR_BOLD), '!');
        canvas_put(
            canvas, rect.x + 2, y, NAME - 1,
            style_with(ROLE_NONE, entry[i].site == look->at ? ATTR_BOLD : 0),
            look->snapshot->site[entry[i].site].name);
        canvas_put(canvas, rect.x + 2 + NAME, y, rect.w - 2 - NAME,
                   style_of(ROLE_NONE), entry[i].text);
    }
}
