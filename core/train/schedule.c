/*
 * The learning rate of a step: a linear rise, then constant, linear or half a
 * cosine down to 0.  Step for step what transformers' schedulers give.
 */
#include "core/train/optimizer.h"

#include <math.h>

double schedule_lr(const struct optimizer_conf *conf, long step, long steps)
{
    if (step < conf->warmup)
        return conf->lr * (double)step / conf->warmup;
    if (conf->schedule == SCHEDULE_CONSTANT)
        return conf->lr;
    if (step >= steps)
        return 0;
    double done =
        (double)(step - conf->warmup) / (double)(steps - conf->warmup);
    switch (conf->schedule) {
    case SCHEDULE_LINEAR:
        return conf->lr * (1 - done);
    case SCHEDULE_COSINE:
        return conf->lr * 0.5 * (1 + cos(acos(-1.0) * done));
    case SCHEDULE_CONSTANT:
        break;
    }
    return conf->lr;
}
