/* See images.h. */
#include "core/task/images.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"

/* Indices of STREAM_TASK that no example has. */
static const uint64_t PIXELS = (uint64_t)1 << 40, LABELS = (uint64_t)2 << 40;

int images_check(const struct task_conf *conf, struct err *err)
{
    if (conf->in == DIGIT_PIXELS && conf->out == DIGITS)
        return 0;
    return err_set(
        err,
        "task %s has %d pixels and %d classes, the base %d inputs "
        "and %d outputs; say sizes: [784, 200, 200, 10] of a mlp, or "
        "[784, 6, 16, 120, 84, 10] of a lenet",
        conf->name, DIGIT_PIXELS, DIGITS, conf->in, conf->out);
}

/* Pixel i is what pixel place[i] was: Fisher & Yates. */
static void draw_places(int *place, uint64_t seed)
{
    struct rng rng = rng_make(seed, STREAM_TASK, PIXELS);
    for (int i = 0; i < DIGIT_PIXELS; i++)
        place[i] = i;
    for (int i = DIGIT_PIXELS - 1; i > 0; i--) {
        int j = (int)rng_below(&rng, (uint32_t)i + 1), swap = place[i];
        place[i] = place[j];
        place[j] = swap;
    }
}

static void shuffle_pixels(struct image_set *set, const int *place)
{
    uint8_t before[DIGIT_PIXELS], *at = set->pixel;
    for (int i = 0; i < set->count; i++, at += DIGIT_PIXELS) {
        memcpy(before, at, sizeof before);
        for (int k = 0; k < DIGIT_PIXELS; k++)
            at[k] = before[place[k]];
    }
}

/* Each with this probability, to any of the ten: by chance also its own. */
static void shuffle_labels(struct image_set *set, double share, uint64_t seed)
{
    struct rng rng = rng_make(seed, STREAM_TASK, LABELS);
    for (int i = 0; i < set->count; i++) {
        bool random = rng_uniform(&rng) < share;
        uint8_t label = (uint8_t)rng_below(&rng, DIGITS);
        set->label[i] = random ? label : set->label[i];
    }
}

void images_shuffle(struct images *images, struct task_conf *conf)
{
    int place[DIGIT_PIXELS];
    draw_places(place, conf->seed);
    for (int split = 0; split < 2 && conf->shuffle_pixels; split++)
        shuffle_pixels(&images->set[split], place);
    if (conf->random_labels > 0)
        shuffle_labels(&images->set[SPLIT_TRAIN], conf->random_labels,
                       conf->seed);
    if (conf->examples == 0)
        conf->examples = images->set[SPLIT_TRAIN].count;
}

void images_close(struct task *task)
{
    struct images *images = task->state;
    for (int split = 0; split < 2; split++) {
        mem_free(images->set[split].pixel);
        mem_free(images->set[split].label);
    }
    mem_free(images);
}

/* The held-out ones; with random labels, those that were learned. */
static int count_of(const struct task *task, enum split split)
{
    const struct images *images = task->state;
    bool learned = split == SPLIT_TRAIN || task->conf.random_labels > 0;
    return learned ? task->conf.examples : images->set[split].count;
}

void images_sample(const struct task *task, struct sample *to, enum split split,
                   uint64_t index)
{
    const struct images *images = task->state;
    bool learned = split == SPLIT_TRAIN || task->conf.random_labels > 0;
    const struct image_set *set =
        &images->set[learned ? SPLIT_TRAIN : SPLIT_VALIDATION];
    size_t at = (size_t)(index % (uint64_t)count_of(task, split));
    const uint8_t *pixel = set->pixel + at * DIGIT_PIXELS;
    to->label = set->label[at];
    for (int i = 0; i < DIGIT_PIXELS; i++)
        to->x[i] = (float)pixel[i] / 255.0F;
}

void images_report(const struct task *task, struct task_report *to)
{
    const struct images *images = task->state;
    const struct task_conf *conf = &task->conf;
    for (int split = 0; split < 2; split++)
        to->examples[split] = count_of(task, (enum split)split);
    int used = snprintf(
        to->said, sizeof to->said, "%s%s",
        conf->random_labels > 0 ? "asked on the training images themselves"
                                : images->said,
        conf->shuffle_pixels ? "; the pixels shuffled, all images alike" : "");
    if (conf->random_labels > 0 && used > 0)
        (void)snprintf(to->said + used, sizeof to->said - (size_t)used,
                       "; %g %% of the training labels drawn at random",
                       100 * conf->random_labels);
}
