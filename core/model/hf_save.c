/*
 * Writing a model in its family's own names, orientations and fusions:
 * config.json and one model.safetensors.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/model/hf_family.h"

static int save_config(const struct model *model, bool tied, const char *folder,
                       struct err *err)
{
    const struct model_conf *c = &model->conf;
    const struct hf_family *family = hf_family_find(c->family);
    struct json *root = json_new_object();
    struct json *names = json_new_array();
    json_push_text(names, family->architecture[c->head]);
    json_put(root, "architectures", names);
    json_put_text(root, "model_type", family->name);
    family->write(root, c);
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

/* All parts of one tensor, side by side as the file wants them. */
static void add_site_tensor(struct safetensors_out *out, float *to,
                            const struct hf_place *place,
                            const struct weights *weights, int site)
{
    struct mat all = mat_of(to, place->rows, place->cols);
    for (int part = 0; part < place->parts; part++) {
        struct mat w = weights->site[site + part];
        if (place->turned)
            mat_transpose(mat_cols(all, part * w.rows, w.rows), w);
        else
            mat_copy(mat_rows(all, part * w.rows, w.rows), w);
    }
    safetensors_out_add(out, place->name, all.rows, all.cols, to);
}

static void add_other_tensor(struct safetensors_out *out, float *to,
                             const struct hf_place *place,
                             const struct weights *weights, int index)
{
    size_t rows = place->rows < 0 ? 1 : (size_t)place->rows;
    size_t count = rows * (size_t)(place->cols / place->parts);
    for (int part = 0; part < place->parts; part++)
        memcpy(to + (size_t)part * count, weights->other[index + part],
               count * sizeof *to);
    safetensors_out_add(out, place->name, place->rows, place->cols, to);
}

static size_t floats_of(const struct hf_place *place)
{
    return (place->rows < 0 ? 1 : (size_t)place->rows) * (size_t)place->cols;
}

int hf_save(const struct model *model, const struct weights *weights,
            const char *folder, struct err *err)
{
    size_t total = (size_t)model_parameters(model);
    float *plain = mem_try(total, sizeof *plain), *at = plain;
    if (!plain)
        return err_set(err, "not enough memory to write %s", folder);
    struct safetensors_out *out = safetensors_out_new();
    safetensors_out_meta(out, "format", "pt");
    for (int i = 0; i < model->other_count; i++) {
        struct hf_place place = hf_other(model, i);
        if (place.part > 0)
            continue; /* written with its neighbour */
        add_other_tensor(out, at, &place, weights, i);
        at += floats_of(&place);
    }
    int head = model->site_count - 1;
    for (int i = 0; i < head; i++) {
        struct hf_place place = hf_site(model, i);
        if (place.part > 0)
            continue;
        add_site_tensor(out, at, &place, weights, i);
        at += floats_of(&place);
    }
    struct mat w = weights->site[head];
    bool tied = w.at == weights->other[OTHER_AT_EMBED];
    if (!tied)
        safetensors_out_add(out, hf_site(model, head).name, w.rows, w.cols,
                            w.at);
    char path[1024];
    int status = safetensors_out_commit(
        out, file_join(path, sizeof path, folder, "model.safetensors"), err);
    mem_free(plain);
    return status != 0 ? -1 : save_config(model, tied, folder, err);
}
