/*
 * The file of a cell.  What does not read back whole is a cell still to be
 * done; what reads back but was made by another recipe is refused, so that
 * hours of somebody's work are not replaced in silence.
 */
#include "experiments/cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/file.h"
#include "core/io/json.h"

enum { CELL_BYTES = 1 << 16, PATH_BYTES = 1024 };

static const char *const kinds[] = {"search", "report"};
static const char *const ways[] = {"teacher forcing", "written"};

/* Names the session that made a cell: all that decides its numbers. */
static void print_of(char to[32], const struct grid *grid,
                     const struct grid_cell *cell)
{
    struct recipe *recipe = xcalloc(1, sizeof *recipe);
    cell_recipe(recipe, grid, cell);
    char *text = recipe_write(recipe);
    snprintf(to, 32, "%016llx",
             (unsigned long long)rng_hash(text, strlen(text)));
    mem_free(text);
    mem_free(recipe);
}

static void put_timing(struct json *root, const struct cell_result *result)
{
    struct json *timing = json_new_object();
    json_put_number(timing, "seconds", result->seconds);
    json_put_number(timing, "peak_rss_mib", result->peak_mib);
    json_put_integer(timing, "threads", result->threads);
    json_put_bool(timing, "resumed", result->resumed);
    json_put(root, "timing", timing);
}

static void put_scores(struct json *root, const struct cell_result *result)
{
    struct json *scores = json_new_object();
    for (int i = 0; i < result->scores; i++)
        json_put_number(scores, result->score[i].name, result->score[i].value);
    json_put(root, "scores", scores);
    json_put_text(root, "scored_by", ways[result->is_written]);
}

int cell_write(const struct grid *grid, const struct grid_cell *cell,
               const struct cell_result *result, const char *folder,
               struct err *err)
{
    char name[CELL_NAME], path[PATH_BYTES], print[32], seed[24];
    cell_name(name, grid, cell);
    print_of(print, grid, cell);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)cell->seed);
    struct json *root = json_new_object();
    json_put_text(root, "cell", name);
    json_put_text(root, "kind", kinds[cell->kind]);
    json_put_text(root, "recipe", print);
    json_put_text(root, "method", grid->row[cell->row].run.method);
    json_put_text(root, "seed", seed); /* 64 bits are more than JSON has */
    json_put_number(root, "lr", result->rate);
    json_put_integer(root, "steps", grid->session.steps);
    json_put_text(root, "state",
                  result->state == CELL_DONE ? "done" : "diverged");
    json_put_text(root, "trouble", result->trouble);
    json_put_integer(root, "examples", result->examples);
    json_put_number(root, "loss", result->loss);
    json_put_number(root, "train_loss", result->train_loss);
    put_scores(root, result);
    json_put_integer(root, "trainable", result->trainable);
    json_put_integer(root, "parameters", result->parameters);
    json_put_integer(root, "stored_bytes", result->stored);
    put_timing(root, result);
    char *text = json_write(root);
    json_free(root);
    int code = file_write(cell_path(path, sizeof path, folder, name, ".json"),
                          text, strlen(text), err);
    mem_free(text);
    return code;
}

/* In the order of the file; false: a number is none. */
static bool take_scores(struct cell_result *to, const struct json *scores)
{
    bool whole = true;
    const char *name = json_next_key(scores, NULL);
    for (; name && to->scores < SCORES_MOST;
         name = json_next_key(scores, name)) {
        struct exam_score *score = &to->score[to->scores++];
        snprintf(score->name, sizeof score->name, "%s", name);
        score->value = json_number(json_get(scores, name), NAN);
        whole = whole && isfinite(score->value);
    }
    return whole;
}

/* false: something is missing or out of place. */
static bool take(struct cell_result *to, const struct json *root,
                 const char *name)
{
    const char *state = json_text(json_get(root, "state"), "");
    const struct json *scores = json_get(root, "scores");
    const struct json *timing = json_get(root, "timing");
    bool done = strcmp(state, "done") == 0;
    *to = (struct cell_result){
        .state = done ? CELL_DONE : CELL_DIVERGED,
        .loss = json_number(json_get(root, "loss"), NAN),
        .train_loss = json_number(json_get(root, "train_loss"), NAN),
        .rate = json_number(json_get(root, "lr"), NAN),
        .examples = (int)json_int(json_get(root, "examples"), -1),
        .trainable = (long)json_int(json_get(root, "trainable"), -1),
        .parameters = (long)json_int(json_get(root, "parameters"), -1),
        .stored = json_int(json_get(root, "stored_bytes"), -1),
        .seconds = json_number(json_get(timing, "seconds"), NAN),
        .peak_mib = json_number(json_get(timing, "peak_rss_mib"), NAN),
        .threads = (int)json_int(json_get(timing, "threads"), 0),
        .resumed = json_bool(json_get(timing, "resumed"), false),
    };
    snprintf(to->trouble, sizeof to->trouble, "%s",
             json_text(json_get(root, "trouble"), ""));
    /* Cells made before there was another way do not say it. */
    to->is_written =
        strcmp(json_text(json_get(root, "scored_by"), ways[0]), ways[1]) == 0;
    bool scored = take_scores(to, scores);
    return strcmp(json_text(json_get(root, "cell"), ""), name) == 0 &&
           (done || strcmp(state, "diverged") == 0) && json_is_object(scores) &&
           json_is_object(timing) && isfinite(to->rate) && to->examples > 0 &&
           to->trainable >= 0 && to->parameters > 0 && to->stored >= 0 &&
           (!done || isfinite(to->loss)) && (!done || scored);
}

int cell_read(struct cell_result *to, const struct grid *grid,
              const struct grid_cell *cell, const char *folder, bool force,
              struct err *err)
{
    char name[CELL_NAME], path[PATH_BYTES], print[32], *text;
    size_t size;
    struct err damaged = {{0}}; /* said by doing the cell again */
    *to = (struct cell_result){.state = CELL_MISSING};
    cell_name(name, grid, cell);
    cell_path(path, sizeof path, folder, name, ".json");
    if (file_read(&text, &size, path, CELL_BYTES, &damaged) < 0)
        return 0;
    struct json *root = json_parse(text, size, path, &damaged);
    mem_free(text);
    if (!root)
        return 0;
    print_of(print, grid, cell);
    bool same = strcmp(json_text(json_get(root, "recipe"), ""), print) == 0;
    bool whole = take(to, root, name);
    bool written = to->is_written;
    json_free(root);
    if (whole && same && written == cell_is_written(grid, cell))
        return 0;
    *to = (struct cell_result){.state = CELL_MISSING};
    if (!whole || force)
        return 0;
    if (same)
        return err_set(err,
                       "%.300s: scored by %s%s, where this recipe says report: "
                       "{generate: %s}; use another --out, or --force to do "
                       "it again",
                       path, ways[written], written ? " answers" : "",
                       written ? "false" : "true");
    return err_set(err,
                   "%.300s: made by another recipe (or with and without "
                   "--quick); use another --out, or --force to do it again",
                   path);
}
