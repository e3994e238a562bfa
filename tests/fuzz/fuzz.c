/* See fuzz.h. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/io/adapter_file.h"
#include "core/io/peft.h"

static char root[256];

void fuzz_law(bool holds, const char *law)
{
    if (holds)
        return;
    (void)fprintf(stderr, "does not hold: %s\n", law);
    abort();
}

static int remove_one(const char *path, const struct stat *about, int type,
                      struct FTW *where)
{
    (void)about, (void)type, (void)where;
    return remove(path);
}

static void remove_root(void)
{
    (void)nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_root(void)
{
    const char *under = getenv("TMPDIR");
    if (root[0])
        return;
    (void)snprintf(root, sizeof root, "%s/rankscope-fuzz-XXXXXX",
                   under ? under : "/tmp");
    fuzz_law(mkdtemp(root) != NULL, "there is room for temporary files");
    (void)atexit(remove_root);
}

const char *fuzz_path(const char *name)
{
    static char paths[4][512];
    static int turn;
    char *path = paths[turn++ % 4];
    make_root();
    (void)snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

const char *fuzz_folder(const char *name)
{
    const char *path = fuzz_path(name);
    fuzz_law(mkdir(path, 0700) == 0 || errno == EEXIST, "a folder is made");
    return path;
}

const char *fuzz_write(const char *name, const void *data, size_t size)
{
    const char *path = fuzz_path(name);
    FILE *to = fopen(path, "wb");
    fuzz_law(to && (!size || fwrite(data, 1, size, to) == size) &&
                 fclose(to) == 0,
             "a temporary file is written");
    return path;
}

void fuzz_remove(const char *name)
{
    (void)unlink(fuzz_path(name)); /* it may not be there */
}

void fuzz_tensor(const struct tensor *tensor)
{
    struct err err = {""};
    size_t count = (size_t)tensor->count;
    float *one = mem_try(count, sizeof *one),
          *two = mem_try(count, sizeof *two);
    fuzz_law(one && two, "a tensor has no more numbers than its file");
    int status = tensor_read(one, tensor, &err);
    fuzz_law(status == 0 || err.text[0], "a refusal has words");
    fuzz_law(tensor_read(two, tensor, NULL) == status &&
                 (status || !memcmp(one, two, count * sizeof *one)),
             "a tensor read again is the same");
    int64_t half = tensor->count / 2;
    if (status == 0) {
        fuzz_law(
            !tensor_read_part(two, tensor, half, tensor->count - half, NULL) &&
                !memcmp(one + half, two, (count - (size_t)half) * sizeof *one),
            "a part is a part of the whole");
        const float *view = tensor_view(tensor);
        fuzz_law(!view || !memcmp(view, one, count * sizeof *one),
                 "a view is what is read");
    }
    mem_free(one);
    mem_free(two);
}

static bool same(struct mat a, struct mat b)
{
    bool is = a.rows == b.rows && a.cols == b.cols;
    for (int i = 0; is && i < a.rows; i++)
        is = !memcmp(mat_row(a, i), mat_row(b, i),
                     (size_t)a.cols * sizeof *a.at);
    return is;
}

static void look_at_pair(const struct adapter_file *file,
                         const struct file_pair *pair)
{
    struct mat bt, a, again_bt, again_a;
    struct err err = {""};
    char unfolding[128];
    adapter_file_unfolding(unfolding, sizeof unfolding, pair);
    fuzz_law(pair->rank > 0 && pair->out > 0 && pair->in > 0,
             "a pair has a shape");
    fuzz_law(isfinite(pair->scale.scale), "a scale is a number");
    if (adapter_file_read(&bt, &a, pair, &err) != 0) {
        fuzz_law(err.text[0], "a refusal has words");
        return;
    }
    fuzz_law(bt.rows == pair->rank && bt.cols == pair->out &&
                 a.rows == pair->rank && a.cols == pair->in,
             "factors have the pair's shape");
    adapter_file_forget(file, pair);
    fuzz_law(!adapter_file_read(&again_bt, &again_a, pair, &err) &&
                 same(bt, again_bt) && same(a, again_a),
             "a pair read again is the same");
    mat_free(&bt);
    mat_free(&a);
    mat_free(&again_bt);
    mat_free(&again_a);
}

int fuzz_adapter(const char *path, struct err *err)
{
    struct adapter_file *file = adapter_file_open(path, err);
    if (!file)
        return -1;
    (void)adapter_file_base(file);
    fuzz_law(adapter_file_count(file) > 0, "an adapter has pairs");
    for (int i = 0; i < adapter_file_count(file); i++)
        look_at_pair(file, adapter_file_at(file, i));
    for (int i = 0; i < adapter_file_rest(file); i++)
        fuzz_tensor(adapter_file_rest_at(file, i));
    for (int i = 0; adapter_file_caveat(file, i); i++)
        fuzz_law(adapter_file_caveat(file, i)[0], "a caveat has words");
    adapter_file_close(file);
    return 0;
}

int fuzz_peft(const char *folder, struct err *err)
{
    struct peft *peft = peft_open(folder, err);
    if (!peft)
        return -1;
    fuzz_law(peft->count > 0, "an adapter has pairs");
    for (int i = 0; i < peft->count; i++) {
        const struct peft_pair *pair = &peft->pair[i];
        struct mat bt, a;
        struct err why = {""};
        fuzz_law(isfinite(pair->scale), "a scale is a number");
        if (peft_read(&bt, &a, peft, i, &why) != 0) {
            fuzz_law(why.text[0], "a refusal has words");
            continue;
        }
        fuzz_law(bt.rows == pair->rank && bt.cols == pair->out &&
                     a.rows == pair->rank && a.cols == pair->in,
                 "factors have the pair's shape");
        mat_free(&bt);
        mat_free(&a);
    }
    for (int i = 0; i < adapter_file_rest(peft->file); i++)
        fuzz_tensor(adapter_file_rest_at(peft->file, i));
    peft_close(peft);
    return 0;
}
