/*
 * Writing a LoRA adapter in PEFT's form: see adapter.h.  PEFT computes s =
 * alpha / r, so alpha is written as s r, whatever rule s once came from; for
 * rsLoRA, whose s is alpha / sqrt r, as s sqrt r with use_rslora true.  Modules
 * that differ stand in rank_pattern and alpha_pattern, whose keys PEFT matches
 * at the end of a module's name.  DoRA's magnitudes stand beside its pair.
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
    struct mat a, b;  /* (rank, in), (out, rank) */
    float *magnitude; /* (out) DoRA's, or NULL */
};

static int rank_of(const struct method *method, int site)
{
    struct written is;
    return method_written(method, site, &is) ? is.a.rows : 0;
}

/* The alpha for which alpha / rank, or alpha / sqrt rank, is s; a whole number
 * where one does. */
static double alpha_of(double s, int rank, bool root)
{
    double by = root ? sqrt(rank) : rank, whole = round(s * by);
    return whole / by == s ? whole : s * by;
}

/* Rows [row, row + out) of a fused module's magnitudes; a site that is not
 * adapted keeps the norms that its rows have. */
static void put_magnitude(struct pair *pair, const struct method *method,
                          int site, int row)
{
    struct written is;
    struct mat w0 = method->model->base.site[site];
    bool here = method_written(method, site, &is);
    for (int i = 0; pair->magnitude && i < w0.rows; i++)
        pair->magnitude[row + i] =
            here ? is.magnitude[i]
                 : (float)sqrt(mat_norm_squared(mat_rows(w0, i, 1)));
}

/* Puts a site's factors at a row of A, and at a row and column of B. */
static void put_site(struct pair *pair, const struct method *method, int site,
                     int row, int direction)
{
    struct written is;
    double fold = 1;
    put_magnitude(pair, method, site, row);
    if (!method_written(method, site, &is))
        return;
    struct mat bt = is.bt, a = is.a;
    if (pair->module.sites > 1)
        fold = is.scale; /* fused sites may differ in s: theirs is 1 */
    else
        pair->alpha = alpha_of(is.scale, a.rows, is.root);
    mat_copy(mat_rows(pair->a, direction, a.rows), a);
    for (int k = 0; k < bt.rows; k++)
        for (int i = 0; i < bt.cols; i++)
            mat_row(pair->b, row + i)[direction + k] =
                (float)(fold * (double)mat_row(bt, k)[i]);
}

/* A method's sites are all of one kind: the first one says which. */
static bool has_root(const struct method *method)
{
    struct written is = {0};
    for (int i = 0; i < method->model->site_count; i++)
        if (method_written(method, i, &is))
            break;
    return is.root;
}

static bool has_magnitudes(const struct method *method,
                           const struct adapter_module *module)
{
    struct written is;
    for (int k = 0; k < module->sites; k++)
        if (method_written(method, module->site[k], &is))
            return is.magnitude;
    return false;
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
    bool root = has_root(method);
    pair->alpha = root ? sqrt(pair->rank) : pair->rank;
    pair->a = mat_new(pair->rank, module->in);
    pair->b = mat_new(module->out, pair->rank);
    if (has_magnitudes(method, module))
        pair->magnitude = xcalloc((size_t)module->out, sizeof *pair->magnitude);
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

static bool has_dora(const struct pair *pairs, int count)
{
    for (int i = 0; i < count; i++)
        if (pairs[i].magnitude)
            return true;
    return false;
}

static int write_config(const struct method *method, const struct pair *pairs,
                        int count, const char *base_name, const char *folder,
                        struct err *err)
{
    static const char *const null[] = {
        "auto_mapping",    "layers_pattern", "layers_to_transform",
        "modules_to_save", "revision",       "layer_replication"};
    char path[1024];
    bool language = method->model->conf.reads == EXAMPLE_TEXT;
    struct json *config = json_new_object();
    json_put_text(config, "peft_type", "LORA");
    if (language)
        json_put_text(config, "task_type", "CAUSAL_LM");
    else
        json_put_null(config, "task_type");
    json_put_text(config, "base_model_name_or_path", base_name);
    put_modules(config, pairs, count);
    json_put_text(config, "bias", "none");
    json_put_bool(config, "fan_in_fan_out", adapter_is_turned(method->model));
    json_put_bool(config, "inference_mode", true);
    json_put_bool(config, "init_lora_weights", true);
    json_put_number(config, "lora_dropout", 0);
    json_put_bool(config, "use_dora", has_dora(pairs, count));
    json_put_bool(config, "use_rslora", has_root(method));
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
        if (!pair->magnitude)
            continue;
        (void)snprintf(name, sizeof name,
                       "base_model.model.%s.lora_magnitude_vector",
                       pair->module.name);
        safetensors_out_add(out, name, -1, pair->module.out, pair->magnitude);
    }
    (void)file_join(path, sizeof path, folder, "adapter_model.safetensors");
    return safetensors_out_commit(out, path, err);
}

int adapter_save_peft(const struct method *method, const char *base_name,
                      const char *folder, struct err *err)
{
    if (!method_is_adapter(method))
        return err_set(err,
                       "%s has no low-rank factors that hold all it has "
                       "learned; write its weights instead",
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
        status = write_config(method, pairs, count, base_name, folder, err);
    for (int i = 0; i < count; i++) {
        mat_free(&pairs[i].a);
        mat_free(&pairs[i].b);
        mem_free(pairs[i].magnitude);
    }
    mem_free(pairs);
    return status;
}
