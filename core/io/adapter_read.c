/*
 * Reading a PEFT adapter and adding it to weights: see adapter.h.  All is
 * checked before the first weight changes: every tensor must belong to a
 * module of the model, have its shape and the rank the config states, and be
 * finite; what LoRA alone does not express (DoRA, trained biases, a base that
 * the initialisation changed) is refused rather than dropped.
 */
#include "core/io/adapter.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/adapter_module.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/io/safetensors.h"

struct adapter {
    const struct model *model;
    struct json *config;
    struct safetensors *file;
    int count; /* modules of the model */
    struct pair {
        struct adapter_module module;
        const struct tensor *tensor[2]; /* lora_A, lora_B; NULL: none */
        struct mat at[2];               /* (r, in), (out, r) */
        double scale;
        char scale_from[96]; /* in words */
    } * pair;
};

static const char *const suffix[2] = {".lora_A.weight", ".lora_B.weight"};

/* Null, false, "none" or empty: the feature is not used. */
static bool is_off(const struct json *value)
{
    if (!value || json_is_null(value))
        return true;
    if (json_is_string(value))
        return !strcmp(json_text(value, ""), "none");
    if (json_is_array(value) || json_is_object(value))
        return !json_length(value);
    return !json_bool(value, true);
}

static int check_features(const struct json *config, struct err *err)
{
    static const struct {
        const char *key, *why;
    } not_lora[] = {
        {"use_dora", "DoRA also rescales every row of W"},
        {"bias", "trained biases are not part of an update of W"},
        {"lora_bias", "trained biases are not part of an update of W"},
        {"modules_to_save", "it replaces whole modules"},
        {"layer_replication", "it changes the layers of the base"},
        {"trainable_token_indices", "it trains embeddings"},
        {"target_parameters", "it adapts parameters outside of modules"},
        {"alora_invocation_tokens", "it is switched on by tokens"},
        {"use_qalora", "its A works on groups of inputs"},
        {"use_bdlora", "its factors are block-diagonal"},
    };
    const char *type = json_text(json_get(config, "peft_type"), "nothing");
    if (strcmp(type, "LORA"))
        return err_set(err, "peft_type is %s; only LORA is supported", type);
    for (size_t i = 0; i < sizeof not_lora / sizeof *not_lora; i++)
        if (!is_off(json_get(config, not_lora[i].key)))
            return err_set(err, "%s is set, which is not supported: %s",
                           not_lora[i].key, not_lora[i].why);
    const char *init = json_text(json_get(config, "init_lora_weights"), "true");
    if (!strncmp(init, "pissa", 5) || !strcmp(init, "corda") ||
        !strcmp(init, "olora") || !strcmp(init, "lora_ga") ||
        !strcmp(init, "loftq"))
        return err_set(err,
                       "init_lora_weights is %s, which also changed the base; "
                       "convert the adapter to plain LoRA first",
                       init);
    return 0;
}

/* The value of the first pattern that matches the end of the module's name,
 * as PEFT looks it up, or otherwise. */
static int look_up(double *to, const struct json *pattern, const char *module,
                   double otherwise, struct err *err)
{
    *to = otherwise;
    for (int i = 0; i < json_length(pattern); i++) {
        const char *key = json_key_at(pattern, i);
        char whole[256];
        regex_t regex;
        int size =
            snprintf(whole, sizeof whole, "^(.*\\.)?(%s)$", key ? key : "");
        if (!key || size >= (int)sizeof whole ||
            regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB))
            return err_set(err,
                           "pattern \"%s\" is not understood; use the "
                           "end of a module's name",
                           key ? key : "");
        bool matches = !regexec(&regex, module, 0, NULL, 0);
        regfree(&regex);
        if (!matches)
            continue;
        *to = json_number(json_get(pattern, key), NAN);
        return 0;
    }
    return 0;
}

/* Rank and scale of one module, from the config. */
static int find_scale(struct pair *pair, int *rank, const struct json *config,
                      struct err *err)
{
    enum { MOST = 1 << 20 };
    int r;
    double own, alpha;
    const char *name = pair->module.name;
    if (json_need_int(&r, config, "r", 1, MOST, err) ||
        look_up(&own, json_get(config, "rank_pattern"), name, r, err) ||
        look_up(&alpha, json_get(config, "alpha_pattern"), name,
                json_number(json_get(config, "lora_alpha"), NAN), err))
        return -1;
    if (!(own >= 1 && own <= MOST && own == floor(own)))
        return err_set(err, "rank_pattern of %s is not a rank", name);
    if (!isfinite(alpha))
        return err_set(err, "lora_alpha of %s is missing or not a number",
                       name);
    bool rslora = json_bool(json_get(config, "use_rslora"), false);
    *rank = (int)own;
    pair->scale = alpha / (rslora ? sqrt(own) : own);
    bool own_alpha = alpha != json_number(json_get(config, "lora_alpha"), NAN);
    (void)snprintf(pair->scale_from, sizeof pair->scale_from,
                   "adapter_config.json: %s %g / %s%s %d%s",
                   own_alpha ? "alpha_pattern" : "lora_alpha", alpha,
                   rslora ? "sqrt(" : "", own != r ? "rank_pattern" : "r",
                   *rank, rslora ? ")" : "");
    return 0;
}

/* The part of a tensor's name that names a module: without PEFT's prefix. */
static const char *bare(const char *name)
{
    static const char prefix[] = "base_model.model.";
    return strncmp(name, prefix, strlen(prefix)) ? name : name + strlen(prefix);
}

static int place(struct adapter *adapter, const struct tensor *tensor,
                 struct err *err)
{
    const char *name = bare(tensor->name);
    for (int i = 0; i < adapter->count; i++) {
        struct pair *pair = &adapter->pair[i];
        const char *const spelling[] = {pair->module.name, pair->module.key};
        for (int k = 0; k < 4; k++) {
            size_t length = strlen(spelling[k / 2]);
            if (strncmp(name, spelling[k / 2], length) ||
                strcmp(name + length, suffix[k % 2]))
                continue;
            if (pair->tensor[k % 2])
                return err_set(err, "tensor %s is there twice", tensor->name);
            pair->tensor[k % 2] = tensor;
            return 0;
        }
    }
    return err_set(err,
                   "tensor %s does not belong to this model of %d layers; use "
                   "the base the adapter was made for",
                   tensor->name, adapter->model->conf.layers);
}

static int read_one(struct mat *to, const struct tensor *tensor, int rows,
                    int cols, struct err *err)
{
    if (tensor->dims != 2)
        return err_set(err, "tensor %s has %d dimensions, expected (%d, %d)",
                       tensor->name, tensor->dims, rows, cols);
    if (tensor->shape[0] != rows || tensor->shape[1] != cols)
        return err_set(err, "tensor %s is (%lld, %lld), expected (%d, %d)",
                       tensor->name, (long long)tensor->shape[0],
                       (long long)tensor->shape[1], rows, cols);
    *to = mat_new(rows, cols);
    return tensor_read(to->at, tensor, err);
}

static int read_pair(struct pair *pair, const struct json *config,
                     struct err *err)
{
    int rank = 0;
    if (!pair->tensor[0] && !pair->tensor[1])
        return 0;
    for (int k = 0; k < 2; k++)
        if (!pair->tensor[k])
            return err_set(err, "tensor %s has no %s beside it",
                           pair->tensor[1 - k]->name, suffix[k] + 1);
    if (find_scale(pair, &rank, config, err) ||
        read_one(&pair->at[0], pair->tensor[0], rank, pair->module.in, err) ||
        read_one(&pair->at[1], pair->tensor[1], pair->module.out, rank, err))
        return -1;
    return 0;
}

static int read_all(struct adapter *adapter, const char *folder,
                    struct err *err)
{
    char path[1024];
    (void)file_join(path, sizeof path, folder, "adapter_config.json");
    adapter->config = json_read(path, err);
    if (!adapter->config)
        return -1;
    if (check_features(adapter->config, err))
        return err_prefix(err, "%s", path);
    (void)file_join(path, sizeof path, folder, "adapter_model.safetensors");
    adapter->file = safetensors_open(path, err);
    if (!adapter->file)
        return -1;
    adapter->count = adapter_module_count(adapter->model);
    adapter->pair = xcalloc((size_t)adapter->count, sizeof *adapter->pair);
    for (int i = 0; i < adapter->count; i++)
        adapter_module_at(&adapter->pair[i].module, adapter->model, i);
    if (!safetensors_count(adapter->file))
        return err_set(err, "%s: holds no tensors", path);
    for (int i = 0; i < safetensors_count(adapter->file); i++)
        if (place(adapter, safetensors_at(adapter->file, i), err))
            return err_prefix(err, "%s", path);
    for (int i = 0; i < adapter->count; i++)
        if (read_pair(&adapter->pair[i], adapter->config, err))
            return err_prefix(err, "%s", folder);
    return 0;
}

void adapter_close(struct adapter *adapter)
{
    for (int i = 0; adapter && adapter->pair && i < adapter->count; i++) {
        mat_free(&adapter->pair[i].at[0]);
        mat_free(&adapter->pair[i].at[1]);
    }
    if (!adapter)
        return;
    mem_free(adapter->pair);
    safetensors_close(adapter->file);
    json_free(adapter->config);
    mem_free(adapter);
}

struct adapter *adapter_open_peft(const struct model *model, const char *folder,
                                  struct err *err)
{
    if (adapter_check_family(model, err) || adapter_check_folder(folder, err))
        return NULL;
    struct adapter *adapter = xcalloc(1, sizeof *adapter);
    adapter->model = model;
    if (read_all(adapter, folder, err) == 0)
        return adapter;
    adapter_close(adapter);
    return NULL;
}

/* The rows of B (out, r) that are this site's; none: at is NULL. */
static struct mat rows_of(const struct adapter *adapter, int site,
                          const struct pair **pair)
{
    for (int i = 0; i < adapter->count; i++) {
        int row = 0;
        *pair = &adapter->pair[i];
        for (int k = 0; k < (*pair)->module.sites; k++) {
            int here = (*pair)->module.site[k];
            int out = adapter->model->site[here].out;
            if (here == site && (*pair)->at[0].at)
                return mat_rows((*pair)->at[1], row, out);
            row += out;
        }
    }
    return (struct mat){0};
}

void adapter_merge(const struct adapter *adapter, struct weights *weights,
                   double strength)
{
    for (int i = 0; i < adapter->model->site_count; i++) {
        const struct pair *pair;
        struct mat b = rows_of(adapter, i, &pair);
        if (b.at)
            linalg_gemm(weights->site[i], (float)(strength * pair->scale), b,
                        PLAIN, pair->at[0], PLAIN, 1);
    }
}

void adapter_beside(const struct adapter *adapter, double strength, int site,
                    struct mat x, struct mat y)
{
    const struct pair *pair;
    struct mat b = rows_of(adapter, site, &pair);
    if (!b.at)
        return;
    struct mat u = mat_new(x.rows, b.cols);
    linalg_gemm(u, 1, x, PLAIN, pair->at[0], TRANSPOSED, 0);
    linalg_gemm(y, (float)(strength * pair->scale), u, PLAIN, b, TRANSPOSED, 1);
    mat_free(&u);
}

/* Whether a direction of B (out, r) does anything. */
static bool is_used(struct mat b, int direction)
{
    for (int i = 0; i < b.rows; i++)
        if (mat_row(b, i)[direction] != 0)
            return true;
    return false;
}

int adapter_factors(const struct adapter *adapter, int site, struct mat *bt,
                    struct mat *a, double *scale)
{
    const struct pair *pair;
    struct mat b = rows_of(adapter, site, &pair);
    *bt = *a = (struct mat){0};
    if (!b.at)
        return 1;
    int rank = b.cols, count = 0;
    int *used = xcalloc((size_t)rank, sizeof *used);
    bool alone = pair->module.sites == 1 || !mat_norm_squared(pair->at[1]);
    for (int k = 0; k < rank; k++)
        if (alone || is_used(b, k))
            used[count++] = k;
    *scale = pair->scale;
    if (count) {
        *bt = mat_new(count, b.rows);
        *a = mat_new(count, pair->module.in);
    }
    for (int k = 0; k < count; k++) {
        mat_copy(mat_rows(*a, k, 1), mat_rows(pair->at[0], used[k], 1));
        mat_transpose(mat_rows(*bt, k, 1), mat_cols(b, used[k], 1));
    }
    mem_free(used);
    return count ? 0 : 1;
}

/* The i-th pair that is there. */
static const struct pair *pair_at(const struct adapter *adapter, int i)
{
    const struct pair *pair = adapter->pair;
    while (!pair->at[0].at || i-- > 0)
        pair++;
    return pair;
}

int adapter_pair_count(const struct adapter *adapter)
{
    int count = 0;
    for (int i = 0; i < adapter->count; i++)
        count += adapter->pair[i].at[0].at != NULL;
    return count;
}

struct adapter_pair adapter_pair_at(const struct adapter *adapter, int i)
{
    const struct pair *pair = pair_at(adapter, i);
    struct adapter_pair to = {.name = pair->module.key,
                              .tensor = pair->tensor[0]->name,
                              .scale_from = pair->scale_from,
                              .a = pair->at[0],
                              .b = pair->at[1],
                              .scale = pair->scale,
                              .sites = pair->module.sites};
    for (int k = 0; k < to.sites; k++)
        to.site[k] = pair->module.site[k];
    return to;
}

int adapter_base_name(char *name, size_t size, const char *folder,
                      struct err *err)
{
    char path[1024];
    if (adapter_check_folder(folder, err))
        return -1;
    (void)file_join(path, sizeof path, folder, "adapter_config.json");
    struct json *config = json_read(path, err);
    if (!config)
        return -1;
    (void)snprintf(name, size, "%s",
                   json_text(json_get(config, "base_model_name_or_path"), ""));
    json_free(config);
    return 0;
}
