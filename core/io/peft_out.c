/* See peft_out.h. */
#include "core/io/peft_out.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/peft_out_private.h"
#include "core/io/rounding.h"

struct peft_out *peft_out_new(const struct peft *like, const char *base_name,
                              bool transposed, bool names_all,
                              enum tensor_type type)
{
    struct peft_out *out = xcalloc(1, sizeof *out);
    out->like = like;
    (void)snprintf(out->base_name, sizeof out->base_name, "%s",
                   like && !peft_is_own(like) ? adapter_file_base(like->file)
                                              : base_name);
    out->transposed = transposed;
    out->names_all = names_all;
    out->type = type;
    return out;
}

void peft_out_set_names(struct peft_out *out, enum adapter_names names)
{
    assert(!out->count);
    out->names = names;
}

void peft_out_add(struct peft_out *out, struct peft_item item)
{
    assert(item.rank > 0 && !out->stream);
    if (out->count == out->room) {
        int room = out->room ? 2 * out->room : 64;
        out->item = xgrow(out->item, (size_t)out->room, (size_t)room,
                          sizeof *out->item);
        out->room = room;
    }
    out->item[out->count++] = item;
}

/* Tensors of no pair, which are copied. */
static int others(const struct peft_out *out)
{
    return out->like ? adapter_file_rest(out->like->file) : 0;
}

static void declare(struct safetensors_stream *stream,
                    const struct peft_out *out, const struct peft_item *item,
                    enum adapter_part part, int rows, int cols)
{
    char name[1200];
    int64_t shape[] = {rows, cols};
    bool number = part == NAMED_ALPHA;
    enum tensor_type type = number ? TENSOR_F32 : out->type;
    adapter_names_tensor(name, sizeof name, out->names, item->module, part,
                         item->is_embedding);
    safetensors_stream_declare(
        stream, name, tensor_type_name(type), number ? 0 : 2, shape,
        (size_t)rows * (size_t)cols * tensor_type_size(type));
}

static struct safetensors_stream *declare_all(const struct peft_out *out)
{
    struct safetensors_stream *stream = safetensors_stream_new();
    bool kohya = out->names == NAMES_KOHYA;
    safetensors_stream_meta(stream, "format", "pt");
    if (kohya)
        peft_out_put_meta(stream, out);
    for (int i = 0; i < out->count; i++) {
        const struct peft_item *item = &out->item[i];
        declare(stream, out, item, NAMED_A, item->rank, item->in);
        declare(stream, out, item, NAMED_B, item->out, item->rank);
        if (kohya)
            declare(stream, out, item, NAMED_ALPHA, 1, 1);
    }
    for (int i = 0; i < others(out); i++) {
        const struct tensor *other = adapter_file_rest_at(out->like->file, i);
        safetensors_stream_declare(stream, other->name, other->type_name,
                                   other->dims, other->shape, other->bytes);
    }
    return stream;
}

size_t peft_out_size(const struct peft_out *out)
{
    struct safetensors_stream *stream = declare_all(out);
    size_t size = safetensors_stream_size(stream);
    safetensors_stream_abandon(stream);
    return size;
}

int peft_out_may_write(const char *folder, enum adapter_names names, bool force,
                       struct err *err)
{
    static const char config[] = "adapter_config.json";
    const char *const files[] = {adapter_names_file(names), config};
    char path[1024];
    if (strlen(folder) > 900)
        return err_set(err, "%.60s...: the folder's name is too long", folder);
    if (names == NAMES_KOHYA && force &&
        file_exists(file_join(path, sizeof path, folder, config)))
        return err_set(err,
                       "%.300s: there is an adapter of PEFT's, which would be "
                       "read instead of kohya's file; choose another folder",
                       folder);
    for (size_t i = 0; i < sizeof files / sizeof *files && !force; i++)
        if (file_exists(file_join(path, sizeof path, folder, files[i])))
            return err_set(err,
                           "%.300s: there is an adapter already; choose "
                           "another folder, or --force to replace it",
                           folder);
    return 0;
}

/* kohya's dialect has pairs of matrices and nothing else. */
static int check_kohya(const struct peft_out *out, struct err *err)
{
    for (int i = 0; i < out->count; i++)
        if (out->item[i].is_embedding)
            return err_set(err,
                           "%.200s is an embedding, for which kohya's dialect "
                           "has no form; write it as PEFT's",
                           out->item[i].module);
    if (others(out))
        return err_set(err,
                       "tensor %.200s is of no pair, for which kohya's "
                       "dialect has no form; write it as PEFT's",
                       adapter_file_rest_at(out->like->file, 0)->name);
    return 0;
}

int peft_out_begin(struct peft_out *out, const char *folder, bool force,
                   struct err *err)
{
    char tensors[1024], config[1024];
    assert(out->count && !out->stream);
    bool kohya = out->names == NAMES_KOHYA;
    if ((kohya && check_kohya(out, err)) ||
        peft_out_may_write(folder, out->names, force, err))
        return -1;
    (void)snprintf(out->folder, sizeof out->folder, "%s", folder);
    (void)file_join(tensors, sizeof tensors, folder,
                    adapter_names_file(out->names));
    (void)file_join(config, sizeof config, folder, "adapter_config.json");
    out->made_folder = !file_exists(folder);
    if (file_make_folder(folder, err) ||
        (!kohya && peft_out_put_config(out, config, err)))
        return -1;
    out->stream = declare_all(out);
    return safetensors_stream_begin(out->stream, tensors, err);
}

/* Once the pairs are written: what is copied. */
static int copy_others(struct peft_out *out, struct err *err)
{
    for (int i = 0; i < others(out); i++) {
        const struct tensor *other = adapter_file_rest_at(out->like->file, i);
        if (safetensors_stream_bytes(out->stream, other->data, other->bytes,
                                     err))
            return -1;
        peft_release(out->like, other);
    }
    return 0;
}

int peft_out_put(struct peft_out *out, struct mat bt, struct mat a,
                 struct err *err)
{
    const struct peft_item *item = &out->item[out->put++];
    assert(bt.rows == item->rank && a.rows == item->rank);
    assert(bt.cols == item->out && a.cols == item->in);
    assert(a.ld == a.cols);
    struct mat b = mat_new(bt.cols, bt.rows);
    mat_transpose(b, bt);
    size_t rank = (size_t)item->rank;
    int status =
        safetensors_stream_put(out->stream, a.at, rank * (size_t)a.cols, err);
    if (status == 0)
        status = safetensors_stream_put(out->stream, b.at,
                                        rank * (size_t)bt.cols, err);
    float alpha = (float)peft_out_alpha(item);
    if (status == 0 && out->names == NAMES_KOHYA)
        status = safetensors_stream_put(out->stream, &alpha, 1, err);
    mat_free(&b);
    if (status == 0 && out->put == out->count)
        status = copy_others(out, err);
    return status;
}

struct peft *peft_out_read_back(struct peft_out *out, struct err *err)
{
    assert(out->put == out->count);
    return peft_open_files(out->folder,
                           out->config.to ? out->config.beside : "",
                           safetensors_stream_beside(out->stream), err);
}

int peft_out_find(int *at, const struct peft_out *out, const struct peft *back,
                  const char *module, struct err *err)
{
    char called[1024];
    adapter_names_module(called, sizeof called, out->names, module);
    for (*at = 0; *at < back->count; ++*at)
        if (strcmp(back->pair[*at].module, called) == 0)
            return 0;
    return err_set(err,
                   "%.200s: read back, it is not there; nothing was "
                   "written",
                   module);
}

static void out_free(struct peft_out *out)
{
    mem_free(out->item);
    mem_free(out);
}

int peft_out_commit(struct peft_out *out, struct err *err)
{
    int status = safetensors_stream_commit(out->stream, err);
    if (out->config.to && status == 0)
        status = file_out_commit(&out->config, err);
    else if (out->config.to)
        file_out_abandon(&out->config);
    out_free(out);
    return status;
}

void peft_out_abandon(struct peft_out *out)
{
    if (!out)
        return;
    safetensors_stream_abandon(out->stream);
    if (out->config.to)
        file_out_abandon(&out->config);
    if (out->made_folder)
        (void)rmdir(out->folder); /* if others put something there, it stays */
    out_free(out);
}
