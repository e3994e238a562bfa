/*
 * GPT-2's files (Radford et al. 2019; Hugging Face's GPT2LMHeadModel).
 *
 * Linear layers are "Conv1D": weights (in, out), and q, k, v are fused in
 * c_attn (in, 3 width).  Sites here are (out, in), so loading transposes; the
 * embedding, gains and biases are used where they lie in the mapped file.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/model/family.h"

enum { NAME = 96 };

static int read_config(struct model_conf *conf, const struct json *config,
                       struct err *err)
{
    enum { MOST = 1 << 24 };
    if (json_need_int(&conf->width, config, "n_embd", 1, MOST, err) != 0 ||
        json_need_int(&conf->heads, config, "n_head", 1, MOST, err) != 0 ||
        json_need_int(&conf->layers, config, "n_layer", 1, MOST, err) != 0 ||
        json_need_int(&conf->vocab, config, "vocab_size", 1, MOST, err) != 0 ||
        json_need_int(&conf->context, config, "n_positions", 1, MOST, err) != 0)
        return -1;
    conf->inner = 4 * conf->width;
    const struct json *inner = json_get(config, "n_inner");
    if (inner && !json_is_null(inner) &&
        json_need_int(&conf->inner, config, "n_inner", 1, MOST, err) != 0)
        return -1;
    conf->norm_eps =
        (float)json_number(json_get(config, "layer_norm_epsilon"), 1e-5);
    conf->tied = json_bool(json_get(config, "tie_word_embeddings"), true);
    const char *gelu =
        json_text(json_get(config, "activation_function"), "gelu_new");
    if (strcmp(gelu, "gelu_new") == 0 || strcmp(gelu, "gelu_pytorch_tanh") == 0)
        conf->activation = GELU_TANH;
    else if (strcmp(gelu, "gelu") == 0)
        conf->activation = GELU_ERF;
    else
        return err_set(err,
                       "activation_function \"%s\" is not supported; "
                       "known: gelu_new, gelu_pytorch_tanh, gelu",
                       gelu);
    if (!json_bool(json_get(config, "scale_attn_weights"), true) ||
        json_bool(json_get(config, "scale_attn_by_inverse_layer_idx"), false))
        return err_set(err, "this GPT-2 scales its attention in a way of its "
                            "own, which is not supported");
    return 0;
}

/* Finds a tensor with or without the "transformer." prefix and checks its
 * shape; rows -1: a vector of cols. */
static const struct tensor *need(const struct safetensors *file,
                                 const char *name, int rows, int cols,
                                 struct err *err)
{
    char full[NAME];
    (void)snprintf(full, sizeof full, "transformer.%s", name);
    const struct tensor *tensor = safetensors_find(file, full);
    if (!tensor)
        tensor = safetensors_find(file, name);
    if (!tensor) {
        err_set(err, "model.safetensors: tensor %s is missing", full);
        return NULL;
    }
    bool fits = rows < 0 ? tensor->dims == 1 && tensor->shape[0] == cols
                         : tensor->dims == 2 && tensor->shape[0] == rows &&
                               tensor->shape[1] == cols;
    if (!fits) {
        char want[32] = "";
        if (rows >= 0)
            (void)snprintf(want, sizeof want, "%d, ", rows);
        err_set(err,
                "model.safetensors: tensor %s has another shape than "
                "config.json says; expected (%s%d)",
                tensor->name, want, cols);
        return NULL;
    }
    return tensor;
}

/* The values of a tensor: where they lie, or a copy the model keeps. */
static const float *values(struct model *model, const struct tensor *tensor,
                           struct err *err)
{
    const float *view = tensor_view(tensor);
    if (view) {
        struct mat all = mat_of((float *)view, 1, (int)tensor->count);
        if (mat_finite(all))
            return view;
        err_set(err, "model.safetensors: tensor %s holds NaN or Inf",
                tensor->name);
        return NULL;
    }
    float *copy = xcalloc((size_t)tensor->count, sizeof *copy);
    if (tensor_read(copy, tensor, err) != 0) {
        mem_free(copy);
        return NULL;
    }
    float *kept = model_storage(model, (size_t)tensor->count);
    if (kept)
        memcpy(kept, copy, (size_t)tensor->count * sizeof *kept);
    else
        err_set(err, "not enough memory for tensor %s", tensor->name);
    mem_free(copy);
    return kept;
}

/* Where in a GPT-2 file an "other" lies: a tensor, and an offset in it. */
static void other_place(char name[NAME], int *offset, int *cols,
                        const struct model *model, int index)
{
    static const struct {
        const char *ours, *theirs;
        int part; /* of the fused c_attn, or -1 */
    } table[] = {
        {"norm1.gain", "ln_1.weight", -1},
        {"norm1.bias", "ln_1.bias", -1},
        {"attn.q.bias", "attn.c_attn.bias", 0},
        {"attn.k.bias", "attn.c_attn.bias", 1},
        {"attn.v.bias", "attn.c_attn.bias", 2},
        {"attn.o.bias", "attn.c_proj.bias", -1},
        {"norm2.gain", "ln_2.weight", -1},
        {"norm2.bias", "ln_2.bias", -1},
        {"mlp.up.bias", "mlp.c_fc.bias", -1},
        {"mlp.down.bias", "mlp.c_proj.bias", -1},
    };
    const struct other *other = &model->other[index];
    *offset = 0;
    *cols = other->cols;
    if (other->layer < 0)
        (void)snprintf(name, NAME, "%s",
                       other->kind == OTHER_EMBED ? "wte.weight"
                                                  : "wpe.weight");
    else if (other->layer == model->conf.layers)
        (void)snprintf(name, NAME, "ln_f.%s",
                       other->kind == OTHER_GAIN ? "weight" : "bias");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *ours = strchr(other->name, '.');
        ours = ours ? strchr(ours + 1, '.') : NULL;
        if (!ours || strcmp(ours + 1, table[i].ours) != 0)
            continue;
        (void)snprintf(name, NAME, "h.%d.%s", other->layer, table[i].theirs);
        if (table[i].part >= 0) {
            *offset = table[i].part * other->cols;
            *cols = 3 * other->cols;
        }
    }
}

/* The Conv1D tensor of a site, and the first of its columns. */
static void site_place(char name[NAME], int *from, int *cols,
                       const struct site *site)
{
    static const char *const theirs[SITE_HEAD] = {"attn.c_attn", "attn.c_attn",
                                                  "attn.c_attn", "attn.c_proj",
                                                  "mlp.c_fc",    "mlp.c_proj"};
    bool fused = site->kind <= SITE_V;
    (void)snprintf(name, NAME, "h.%d.%s.weight", site->layer,
                   theirs[site->kind]);
    *from = fused ? (int)site->kind * site->out : 0;
    *cols = fused ? 3 * site->out : site->out;
}

static int load_others(struct model *model, const struct safetensors *file,
                       struct err *err)
{
    for (int i = 0; i < model->other_count; i++) {
        char name[NAME];
        int offset, cols;
        const struct other *other = &model->other[i];
        other_place(name, &offset, &cols, model, i);
        const struct tensor *tensor =
            need(file, name, other->layer < 0 ? other->rows : -1, cols, err);
        const float *at = tensor ? values(model, tensor, err) : NULL;
        if (!at)
            return -1;
        model->base.other[i] = at + offset;
    }
    return 0;
}

static int load_head(struct model *model, const struct safetensors *file,
                     struct err *err)
{
    const struct site *head = &model->site[model->site_count - 1];
    const float *at = model->base.other[OTHER_AT_EMBED];
    const struct tensor *own = safetensors_find(file, "lm_head.weight");
    if (!model->conf.tied && !own)
        return err_set(err, "model.safetensors: tensor lm_head.weight is "
                            "missing, and tie_word_embeddings is false");
    if (!model->conf.tied) {
        own = need(file, "lm_head.weight", head->out, head->in, err);
        at = own ? values(model, own, err) : NULL;
    }
    if (!at)
        return -1;
    model->base.site[model->site_count - 1] =
        mat_of((float *)at, head->out, head->in);
    return 0;
}

static int load_sites(struct model *model, const struct safetensors *file,
                      struct err *err)
{
    size_t total = 0;
    int sites = model->site_count - 1; /* the head is no Conv1D */
    for (int i = 0; i < sites; i++)
        total += (size_t)model->site[i].out * (size_t)model->site[i].in;
    float *at = model_storage(model, total);
    size_t widest = 3 * (size_t)model->conf.width > (size_t)model->conf.inner
                        ? 3 * (size_t)model->conf.width
                        : (size_t)model->conf.inner;
    float *plain = mem_try(widest * (size_t)model->conf.inner, sizeof *plain);
    int status = at && plain ? 0 : err_set(err, "not enough memory");
    for (int i = 0; i < sites && status == 0; i++) {
        const struct site *site = &model->site[i];
        char name[NAME];
        int from, cols;
        site_place(name, &from, &cols, site);
        const struct tensor *tensor = need(file, name, site->in, cols, err);
        status = tensor ? tensor_read(plain, tensor, err) : -1;
        if (status != 0)
            break;
        struct mat w = mat_of(at, site->out, site->in);
        mat_transpose(w,
                      mat_cols(mat_of(plain, site->in, cols), from, site->out));
        model->base.site[i] = w;
        at += (size_t)site->out * (size_t)site->in;
    }
    mem_free(plain);
    return status;
}

static int load(struct model *model, const struct safetensors *file,
                struct err *err)
{
    return load_others(model, file, err) != 0 ||
                   load_sites(model, file, err) != 0 ||
                   load_head(model, file, err) != 0
               ? -1
               : 0;
}

static int save_config(const struct model *model, bool tied, const char *folder,
                       struct err *err)
{
    const struct model_conf *c = &model->conf;
    struct json *root = json_new_object();
    struct json *names = json_new_array();
    json_push_text(names, "GPT2LMHeadModel");
    json_put(root, "architectures", names);
    json_put_text(root, "model_type", "gpt2");
    json_put_integer(root, "n_embd", c->width);
    json_put_integer(root, "n_head", c->heads);
    json_put_integer(root, "n_layer", c->layers);
    json_put_integer(root, "n_inner", c->inner);
    json_put_integer(root, "n_positions", c->context);
    json_put_integer(root, "n_ctx", c->context);
    json_put_integer(root, "vocab_size", c->vocab);
    json_put_text(root, "activation_function",
                  c->activation == GELU_TANH ? "gelu_new" : "gelu");
    json_put_number(root, "layer_norm_epsilon",
                    round((double)c->norm_eps * 1e12) / 1e12);
    json_put_bool(root, "tie_word_embeddings", tied);
    json_put_text(root, "torch_dtype", "float32");
    char path[1024];
    char *text = json_write(root);
    int status = file_write(file_join(path, sizeof path, folder, "config.json"),
                            text, strlen(text), err);
    mem_free(text);
    json_free(root);
    return status;
}

/* Gathers what one Conv1D tensor of the file holds: (in, cols). */
static void add_site_tensor(struct safetensors_out *out, float *to,
                            const struct model *model,
                            const struct weights *weights, int site)
{
    const struct site *s = &model->site[site];
    char name[NAME], full[NAME + 16];
    int from, cols;
    site_place(name, &from, &cols, s);
    struct mat plain = mat_of(to, s->in, cols);
    for (int part = 0; part * s->out < cols; part++)
        mat_transpose(mat_cols(plain, part * s->out, s->out),
                      weights->site[site + part]);
    (void)snprintf(full, sizeof full, "transformer.%s", name);
    safetensors_out_add(out, full, s->in, cols, to);
}

static void add_other_tensor(struct safetensors_out *out, float *to,
                             const struct model *model,
                             const struct weights *weights, int index)
{
    const struct other *o = &model->other[index];
    char name[NAME], full[NAME + 16];
    int offset, cols;
    other_place(name, &offset, &cols, model, index);
    (void)snprintf(full, sizeof full, "transformer.%s", name);
    size_t count = (size_t)o->rows * (size_t)o->cols;
    for (int part = 0; part * o->cols < cols; part++)
        memcpy(to + (size_t)part * count, weights->other[index + part],
               count * sizeof *to);
    safetensors_out_add(out, full, o->layer < 0 ? o->rows : -1, cols, to);
}

static int save(const struct model *model, const struct weights *weights,
                const char *folder, struct err *err)
{
    size_t total = (size_t)model_parameters(model);
    float *plain = mem_try(total, sizeof *plain), *at = plain;
    if (!plain)
        return err_set(err, "not enough memory to write %s", folder);
    struct safetensors_out *out = safetensors_out_new();
    safetensors_out_meta(out, "format", "pt");
    for (int i = 0; i < model->other_count; i++) {
        const struct other *o = &model->other[i];
        if (strstr(o->name, ".k.bias") || strstr(o->name, ".v.bias"))
            continue; /* written with q's */
        add_other_tensor(out, at, model, weights, i);
        at += (size_t)o->rows * (size_t)o->cols *
              (strstr(o->name, ".q.bias") ? 3 : 1);
    }
    int sites = model->site_count - 1;
    for (int i = 0; i < sites; i++) {
        const struct site *s = &model->site[i];
        if (s->kind == SITE_K || s->kind == SITE_V)
            continue;
        add_site_tensor(out, at, model, weights, i);
        at += (size_t)s->out * (size_t)s->in * (s->kind == SITE_Q ? 3 : 1);
    }
    struct mat head = weights->site[sites];
    bool tied = head.at == weights->other[OTHER_AT_EMBED];
    if (!tied)
        safetensors_out_add(out, "lm_head.weight", head.rows, head.cols,
                            head.at);
    char path[1024];
    int status = safetensors_out_commit(
        out, file_join(path, sizeof path, folder, "model.safetensors"), err);
    mem_free(plain);
    return status != 0 ? -1 : save_config(model, tied, folder, err);
}

const struct family family_gpt2 = {"gpt2", read_config, load, save};
