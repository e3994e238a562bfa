/*
 * Task "digits": a grey image of 28 by 28 pixels, which of the ten is it?
 * Drawn by the program (digit.h) once, when the task is opened: a stand-in for
 * MNIST that is always there.  The training images are the recipe's
 * task.examples, 10,000 when it says nothing; image i does not depend on how
 * many there are.
 */
#include "core/task/task_table.h"

#include "core/base/mem.h"
#include "core/task/images.h"

enum { USUAL = 10000, HELD_OUT = 2000 };

static int draw(struct image_set *to, int count, enum split split,
                uint64_t seed, struct err *err)
{
    to->pixel = mem_try((size_t)count, DIGIT_PIXELS);
    to->label = mem_try((size_t)count, 1);
    if (!to->pixel || !to->label)
        return err_set(err,
                       "task digits: not enough memory for %d images; lower "
                       "task.examples",
                       count);
    to->count = count;
    for (int i = 0; i < count; i++) {
        struct rng rng =
            rng_make(seed, STREAM_TASK, 2 * (uint64_t)i + (uint64_t)split);
        to->label[i] = (uint8_t)rng_below(&rng, DIGITS);
        digit_draw(to->pixel + (size_t)i * DIGIT_PIXELS, to->label[i], &rng);
    }
    return 0;
}

static int open_digits(struct task *task, struct err *err)
{
    struct task_conf *conf = &task->conf;
    int count = conf->examples ? conf->examples : USUAL;
    if (conf->data)
        return err_set(err, "task digits draws its images; remove task.data, "
                            "or say name: mnist");
    if (images_check(conf, err) < 0)
        return -1;
    struct images *images = xcalloc(1, sizeof *images);
    task->state = images;
    images->said = "digits drawn by the program";
    if (draw(&images->set[SPLIT_TRAIN], count, SPLIT_TRAIN, conf->seed, err) ==
            0 &&
        draw(&images->set[SPLIT_VALIDATION], HELD_OUT, SPLIT_VALIDATION,
             conf->seed, err) == 0) {
        images_shuffle(images, conf);
        return 0;
    }
    images_close(task);
    return -1;
}

const struct task_ops task_digits = {
    .name = "digits",
    .kind = EXAMPLE_CLASS,
    .has_images = true,
    .summary = "which of ten digits an image shows, drawn by the program",
    .metric = "accuracy",
    .open = open_digits,
    .close = images_close,
    .sample = images_sample,
    .report = images_report,
};
