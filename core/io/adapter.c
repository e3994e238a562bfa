/*
 * Writing a LoRA adapter in PEFT's form: see adapter.h.  PEFT computes s =
 * alpha / r, so alpha is written as s r, whatever rule s once came from, with
 * use_rslora false; modules that differ stand in rank_pattern and
 * alpha_pattern, whose keys PEFT matches at the end of a module's name.
 */
#include "core/io/adapter.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/adapter_module.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/io/safetensors.h"

/* One module's pair as PEFT stores it. */
struct pair {
    struct adapter_module module;
    int rank; /* 0: nothing adapted here */
    double alpha;
    struct mat a, b; /* (rank, in), (out, rank) */
};

static int rank_of(const struct method *method, int site)
{
    return method->ops->adapts(method, site) ? method->ops->rank(method, site)
                                             : 0;
}

/* The alpha for which alpha / rank is s; a whole number where one does. */
static double alpha_of(double s, int rank)
{
    double whole = round(s * rank);
    return whole / rank == s ? whole : s * rank;
}

/* Puts a site's factors at a row of A, and at a row and column of B. */
static void put_site(struct pair *pair, const struct method *method, int site,
                     int row, int direction)
{
    struct mat bt, a;
    double scale, fold = 1;
    if (!method->ops->factors(method, site, &bt, &a, &scale))
        return;
    if (pair->module.sites > 1)
        fold = scale; /* fused sites may differ in s: alpha = r */
    else
        pair->alpha = alpha_of(scale, a.rows);
    mat_copy(mat_rows(pair->a, direction, a.rows), a);
    for (int k = 0; k < bt.rows; k++)
        for (int i = 0; i < bt.cols; i++)
            mat_row(pair->b, row + i)[direction + k] =
                (float)(fold * (double)mat_row(bt, k)[i]);
}

static void make_pair(struct pair *pair, const struct method *method, int i)
{
    const struct model *model = method->model;
    struct adapter_module *module = &pair->module;
    adapter_module_at(module, model, i);
    for (int k = 0; k < module->sites; k++)
        pair->rank += rank_of(method, module->site[k]);
    if (!pair->rank)
        return;
    pair->alpha = pair->rank;
    pair->a = mat_new(pair->rank, module->in);
    pair->b = mat_new(module->out, pair->rank);
    int row = 0, direction = 0;
    for (int k = 0; k < module->sites; k++) {
        int site = module->site[k];
        put_site(pair, method, site, row, direction);
        row += model->site[site].out;
        direction += rank_of(method, site);
    }
}

static void put_alpha(struct json *object, const char *key, double alpha)
{
    if (alpha == round(alpha) && fabs(alpha) < 1e9)
        json_put_integer(object, key, (long long)alpha);
    else
        json_put_number(object, key, alpha);
}

/* Modules unlike the first are listed; every target is named once. */
static void put_modules(struct json *config, const struct pair *pairs,
                        int count)
{
    const struct pair *first = NULL;
    struct json *ranks = json_new_object(), *alphas = json_new_object();
    struct json *targets = json_new_array();
    for (int i = 0; i < count; i++) {
        const struct pair *pair = &pairs[i];
        bool known = false;
        if (!pair->rank)
            continue;
        first = first ? first : pair;
        if (pair->rank != first->rank)
            json_put_integer(ranks, pair->module.key, pair->rank);
        if (pair->alpha != first->alpha)
            put_alpha(alphas, pair->module.key, pair->alpha);
        for (int k = 0; k < json_length(targets); k++)
            known |= !strcmp(json_text(json_at(targets, k), ""),
                             pair->module.target);
        if (!known)
            json_push_text(targets, pair->module.target);
    }
    json_put_integer(config, "r", first->rank);
    put_alpha(config, "lora_alpha", first->alpha);
    json_put(config, "rank_pattern", ranks);
    json_put(config, "alpha_pattern", alphas);
    json_put(config, "target_modules", targets);
}

static int write_config(const struct pair *pairs, int count,
                        const char *base_name, const char *folder,
                        struct err *err)
{
    static const char *const null[] = {
        "auto_mapping",    "layers_pattern", "layers_to_transform",
        "modules_to_save", "revision",       "layer_replication"};
    char path[1024];
    struct json *config = json_new_object();
    json_put_text(config, "peft_type", "LORA");
    json_put_text(config, "task_type", "CAUSAL_LM");
    json_put_text(config, "base_model_name_or_path", base_name);
    put_modules(config, pairs, count);
    json_put_text(config, "bias", "none");
    json_put_bool(config, "fan_in_fan_out", true); /* GPT-2's Conv1D */
    json_put_bool(config, "inference_mode", true);
    json_put_bool(config, "init_lora_weights", true);
    json_put_number(config, "lora_dropout", 0);
    json_put_bool(config, "use_dora", false);
    json_put_bool(config, "use_rslora", false);
    for (size_t i = 0; i < sizeof null / sizeof *null; i++)
        json_put_null(config, null[i]);
    char *text = json_write(config);
    (void)file_join(path, sizeof path, folder, "adapter_config.json");
    int status = file_write(path, text, strlen(text), err);
    mem_free(text);
    json_free(config);
    return status;
}

static int write_tensors(const struct pair *pairs, int count,
                         const char *folder, struct err *err)
{
    char path[1024], name[128];
    struct safetensors_out *out = safetensors_out_new();
    safetensors_out_meta(out, "format", "pt");
    for (int i = 0; i < count; i++) {
        const struct pair *pair = &pairs[i];
        if (!pair->rank)
            continue;
        (void)snprintf(name, sizeof name, "base_model.model.%s.lora_A.weight",
                       pair->module.name);
        safetensors_out_add(out, name, pair->a.rows, pair->a.cols, pair->a.at);
        (void)snprintf(name, sizeof name, "base_model.model.%s.lora_B.weight",
                       pair->module.name);
        safetensors_out_add(out, name, pair->b.rows, pair->b.cols, pair->b.at);
    }
    (void)file_join(path, sizeof path, folder, "adapter_model.safetensors");
    return safetensors_out_commit(out, path, err);
}

int adapter_save_peft(const struct method *method, const char *base_name,
                      const char *folder, struct err *err)
{
    if (!method->ops->factors || !method->ops->rank)
        return err_set(err,
                       "%s has no low-rank factors to write as an adapter; "
                       "write its weights instead",
                       method->ops->name);
    if (adapter_check_family(method->model, err) ||
        adapter_check_folder(folder, err))
        return -1;
    int count = adapter_module_count(method->model);
    struct pair *pairs = xcalloc((size_t)count, sizeof *pairs);
    for (int i = 0; i < count; i++)
        make_pair(&pairs[i], method, i);
    int status = write_tensors(pairs, count, folder, err);
    if (!status)
        status = write_config(pairs, count, base_name, folder, err);
    for (int i = 0; i < count; i++) {
        mat_free(&pairs[i].a);
        mat_free(&pairs[i].b);
    }
    mem_free(pairs);
    return status;
}
