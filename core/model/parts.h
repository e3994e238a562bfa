/*
 * What a config has: its sites and others, in order.  Private to core/model.
 */
#ifndef CORE_MODEL_PARTS_H
#define CORE_MODEL_PARTS_H

#include "core/model/model.h"

/* Refuses sizes that do not fit together, and fills in those that are 0. */
int parts_check(struct model_conf *conf, struct err *err);
/* Makes model->site and model->other from model->conf. */
void parts_make(struct model *model);

/* Columns of q, and of k or v, in a row of qkv. */
int conf_q_width(const struct model_conf *conf);
int conf_kv_width(const struct model_conf *conf);
int conf_qkv_width(const struct model_conf *conf);
/* Numbers the head says of a row. */
int conf_head_width(const struct model_conf *conf);

#endif
