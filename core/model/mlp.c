/*
 * A multilayer perceptron: dense layers with biases, ReLU between them, and
 * the softmax cross-entropy of classes.  With sizes 784, 200, 200, 10 the
 * network of Li et al. 2018 (arXiv 1804.08838), section 3.1: 199,210
 * parameters.
 */
#include "core/model/dense.h"

static int check(struct model_conf *conf, struct err *err)
{
    conf->reads = EXAMPLE_CLASS;
    if (dense_check(conf, err) != 0)
        return -1;
    if (conf->size[conf->layers] > 1)
        return 0;
    return err_set(err, "a mlp model chooses among its outputs, so one is too "
                        "few; use at least 2");
}

static void describe(struct model *model)
{
    dense_describe(model, true);
}

const struct network network_mlp = {
    .family = "mlp",
    .summary = "dense layers with biases and ReLU; classes, cross-entropy",
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
