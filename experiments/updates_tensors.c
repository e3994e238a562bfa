/*
 * Of a checkpoint nobody here knows the architecture of: each matrix by its
 * tensor's name, kernels unfolded as (out, in kh kw); or dW = W - W0 against
 * another checkpoint, subtracted in float whatever the files hold.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/tensor_file.h"
#include "experiments/updates_owned.h"

enum { TENSORS_PATH = 1024, GIVEN_MOST = 900, CAVEAT = 240 };

struct of_tensors {
    struct tensor_file *file, *base; /* base or NULL */
    const struct tensor **w, **w0;   /* (count) */
    char caveat[CAVEAT];             /* "": none */
};

/* The file of a folder that Hugging Face would look for, or the path. */
static const char *file_of(char to[TENSORS_PATH], const char *path)
{
    static const char *const usual[] = {"model.safetensors",
                                        "pytorch_model.bin",
                                        "diffusion_pytorch_model.safetensors"};
    bool fits = strlen(path) <= GIVEN_MOST; /* names come behind it */
    for (size_t i = 0; i < sizeof usual / sizeof *usual && fits; i++)
        if (file_exists(file_join(to, TENSORS_PATH, path, usual[i])))
            return to;
    (void)snprintf(to, TENSORS_PATH, "%s", path);
    return to;
}

static bool is_matrix(const struct tensor *tensor)
{
    int64_t rows = tensor->dims >= 2 ? tensor->shape[0] : 0;
    return tensor->dims >= 2 && tensor->dims <= 5 &&
           tensor->type != TENSOR_OTHER && rows > 1 &&
           tensor->count / rows > 1 && tensor->count <= INT_MAX;
}

static int read_mat(struct mat *to, const struct tensor_file *file,
                    const struct tensor *tensor, struct err *err)
{
    int rows = (int)tensor->shape[0];
    float *at = mem_try((size_t)tensor->count, sizeof *at);
    if (!at)
        return err_set(err, "out of memory for tensor \"%.100s\"",
                       tensor->name);
    *to = mat_of(at, rows, (int)(tensor->count / rows));
    int status = tensor_read(at, tensor, err);
    tensor_file_forget(file, tensor);
    return status;
}

static int take(struct held *to, const struct updates *updates, int site,
                struct err *err)
{
    const struct of_tensors *own = updates->owned;
    if (read_mat(&to->own[0], own->file, own->w[site], err) != 0)
        return -1;
    if (own->base) {
        if (read_mat(&to->own[1], own->base, own->w0[site], err) != 0)
            return -1;
        to->w0 = to->own[1];
        size_t count = (size_t)own->w[site]->count;
        for (size_t i = 0; i < count; i++)
            to->own[0].at[i] -= to->w0.at[i];
        to->floor = rounding_floor(to->w0, updates->storage, updates->rounded);
    }
    to->update = update_of_matrix(to->own[0]);
    return 0;
}

static const char *caveat(const struct updates *updates, int i)
{
    const struct of_tensors *own = updates->owned;
    return i == 0 && own->caveat[0] ? own->caveat : NULL;
}

static void tell(struct update_facts *to, const struct updates *updates)
{
    const struct of_tensors *own = updates->owned;
    char size[16];
    update_fact_add(to, "what", "checkpoint, matrix by matrix%s",
                    own->base ? ", against its base" : "");
    update_fact_add(to, "tensors", "%d in %s; %d matrices, in %s",
                    tensor_file_count(own->file),
                    update_bytes(size, tensor_file_size(own->file)),
                    updates->count, storage_name(updates->storage));
    if (own->base)
        update_fact_add(to, "base", "%d tensors in %s",
                        tensor_file_count(own->base),
                        update_bytes(size, tensor_file_size(own->base)));
}

static void close_tensors(struct updates *updates)
{
    struct of_tensors *own = updates->owned;
    for (int i = 0; i < updates->count; i++)
        mem_free((char *)updates->site[i].name);
    tensor_file_close(own->file);
    tensor_file_close(own->base);
    mem_free(own->w);
    mem_free(own->w0);
    mem_free(own);
}

static const struct updates_ops ops = {
    .take = take, .caveat = caveat, .tell = tell, .close = close_tensors};

/* The same tensor in the other file, which may have been saved from within
 * the wrapper that the first was saved with, or the other way round. */
static const struct tensor *find_twin(const struct tensor_file *base,
                                      const char *name)
{
    static const char *const wrap[] = {"transformer.", "model."};
    char other[512];
    const struct tensor *found = tensor_file_find(base, name);
    for (size_t i = 0; i < 2 && !found; i++) {
        size_t length = strlen(wrap[i]);
        if (strncmp(name, wrap[i], length) == 0)
            found = tensor_file_find(base, name + length);
        (void)snprintf(other, sizeof other, "%s%.400s", wrap[i], name);
        if (!found)
            found = tensor_file_find(base, other);
    }
    return found;
}

static int check_twins(const struct tensor *w, const struct tensor *w0,
                       struct err *err)
{
    bool same = w->dims == w0->dims;
    for (int i = 0; same && i < w->dims; i++)
        same = w->shape[i] == w0->shape[i];
    if (same)
        return 0;
    return err_set(err,
                   "tensor \"%.100s\" is (%lld, ...) of %lld numbers, in the "
                   "base (%lld, ...) of %lld; take the base it was tuned from",
                   w->name, (long long)w->shape[0], (long long)w->count,
                   (long long)(w0->dims ? w0->shape[0] : 0),
                   (long long)w0->count);
}

static enum storage storage_of(const struct tensor *tensor)
{
    if (tensor->type == TENSOR_BF16)
        return STORED_BF16;
    return tensor->type == TENSOR_F16 ? STORED_F16 : STORED_F32;
}

/* The coarser type, and how many of the two files have it. */
static void weigh(struct updates *to, const struct tensor *w,
                  const struct tensor *w0)
{
    enum storage one = storage_of(w), other = w0 ? storage_of(w0) : one;
    to->storage = one;
    to->rounded = w0 && one == other ? 2 : 1;
    if (other != one && (other == STORED_BF16 || one == STORED_F32))
        to->storage = other;
}

static void add_site(struct updates *to, const struct tensor *w,
                     const struct tensor *w0)
{
    struct of_tensors *own = to->owned;
    struct update_site *site = &to->site[to->count];
    size_t length = strlen(w->name), end = strlen(".weight");
    own->w[to->count] = w;
    own->w0[to->count++] = w0;
    char *name = xstrdup(w->name);
    if (length > end && strcmp(name + length - end, ".weight") == 0)
        name[length - end] = '\0';
    *site = (struct update_site){.name = name,
                                 .tensor = w->name,
                                 .scale_from = "",
                                 .warning = "",
                                 .out = (int)w->shape[0],
                                 .in = (int)(w->count / w->shape[0]),
                                 .scale = 1};
    size_t used = 0;
    for (int i = 2; i < w->dims; i++)
        used += (size_t)snprintf(site->unfolding + used,
                                 sizeof site->unfolding - used, "%s%lld",
                                 i > 2 ? "x" : "", (long long)w->shape[i]);
    if (w->dims > 2)
        (void)snprintf(site->unfolding + used, sizeof site->unfolding - used,
                       " kernel as out x (in ...)");
    if (to->count == 1)
        weigh(to, w, w0);
}

static int list_sites(struct updates *to, struct err *err)
{
    struct of_tensors *own = to->owned;
    int all = tensor_file_count(own->file), alone = 0;
    const char *first = "";
    to->site = xcalloc((size_t)all + 1, sizeof *to->site);
    own->w = xcalloc((size_t)all + 1, sizeof *own->w);
    own->w0 = xcalloc((size_t)all + 1, sizeof *own->w0);
    for (int i = 0; i < all; i++) {
        const struct tensor *w = tensor_file_at(own->file, i);
        const struct tensor *w0 =
            own->base ? find_twin(own->base, w->name) : NULL;
        if (!is_matrix(w))
            continue;
        if (own->base && !w0) {
            first = alone++ ? first : w->name;
            continue;
        }
        if (w0 && check_twins(w, w0, err) != 0)
            return -1;
        add_site(to, w, w0);
    }
    if (alone)
        (void)snprintf(own->caveat, sizeof own->caveat,
                       "%d matrices are not in the base, \"%.100s\" first",
                       alone, first);
    if (to->count)
        return 0;
    if (alone)
        return err_set(err,
                       "the base has no matrix of the same name; one of "
                       "them is \"%.100s\"",
                       first);
    return err_set(err, "holds no matrix of numbers");
}

int updates_of_tensors(struct updates *to, const char *path, const char *base,
                       struct err *err)
{
    char file[TENSORS_PATH];
    struct of_tensors *own = xcalloc(1, sizeof *own);
    to->ops = &ops;
    to->owned = own;
    to->kind = base ? STORED_DELTA : STORED_WEIGHTS;
    if (base)
        (void)snprintf(to->what, sizeof to->what, "%.90s against %.90s", path,
                       base);
    else
        (void)snprintf(to->what, sizeof to->what, "weights of %.180s", path);
    own->file = tensor_file_open(file_of(file, path), err);
    if (own->file && base)
        own->base = tensor_file_open(file_of(file, base), err);
    if (!own->file || (base && !own->base))
        return -1;
    if (list_sites(to, err) != 0)
        return err_prefix(err, "%.300s", path);
    return 0;
}
