/* See sweep_latency.h. */
#include "tui/commands/sweep_latency.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/latency.h"
#include "tui/commands/progress.h"

enum { RESULT_BYTES = 1 << 20 };

static void say(void *ctx, const char *text)
{
    progress_say(ctx, "%s", text);
}

/* What was measured before by the same recipe; false: nothing. */
static bool read_kept(struct latency_table *to, const struct latency_grid *grid,
                      const char *path)
{
    char *text;
    size_t size;
    struct err ignored = {{0}}; /* then it is measured */
    if (file_read(&text, &size, path, RESULT_BYTES, &ignored) < 0)
        return false;
    bool whole = latency_take_json(to, grid, text, size) == 0;
    mem_free(text);
    return whole;
}

static int measure(struct latency_table *to, const struct latency_grid *grid,
                   const struct sweep_latency *call, const char *path,
                   struct err *err)
{
    struct progress_line line = progress_begin();
    struct latency_watch watch = {say, call->stop, &line};
    int status = latency_measure(to, grid, call->of->assets, &watch, err);
    progress_end(&line);
    if (status < 0)
        return err_prefix(err, "%s", call->of->recipe);
    if (status != 0)
        return status;
    char *text = latency_json(to);
    status = file_make_folder(call->of->out, err);
    if (status == 0)
        status = file_write(path, text, strlen(text), err);
    mem_free(text);
    return status;
}

int sweep_latency(const struct sweep_latency *call, struct err *err)
{
    char path[ROOT_PATH];
    struct latency_grid *grid =
        latency_read(call->of->path, call->of->sets.at, call->of->sets.count,
                     call->of->quick, err);
    if (!grid)
        return -1;
    struct latency_table *table = xcalloc(1, sizeof *table);
    file_join(path, sizeof path, call->of->out, "latency.json");
    int status = 0;
    if (call->force || !read_kept(table, grid, path))
        status = measure(table, grid, call, path, err);
    if (status == 0 && call->json) {
        char *text = latency_json(table);
        fputs(text, stdout);
        mem_free(text);
    } else if (status == 0 && call->tsv) {
        latency_tsv(stdout, table);
    } else if (status == 0) {
        latency_print(stdout, table);
    }
    mem_free(table);
    mem_free(grid);
    return status;
}
