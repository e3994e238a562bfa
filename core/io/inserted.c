/* See inserted.h. */
#include "core/io/inserted.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/io/adapter_module.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/io/safetensors.h"
#include "core/method/layout.h"

enum { PATH = 1024 };

static const char *const description = "method.json";
static const char *const values = "inserted.safetensors";

static int write_values(const struct method *method, const char *folder,
                        struct err *err)
{
    char path[PATH];
    struct safetensors_out *out = safetensors_out_new();
    safetensors_out_meta(out, "format", "pt");
    for (int i = 0; i < method->param_count; i++) {
        const struct param *param = &method->param[i];
        safetensors_out_add(out, param->name, param->rows, param->cols,
                            method->value + param->offset);
    }
    return safetensors_out_commit(
        out, file_join(path, sizeof path, folder, values), err);
}

static int write_description(const struct method *method,
                             const struct method_conf *conf,
                             const char *base_name, const char *folder,
                             struct err *err)
{
    char path[PATH];
    const struct method_ops *ops = method->ops;
    struct json *root = json_new_object();
    json_put_text(root, "method", ops->name);
    json_put_text(root, "base_model_name_or_path", base_name);
    if (ops->uses & USES_RANK)
        json_put_integer(root, "rank", conf->rank);
    if (ops->uses & USES_PREFIX) {
        json_put_integer(root, "prefix", conf->prefix);
        json_put_integer(root, "infix", conf->infix);
    }
    json_put_integer(root, "trained", (long long)method->size);
    char *text = json_write(root);
    (void)file_join(path, sizeof path, folder, description);
    int status = file_write(path, text, strlen(text), err);
    mem_free(text);
    json_free(root);
    return status;
}

int inserted_save(const struct method *method, const struct method_conf *conf,
                  const char *base_name, const char *folder, struct err *err)
{
    if (adapter_check_folder(folder, err) ||
        write_values(method, folder, err) < 0)
        return -1;
    return write_description(method, conf, base_name, folder, err);
}

bool inserted_is(const char *folder)
{
    char path[PATH];
    struct err ignored; /* too long a name is no such folder */
    return adapter_check_folder(folder, &ignored) == 0 &&
           file_exists(file_join(path, sizeof path, folder, description));
}

static int read_description(struct method_conf *conf, const struct json *root,
                            struct err *err)
{
    const char *name;
    if (json_need_text(&name, root, "method", err))
        return -1;
    const struct method_ops *ops = method_find(name);
    if (!ops || !ops->insert_forward)
        return err_set(err,
                       "method \"%.40s\" inserts nothing; give a folder "
                       "of a run that does",
                       name);
    *conf = (struct method_conf){.name = ops->name, .state_follows = true};
    if ((ops->uses & USES_RANK) &&
        json_need_int(&conf->rank, root, "rank", 1, 1 << 20, err))
        return -1;
    if ((ops->uses & USES_PREFIX) &&
        (json_need_int(&conf->prefix, root, "prefix", 0, INSERT_ROWS_MOST,
                       err) ||
         json_need_int(&conf->infix, root, "infix", 0, INSERT_ROWS_MOST, err)))
        return -1;
    return 0;
}

static int read_values(struct method *method, const char *path, struct err *err)
{
    struct safetensors *file = safetensors_open(path, err);
    int status = file ? 0 : -1;
    for (int i = 0; i < method->param_count && status == 0; i++) {
        const struct param *param = &method->param[i];
        const struct tensor *tensor = safetensors_find(file, param->name);
        if (!tensor || tensor->dims != 2 || tensor->shape[0] != param->rows ||
            tensor->shape[1] != param->cols)
            status = err_set(err,
                             "%.400s: tensor %s is missing or not (%d, %d); "
                             "was it trained on another base?",
                             path, param->name, param->rows, param->cols);
        else
            status = tensor_read(method->value + param->offset, tensor, err);
    }
    safetensors_close(file);
    return status;
}

struct method *inserted_open(const struct model *model, const char *folder,
                             struct err *err)
{
    char path[PATH];
    struct method_conf conf;
    if (adapter_check_folder(folder, err))
        return NULL;
    struct json *root =
        json_read(file_join(path, sizeof path, folder, description), err);
    int status = root ? read_description(&conf, root, err) : -1;
    if (root && status < 0)
        err_prefix(err, "%.400s", path);
    json_free(root);
    struct method *method = status == 0 ? method_new(model, &conf, err) : NULL;
    if (!method)
        return NULL;
    (void)file_join(path, sizeof path, folder, values);
    if (read_values(method, path, err) == 0)
        return method;
    method_free(method);
    return NULL;
}
