/* See peft_out.h. */
#include "core/io/peft_out.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/rounding.h"
#include "core/io/safetensors_stream.h"

struct peft_out {
    const struct peft *like; /* or NULL */
    char base_name[256];
    bool transposed, names_all;
    enum tensor_type type;
    struct peft_item *item;
    int count, room, put;
    char folder[1024];
    bool made_folder;
    struct safetensors_stream *stream;
    struct file_out config;
};

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

/* The alpha for which alpha / rank is s; a whole number where one is. */
static double alpha_of(const struct peft_item *item)
{
    double alpha = item->scale * item->rank, whole = round(alpha);
    return whole / item->rank == item->scale ? whole : alpha;
}

static void put_alpha(struct json *object, const char *key, double alpha)
{
    if (alpha == round(alpha) && fabs(alpha) < 1e9)
        json_put_integer(object, key, (long long)alpha);
    else
        json_put_number(object, key, alpha);
}

static int longer_first(const void *a, const void *b)
{
    const struct peft_item *x = *(struct peft_item *const *)a;
    const struct peft_item *y = *(struct peft_item *const *)b;
    size_t one = strlen(x->module), other = strlen(y->module);
    if (one != other)
        return one > other ? -1 : 1;
    return x < y ? -1 : 1; /* as filed */
}

/* What of the config depends on the ranks, into config. */
static void put_ranks(struct json *config, const struct peft_out *out)
{
    const struct peft_item *first = &out->item[0];
    struct json *ranks = json_new_object(), *alphas = json_new_object();
    struct peft_item **sorted = xcalloc((size_t)out->count, sizeof *sorted);
    for (int i = 0; i < out->count; i++)
        sorted[i] = &out->item[i];
    qsort(sorted, (size_t)out->count, sizeof *sorted, longer_first);
    for (int i = 0; i < out->count; i++) {
        const struct peft_item *item = sorted[i];
        if (item->rank != first->rank)
            json_put_integer(ranks, item->module, item->rank);
        if (alpha_of(item) != alpha_of(first))
            put_alpha(alphas, item->module, alpha_of(item));
    }
    mem_free(sorted);
    json_put_integer(config, "r", first->rank);
    put_alpha(config, "lora_alpha", alpha_of(first));
    json_put(config, "rank_pattern", ranks);
    json_put(config, "alpha_pattern", alphas);
    json_put_bool(config, "use_rslora", false);
}

struct json *peft_out_ranks(const struct peft_out *out)
{
    struct json *ranks = json_new_object();
    put_ranks(ranks, out);
    return ranks;
}

/* Names of their own match nothing else. */
static void put_names(struct json *config, const struct peft_out *out)
{
    struct json *names = json_new_array();
    for (int i = 0; i < out->count; i++)
        json_push_text(names, out->item[i].module);
    json_put(config, "target_modules", names);
    json_put_null(config, "layers_to_transform");
    json_put_null(config, "layers_pattern");
}

/* Of an adapter that is like no other. */
static struct json *plain_config(const struct peft_out *out)
{
    struct json *config = json_new_object();
    json_put_text(config, "peft_type", "LORA");
    json_put_text(config, "task_type", "CAUSAL_LM");
    json_put_text(config, "base_model_name_or_path", out->base_name);
    json_put_text(config, "bias", "none");
    json_put_bool(config, "fan_in_fan_out",
                  json_bool(json_get(out->like ? out->like->config : NULL,
                                     "fan_in_fan_out"),
                            out->transposed));
    json_put_bool(config, "inference_mode", true);
    json_put_bool(config, "init_lora_weights", true);
    json_put_number(config, "lora_dropout", 0);
    json_put_bool(config, "use_dora", false);
    json_put_null(config, "modules_to_save");
    json_put_null(config, "revision");
    return config;
}

static int write_config(struct peft_out *out, const char *path, struct err *err)
{
    bool copies = out->like && peft_is_own(out->like);
    struct json *config =
        copies ? json_read(adapter_file_config_path(out->like->file), err)
               : plain_config(out);
    if (!config)
        return -1;
    put_ranks(config, out);
    if (out->names_all || !copies)
        put_names(config, out);
    char *text = json_write(config);
    json_free(config);
    int status = file_out_open(&out->config, path, err);
    if (status == 0) {
        /* A short write leaves the error flag, which commit looks at. */
        (void)fwrite(text, 1, strlen(text), out->config.to);
        (void)fflush(out->config.to);
    }
    mem_free(text);
    return status;
}

/* Tensors of no pair, which are copied. */
static int others(const struct peft_out *out)
{
    return out->like ? adapter_file_rest(out->like->file) : 0;
}

static void declare(struct safetensors_stream *stream, enum tensor_type type,
                    const char *module, const char *end, int rows, int cols)
{
    char name[1200];
    int64_t shape[] = {rows, cols};
    (void)snprintf(name, sizeof name, "base_model.model.%s%s", module, end);
    safetensors_stream_declare(stream, name, tensor_type_name(type), 2, shape,
                               (size_t)rows * (size_t)cols *
                                   tensor_type_size(type));
}

static struct safetensors_stream *declare_all(const struct peft_out *out)
{
    struct safetensors_stream *stream = safetensors_stream_new();
    safetensors_stream_meta(stream, "format", "pt");
    for (int i = 0; i < out->count; i++) {
        const struct peft_item *item = &out->item[i];
        bool table = item->is_embedding;
        declare(stream, out->type, item->module,
                table ? ".lora_embedding_A" : ".lora_A.weight", item->rank,
                item->in);
        declare(stream, out->type, item->module,
                table ? ".lora_embedding_B" : ".lora_B.weight", item->out,
                item->rank);
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

int peft_out_may_write(const char *folder, bool force, struct err *err)
{
    static const char *const files[] = {"adapter_model.safetensors",
                                        "adapter_config.json"};
    char path[1024];
    if (strlen(folder) > 900)
        return err_set(err, "%.60s...: the folder's name is too long", folder);
    for (size_t i = 0; i < sizeof files / sizeof *files && !force; i++)
        if (file_exists(file_join(path, sizeof path, folder, files[i])))
            return err_set(err,
                           "%.300s: there is an adapter already; choose "
                           "another folder, or --force to replace it",
                           folder);
    return 0;
}

int peft_out_begin(struct peft_out *out, const char *folder, bool force,
                   struct err *err)
{
    char tensors[1024], config[1024];
    assert(out->count && !out->stream);
    if (peft_out_may_write(folder, force, err))
        return -1;
    (void)snprintf(out->folder, sizeof out->folder, "%s", folder);
    (void)file_join(tensors, sizeof tensors, folder,
                    "adapter_model.safetensors");
    (void)file_join(config, sizeof config, folder, "adapter_config.json");
    out->made_folder = !file_exists(folder);
    if (file_make_folder(folder, err) || write_config(out, config, err))
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
    mat_free(&b);
    if (status == 0 && out->put == out->count)
        status = copy_others(out, err);
    return status;
}

struct peft *peft_out_read_back(struct peft_out *out, struct err *err)
{
    assert(out->put == out->count);
    return peft_open_files(out->folder, out->config.beside,
                           safetensors_stream_beside(out->stream), err);
}

static void out_free(struct peft_out *out)
{
    mem_free(out->item);
    mem_free(out);
}

int peft_out_commit(struct peft_out *out, struct err *err)
{
    int status = safetensors_stream_commit(out->stream, err);
    if (status == 0)
        status = file_out_commit(&out->config, err);
    else
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
