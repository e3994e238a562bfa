/* See intrinsic_counts.h. */
#include "experiments/intrinsic_counts.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "experiments/recipe_field.h"
#include "experiments/session.h"

enum { PATH_BYTES = 1024, LAYERS_MOST = 4096 };

/* --- by formula -----------------------------------------------------------
 */

/* -1: it does not fit the model. */
static long count_of(const struct model *model, const struct run_spec *run)
{
    struct method_conf conf = recipe_method(run);
    struct err ignored = {{0}}; /* that it does not fit is the answer */
    return method_check(model, &conf, &ignored) == 0
               ? method_count(model, &conf)
               : -1;
}

static long count_method(const struct model *model, const struct recipe *above,
                         const char *method, int rank)
{
    struct run_spec *run = xcalloc(1, sizeof *run);
    run_defaults(run, above);
    snprintf(run->method, sizeof run->method, "%s", method);
    run->rank = rank;
    long count = count_of(model, run);
    mem_free(run);
    return count > 0 ? count : -1;
}

/* Embeddings, each layer, and what follows the last: lambdas of (2) in
 * core/method/subspace.c. */
static int layers_of(const struct model *model)
{
    bool is_there[LAYERS_MOST] = {false};
    int count = 0;
    for (int i = 0; i < model->site_count + model->other_count; i++) {
        int layer = 1 + (i < model->site_count
                             ? model->site[i].layer
                             : model->other[i - model->site_count].layer);
        if (layer < 0 || layer >= LAYERS_MOST || is_there[layer])
            continue;
        is_there[layer] = true;
        count++;
    }
    return count;
}

/* D is the count of a subspace that has as many dimensions as there are. */
static void count_curve(struct intrinsic_counts *to, int curve,
                        const struct model *model, const struct run_spec *of)
{
    struct run_spec *run = xcalloc(1, sizeof *run);
    *run = *of;
    run->dims = 2147483647;
    to->parameters[curve] = count_of(model, run);
    to->least[curve] = of->layered ? layers_of(model) + 1 : 1;
    mem_free(run);
}

static void count_all(struct intrinsic_counts *to,
                      const struct intrinsic_recipe *recipe,
                      const struct model *model)
{
    const struct grid *grid = &recipe->grid;
    *to = (struct intrinsic_counts){
        .baseline = count_of(model, &grid->row[0].run),
        .bitfit = count_method(model, &grid->session, "bitfit", 0)};
    for (int i = 0; i < COUNTS_LORA; i++) {
        long count = count_method(model, &grid->session, "lora", 1 << i);
        if (count < 0 || count >= to->baseline)
            break;
        to->lora[to->loras++] = count;
    }
    for (int i = 1; i < grid->row_count; i++)
        count_curve(to, i - 1, model, &grid->row[i].run);
}

/* --- the rows -------------------------------------------------------------
 */

/* A session of one run with nothing kept. */
static struct session *open_row(const struct intrinsic_recipe *recipe, int row,
                                int d, const struct sweep_options *options,
                                struct err *err)
{
    struct grid *grid = xcalloc(1, sizeof *grid);
    struct recipe *one = xcalloc(1, sizeof *one);
    struct session_options to = {.assets = options->assets,
                                 .tokenizer = options->tokenizer,
                                 .threads = 1};
    intrinsic_row(grid, recipe, row, d, 0);
    struct grid_cell cell = pair_report(grid, 0, 0, 0);
    cell_recipe(one, grid, &cell);
    struct session *session = session_open(one, &to, err);
    if (!session)
        err_prefix(err, "row %s", recipe->grid.row[row].run.name);
    mem_free(one);
    mem_free(grid);
    return session;
}

int intrinsic_counts_make(struct intrinsic_counts *to,
                          const struct intrinsic_recipe *recipe,
                          const struct sweep_options *options, struct err *err)
{
    struct session *session = open_row(recipe, 0, 0, options, err);
    if (!session)
        return -1;
    count_all(to, recipe, session_model(session));
    session_close(session);
    for (int i = 1; i < recipe->grid.row_count; i++) {
        int first = recipe->plan.first, least = to->least[i - 1];
        session =
            open_row(recipe, i, first > least ? first : least, options, err);
        if (!session)
            return -1;
        session_close(session);
    }
    return 0;
}

/* --- the file -------------------------------------------------------------
 */

int intrinsic_counts_write(const struct intrinsic_counts *counts,
                           const struct intrinsic_recipe *recipe,
                           const char *folder, struct err *err)
{
    char path[PATH_BYTES];
    struct json *root = json_new_object(), *lora = json_new_array(),
                *rows = json_new_array();
    json_put_integer(root, "baseline", counts->baseline);
    json_put_integer(root, "bitfit", counts->bitfit);
    for (int i = 0; i < counts->loras; i++)
        json_push_number(lora, (double)counts->lora[i]);
    json_put(root, "lora", lora);
    for (int i = 0; i < recipe->grid.row_count - 1; i++) {
        struct json *row = json_new_object();
        json_put_text(row, "name", recipe->grid.row[i + 1].run.name);
        json_put_integer(row, "parameters", counts->parameters[i]);
        json_put_integer(row, "least", counts->least[i]);
        json_push(rows, row);
    }
    json_put(root, "rows", rows);
    char *text = json_write(root);
    json_free(root);
    file_join(path, sizeof path, folder, "counts.json");
    int status = file_write(path, text, strlen(text), err);
    mem_free(text);
    return status;
}

static bool take(struct intrinsic_counts *to,
                 const struct intrinsic_recipe *recipe, const struct json *root)
{
    const struct json *lora = json_get(root, "lora");
    const struct json *rows = json_get(root, "rows");
    *to = (struct intrinsic_counts){
        .baseline = (long)json_int(json_get(root, "baseline"), -1),
        .bitfit = (long)json_int(json_get(root, "bitfit"), -1),
        .loras = json_length(lora)};
    bool whole = to->baseline > 0 && to->loras <= COUNTS_LORA &&
                 json_length(rows) == recipe->grid.row_count - 1;
    for (int i = 0; whole && i < to->loras; i++)
        to->lora[i] = (long)json_number(json_at(lora, i), -1);
    for (int i = 0; whole && i < json_length(rows); i++) {
        const struct json *row = json_at(rows, i);
        to->parameters[i] = (long)json_int(json_get(row, "parameters"), -1);
        to->least[i] = (int)json_int(json_get(row, "least"), -1);
        whole = to->parameters[i] > 0 && to->least[i] > 0;
    }
    return whole;
}

int intrinsic_counts_read(struct intrinsic_counts *to,
                          const struct intrinsic_recipe *recipe,
                          const char *folder, struct err *err)
{
    char path[PATH_BYTES];
    file_join(path, sizeof path, folder, "counts.json");
    struct json *root = json_read(path, err);
    if (!root)
        return -1;
    bool whole = take(to, recipe, root);
    json_free(root);
    return whole ? 0
                 : err_set(err,
                           "%.300s: not the counts of this search; run "
                           "rankscope intrinsic again",
                           path);
}
