/*
 * A complete state of a run, as tensors and metadata: values, moments, ages,
 * ranks and scales.  A checkpoint on disk and a state kept for undo are the
 * same bytes.
 *
 * Doubles are written as hexadecimal floats, so they come back to the bit.
 */
#include "core/train/run_private.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { KEY = 96 };

static void save_sites(const struct run *run, struct safetensors_out *out)
{
    for (int i = 0; i < run->model->site_count; i++) {
        struct site_state is = {0};
        run->method->ops->state_of(run->method, i, &is);
        if (is.rank == 0)
            continue;
        char key[KEY], value[160];
        (void)snprintf(key, sizeof key, "site.%s", run->model->site[i].name);
        (void)snprintf(value, sizeof value, "%d %d %d %a %a", is.rank, is.grows,
                       (int)is.rule, is.alpha, is.scale);
        safetensors_out_meta(out, key, value);
    }
}

static void save_meta(const struct run *run, struct safetensors_out *out)
{
    char value[160];
    safetensors_out_meta(out, "method", run->method->ops->name);
    (void)snprintf(value, sizeof value, "%ld %ld %a %a %a %a", run->step,
                   run->conf.steps, run->optimizer.conf.lr, run->result.loss,
                   run->result.grad_norm, run->result.lr);
    safetensors_out_meta(out, "progress", value);
    if (run->method->ops->state_of)
        save_sites(run, out);
}

/* Rows of one param mostly share their age: stretches "rows*age ". */
static void save_ages(const struct param *param, const int *age,
                      struct safetensors_out *out)
{
    size_t size = (size_t)param->rows * 24 + 1, used = 0;
    char *text = xcalloc(size, 1);
    for (int row = 0; row < param->rows;) {
        int end = row;
        while (end < param->rows && age[end] == age[row])
            end++;
        used += (size_t)snprintf(text + used, size - used, "%d*%d ", end - row,
                                 age[row]);
        assert(used < size);
        row = end;
    }
    char name[KEY];
    (void)snprintf(name, sizeof name, "age.%s", param->name);
    safetensors_out_meta(out, name, text);
    mem_free(text);
}

static void save_tensor(struct safetensors_out *out, const struct param *param,
                        const char *suffix, const float *flat)
{
    char name[KEY];
    (void)snprintf(name, sizeof name, "%s%s", param->name, suffix);
    safetensors_out_add(out, name, param->rows, param->cols,
                        flat + param->offset);
}

void run_save(const struct run *run, struct safetensors_out *out)
{
    const struct method *method = run->method;
    const struct optimizer *opt = &run->optimizer;
    const int *age = opt->age;
    save_meta(run, out);
    struct kept kept;
    for (int i = 0; method->ops->kept && method->ops->kept(method, i, &kept);
         i++)
        safetensors_out_add(out, kept.name, kept.at.rows, kept.at.cols,
                            kept.at.at);
    for (int i = 0; i < method->param_count; i++) {
        const struct param *param = &method->param[i];
        save_tensor(out, param, "", method->value);
        save_tensor(out, param, ".m", opt->m);
        if (opt->v)
            save_tensor(out, param, ".v", opt->v);
        save_ages(param, age, out);
        age += param->rows;
    }
}

/* What a state says besides its tensors. */
struct progress {
    long step, steps;
    double lr_peak, loss, grad_norm, lr;
};

static int load_progress(struct progress *to, const char *method,
                         const struct safetensors *from, struct err *err)
{
    const char *name = safetensors_meta(from, "method");
    const char *text = safetensors_meta(from, "progress");
    if (!name || strcmp(name, method) != 0)
        return err_set(err, "this state is of method %s, the run's is %s",
                       name ? name : "(none)", method);
    if (!text ||
        sscanf(text, "%ld %ld %la %la %la %la", &to->step, &to->steps,
               &to->lr_peak, &to->loss, &to->grad_norm, &to->lr) != 6 ||
        to->step < 0 || !isfinite(to->lr_peak))
        return err_set(err, "the state's progress \"%s\" is damaged",
                       text ? text : "");
    return 0;
}

static int load_sites(struct method *method, const struct safetensors *from,
                      struct err *err)
{
    const struct model *model = method->model;
    struct site_state *states =
        xcalloc((size_t)model->site_count, sizeof *states);
    int status = 0;
    for (int i = 0; i < model->site_count && status == 0; i++) {
        char key[KEY];
        int rule = 0;
        (void)snprintf(key, sizeof key, "site.%s", model->site[i].name);
        const char *text = safetensors_meta(from, key);
        if (!text)
            continue;
        struct site_state *is = &states[i];
        if (sscanf(text, "%d %d %d %la %la", &is->rank, &is->grows, &rule,
                   &is->alpha, &is->scale) != 5 ||
            rule < 0 || rule > (int)SCALE_ALPHA_SQRT_R)
            status =
                err_set(err, "the state's %s \"%s\" is damaged", key, text);
        is->rule = (enum scale_rule)rule;
    }
    if (status == 0)
        status = method->ops->restore(method, states, err);
    mem_free(states);
    return status;
}

static int load_ages(int *age, const struct param *param,
                     const struct safetensors *from, struct err *err)
{
    char name[KEY];
    (void)snprintf(name, sizeof name, "age.%s", param->name);
    const char *text = safetensors_meta(from, name);
    int row = 0, count, value, used;
    while (text && sscanf(text, "%d*%d %n", &count, &value, &used) == 2 &&
           count > 0 && value >= 0 && count <= param->rows - row) {
        for (int i = 0; i < count; i++)
            age[row++] = value;
        text += used;
    }
    if (row != param->rows || *text != '\0')
        return err_set(err, "the state's %s is damaged", name);
    return 0;
}

/* to (rows, cols), packed */
static int load_matrix(struct mat to, const char *name,
                       const struct safetensors *from, struct err *err)
{
    const struct tensor *tensor = safetensors_find(from, name);
    if (!tensor || tensor->dims != 2)
        return err_set(err, "the state's tensor %s is missing or no matrix",
                       name);
    if (tensor->shape[0] != to.rows || tensor->shape[1] != to.cols)
        return err_set(err,
                       "the state's tensor %s is (%lld, %lld), this base's "
                       "(%d, %d)",
                       name, (long long)tensor->shape[0],
                       (long long)tensor->shape[1], to.rows, to.cols);
    return tensor_read(to.at, tensor, err);
}

static int load_tensor(float *flat, const struct param *param,
                       const char *suffix, const struct safetensors *from,
                       struct err *err)
{
    char name[KEY];
    (void)snprintf(name, sizeof name, "%s%s", param->name, suffix);
    return load_matrix(mat_of(flat + param->offset, param->rows, param->cols),
                       name, from, err);
}

static int load_kept(struct method *method, const struct safetensors *from,
                     struct err *err)
{
    struct kept kept;
    int status = 0;
    for (int i = 0; status == 0 && method->ops->kept &&
                    method->ops->kept(method, i, &kept);
         i++)
        status = load_matrix(kept.at, kept.name, from, err);
    return status;
}

/* opt NULL: the values alone. */
static int load_values(struct method *method, struct optimizer *opt,
                       const struct safetensors *from, struct err *err)
{
    int *age = opt ? opt->age : NULL;
    int status = load_kept(method, from, err);
    for (int i = 0; i < method->param_count && status == 0; i++) {
        const struct param *param = &method->param[i];
        status = load_tensor(method->value, param, "", from, err);
        if (!opt)
            continue;
        if (status == 0)
            status = load_tensor(opt->m, param, ".m", from, err);
        if (status == 0 && opt->v)
            status = load_tensor(opt->v, param, ".v", from, err);
        if (status == 0)
            status = load_ages(age, param, from, err);
        age += param->rows;
    }
    if (status == 0 && method->ops->follow)
        method->ops->follow(method);
    return status;
}

/* Everything is read into a second method, which takes the first one's place
 * only when nothing was wrong. */
int run_load(struct run *run, const struct safetensors *from, struct err *err)
{
    struct progress progress;
    if (load_progress(&progress, run->method->ops->name, from, err) != 0)
        return -1;
    struct method_conf conf = run->conf.method;
    conf.state_follows = true;
    struct method *method = method_new(run->model, &conf, err);
    if (!method)
        return -1;
    int status = method->ops->restore ? load_sites(method, from, err) : 0;
    struct optimizer opt = optimizer_new(&run->optimizer.conf, method);
    if (status == 0)
        status = load_values(method, &opt, from, err);
    if (status != 0) {
        optimizer_free(&opt);
        method_free(method);
        return -1;
    }
    optimizer_free(&run->optimizer);
    method_free(run->method);
    run->method = method;
    run->optimizer = opt;
    run->step = progress.step;
    run->result = (struct step_result){.loss = progress.loss,
                                       .grad_norm = progress.grad_norm,
                                       .lr = progress.lr};
    run_set_steps(run, progress.steps);
    run_set_lr(run, progress.lr_peak);
    run_follow_layout(run);
    for (int i = 0; i < run->model->site_count; i++)
        run_refresh_site(run, i);
    return 0;
}

struct method *run_load_method(long *step, const struct model *model,
                               const struct method_conf *conf,
                               const struct safetensors *from, struct err *err)
{
    struct progress progress;
    struct method_conf own = *conf;
    own.state_follows = true;
    struct method *method = method_new(model, &own, err);
    if (method && load_progress(&progress, conf->name, from, err) == 0 &&
        (!method->ops->restore || load_sites(method, from, err) == 0) &&
        load_values(method, NULL, from, err) == 0) {
        *step = progress.step;
        return method;
    }
    method_free(method);
    return NULL;
}
