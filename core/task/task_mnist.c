/*
 * Task "mnist": digits written by hand (LeCun, Cortes & Burges, "The MNIST
 * database"), from a folder that holds its four IDX files, plain or gzipped:
 *
 *   train-images-idx3-ubyte  train-labels-idx1-ubyte
 *   t10k-images-idx3-ubyte   t10k-labels-idx1-ubyte
 *
 * Held out are the test images, t10k.  Other data of the same shape, as
 * Fashion-MNIST, do as well.
 */
#include "core/task/task_table.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/idx.h"
#include "core/task/images.h"

static const char *const file_name[2] = {"train", "t10k"};

/* The file's name in path, plain if it is there, or with .gz. */
static int find_file(char *path, size_t size, const char *folder,
                     const char *name, struct err *err)
{
    char packed[64];
    (void)snprintf(packed, sizeof packed, "%s.gz", name);
    if (file_exists(file_join(path, size, folder, name)) ||
        file_exists(file_join(path, size, folder, packed)))
        return 0;
    return err_set(err,
                   "%s: has neither %s nor %s; name the folder that has the "
                   "four files of MNIST",
                   folder, name, packed);
}

static int read_file(struct idx *to, const char *folder, const char *name,
                     int dimensions, struct err *err)
{
    char path[1024];
    if (find_file(path, sizeof path, folder, name, err) < 0)
        return -1;
    return idx_read(to, path, dimensions, err);
}

/* name: of the files. */
static int check_set(const struct idx *image, const struct idx *label,
                     const char *folder, const char *name, struct err *err)
{
    if (image->size[1] != DIGIT_SIDE || image->size[2] != DIGIT_SIDE)
        return err_set(err,
                       "%s: %s images are %d x %d pixels, not %d x %d; name "
                       "another folder",
                       folder, name, image->size[1], image->size[2], DIGIT_SIDE,
                       DIGIT_SIDE);
    if (image->size[0] != label->size[0])
        return err_set(err,
                       "%s: %d %s images, but %d labels; get both files again",
                       folder, image->size[0], name, label->size[0]);
    for (int i = 0; i < label->size[0]; i++)
        if (label->at[i] >= DIGITS)
            return err_set(err,
                           "%s: label %d of %s is %d, not 0..%d; get the file "
                           "again",
                           folder, i + 1, name, label->at[i], DIGITS - 1);
    return 0;
}

static int read_set(struct image_set *to, const char *folder, const char *name,
                    struct err *err)
{
    struct idx image = {.at = NULL}, label = {.at = NULL};
    char images[32], labels[32];
    (void)snprintf(images, sizeof images, "%s-images-idx3-ubyte", name);
    (void)snprintf(labels, sizeof labels, "%s-labels-idx1-ubyte", name);
    if (read_file(&image, folder, images, 3, err) < 0 ||
        read_file(&label, folder, labels, 1, err) < 0 ||
        check_set(&image, &label, folder, name, err) < 0) {
        idx_free(&image);
        idx_free(&label);
        return -1;
    }
    *to = (struct image_set){image.size[0], image.at, label.at};
    return 0;
}

static int read_sets(struct images *images, const struct task_conf *conf,
                     struct err *err)
{
    for (int split = 0; split < 2; split++)
        if (read_set(&images->set[split], conf->data, file_name[split], err) <
            0)
            return -1;
    int count = images->set[SPLIT_TRAIN].count;
    if (conf->examples <= count)
        return 0;
    return err_set(err,
                   "%s: has %d training images, not %d; lower task.examples",
                   conf->data, count, conf->examples);
}

static int open_mnist(struct task *task, struct err *err)
{
    enum { LONGEST = 900 }; /* bytes; names are put behind it */
    struct task_conf *conf = &task->conf;
    if (!conf->data)
        return err_set(err, "task mnist reads the four files of MNIST; say in "
                            "which folder: --set task.data=FOLDER, or take "
                            "the task digits");
    if (strlen(conf->data) > LONGEST)
        return err_set(err,
                       "task.data %.60s... is too long; use at most %d "
                       "bytes",
                       conf->data, LONGEST);
    if (images_check(conf, err) < 0)
        return -1;
    struct images *images = xcalloc(1, sizeof *images);
    task->state = images;
    images->said = "held out: the test images, t10k";
    if (read_sets(images, conf, err) == 0) {
        images_shuffle(images, conf);
        return 0;
    }
    images_close(task);
    return -1;
}

const struct task_ops task_mnist = {
    .name = "mnist",
    .kind = EXAMPLE_CLASS,
    .has_images = true,
    .summary = "which of ten digits an image shows, written by hand",
    .metric = "accuracy",
    .open = open_mnist,
    .close = images_close,
    .sample = images_sample,
    .report = images_report,
};
