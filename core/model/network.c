/*
 * The networks, one line each, and the way from a pass to its own.
 */
#include "core/model/network.h"

#include <string.h>

#include "core/model/parts.h"
#include "core/model/pass.h"

const struct network network_transformer = {
    .check = parts_check,
    .describe = parts_make,
    .begin = transformer_begin,
    .bytes = transformer_bytes,
    .score = transformer_score,
    .learn = transformer_learn,
    .logits = transformer_logits,
};

const struct network *const network_table[] = {
    &network_linear,
    &network_mlp,
    &network_lenet,
    NULL,
};

const struct network *network_of(const char *family)
{
    for (int i = 0; network_table[i]; i++)
        if (strcmp(network_table[i]->family, family) == 0)
            return network_table[i];
    return &network_transformer;
}

struct pass *pass_new(const struct model *model)
{
    struct pass *pass = xcalloc(1, sizeof *pass);
    pass->model = model;
    model->network->begin(pass);
    return pass;
}

size_t pass_bytes(const struct model *model, const struct insert_shape *shape,
                  int sequences, int length)
{
    return model->network->bytes(model, shape, sequences, length);
}

int pass_rows_at(const struct model *model, int site, int rows)
{
    const struct network *network = model->network;
    return network->rows_at ? network->rows_at(model, site, rows) : rows;
}

struct score pass_score(struct pass *pass, const struct weights *weights,
                        const struct batch *slice)
{
    return pass->model->network->score(pass, weights, slice);
}

struct score pass_learn(struct pass *pass, const struct weights *weights,
                        const struct batch *slice, float scale,
                        const struct sink *sink)
{
    return pass->model->network->learn(pass, weights, slice, scale, sink);
}

void pass_logits(struct pass *pass, const struct weights *weights,
                 const struct batch *slice, struct mat logits)
{
    pass->model->network->logits(pass, weights, slice, logits);
}
