/*
 * One matrix and nothing else: y = x W0^T, and the mean squared error of what
 * it says.  Where the best update of each rank is known in closed form
 * (Eckart & Young 1936).
 */
#include "core/model/dense.h"

static int check(struct model_conf *conf, struct err *err)
{
    conf->reads = EXAMPLE_VALUES;
    if (dense_check(conf, err) != 0)
        return -1;
    if (conf->layers == 1)
        return 0;
    return err_set(err,
                   "a linear model has two sizes, its inputs and its outputs, "
                   "not %d; use those, or family: mlp",
                   conf->layers + 1);
}

static void describe(struct model *model)
{
    dense_describe(model, false);
}

const struct network network_linear = {
    .family = "linear",
    .summary = "one matrix without a bias; mean squared error",
    .check = check,
    .describe = describe,
    .open = dense_open,
    .save = dense_save,
    .begin = dense_begin,
    .bytes = dense_bytes,
    .score = dense_score,
    .learn = dense_learn,
    .logits = dense_logits,
};
