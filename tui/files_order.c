/* See files_order.h. */
#include "tui/files_order.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/metric_table.h"
#include "core/base/mem.h"
#include "tui/views/view.h"

static int metric_of(const struct ui *ui)
{
    switch (ui->order) {
    case ORDER_FILE:
        return -1;
    case ORDER_NORM:
        return metric_index("frobenius");
    case ORDER_TOP:
        return metric_index("spectral");
    case ORDER_MEASURE:
    case FILES_ORDERS:
        break;
    }
    return ui->measure;
}

struct place {
    int site;
    double value; /* NaN comes last */
};

static int compare(const void *one, const void *other)
{
    const struct place *a = one, *b = other;
    bool has_a = !isnan(a->value), has_b = !isnan(b->value);
    if (has_a != has_b)
        return has_a ? -1 : 1;
    if (has_a && a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return a->site - b->site;
}

int files_order(int *site, const struct ui *ui, const struct snapshot *snapshot)
{
    const struct run_view *run = ui_run(ui, snapshot);
    int metric = metric_of(ui), count = 0;
    if (!run)
        return 0;
    struct place *place =
        xcalloc((size_t)snapshot->site_count + 1, sizeof *place);
    for (int s = 0; s < snapshot->site_count; s++) {
        const struct site_view *view = &run->site[s];
        if (!view->adapted)
            continue;
        double value =
            metric < 0 ? NAN : view_measure(view, &snapshot->site[s], metric);
        place[count++] = (struct place){s, value};
    }
    qsort(place, (size_t)count, sizeof *place, compare);
    for (int i = 0; i < count; i++)
        site[i] = place[i].site;
    mem_free(place);
    return count;
}

void files_order_name(char *to, size_t size, const struct ui *ui)
{
    int metric = metric_of(ui);
    if (metric < 0)
        (void)snprintf(to, size, "in the file's order");
    else
        (void)snprintf(to, size, "by %s", view_measure_name(metric));
}
