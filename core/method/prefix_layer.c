/*
 * Prefix-layer tuning (Hu et al. 2021, section 5.1; Li & Liang 2021, arXiv
 * 2101.00190): as prefix_embed, and what a layer has made of these rows is
 * replaced by trained rows.  L d (l_p + l_i) parameters: the embedding and
 * all layers but the last, whose rows nobody attends to any more, and whose
 * last infix row has the answer's first word to say.
 *
 * The rows of every layer begin as what the base makes of those of the
 * embedding: the prefix starts as prefix_embed's.
 */
#include "core/method/prefix.h"

#include "core/model/transformer.h"

/* forward, while the base runs: instead of replacing rows, keep them. */
static void record(void *ctx, int layer, enum insert_place place, struct mat y,
                   const struct batch *slice, float *kept)
{
    const struct method *method = ctx;
    if (place == INSERT_EMBED)
        prefix_forward(method, layer, place, y, slice, kept);
    else if (layer + 1 < method->model->conf.layers) {
        struct mat to = prefix_table(method, method->value, layer + 1);
        mat_copy(to, mat_rows(y, 0, to.rows));
    }
}

/* One sequence of all rows, and a token because there must be one. */
static void fill_layers(struct method *method)
{
    int32_t id = 0, target = -1;
    int start[2] = {0, 1}, prompt = 1;
    struct batch batch = {.sequences = 1,
                          .tokens = 1,
                          .start = start,
                          .id = &id,
                          .target = &target,
                          .prompt = &prompt};
    struct insert insert = {
        .ctx = method, .shape = prefix_rows(method), .forward = record};
    insert.shape.prefix += insert.shape.infix;
    insert.shape.infix = 0;
    insert.shape.at[INSERT_LAYER] = true;
    struct pass *pass = pass_new(method->model);
    pass_insert(pass, insert);
    (void)pass_score(pass, &method->model->base, &batch);
    pass_free(pass);
}

static int prefix_layer_attach(struct method *method,
                               const struct method_conf *conf, struct err *err)
{
    if (prefix_attach(method, conf, method->model->conf.layers, err))
        return -1;
    if (!conf->state_follows)
        fill_layers(method);
    return 0;
}

static long prefix_layer_count(const struct model *model,
                               const struct method_conf *conf)
{
    long rows = (long)conf->prefix + conf->infix;
    return model->conf.layers * (model->conf.width * rows);
}

static void prefix_layer_shape(const struct method *method,
                               struct insert_shape *shape)
{
    *shape = prefix_rows(method);
    shape->at[INSERT_LAYER] = true;
}

extern const struct method_ops method_prefix_layer;
const struct method_ops method_prefix_layer = {
    .name = "prefix_layer",
    .summary = "as prefix_embed, and trained rows behind every layer; not "
               "the base at step 0",
    .formula = "h_l = [P_l, prompt, I_l, answer]",
    .lr = 0.5,
    .paper = "Li & Liang 2021, arXiv 2101.00190; Hu et al. 2021, section 5.1",
    .uses = USES_PREFIX,
    .check = prefix_check,
    .attach = prefix_layer_attach,
    .detach = prefix_detach,
    .count = prefix_layer_count,
    .adapts = method_adapts_none,
    .insert_shape = prefix_layer_shape,
    .insert_forward = prefix_forward,
    .insert_backward = prefix_backward,
    .why_not_merged = "a prefix is rows of the input, not a change of W",
};
