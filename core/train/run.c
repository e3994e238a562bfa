/*
 * See run.h.  A step is a chain of jobs: S slices, then one update, then the
 * effective weights of every adapted site.  The last job of a link posts the
 * next one, so runs never wait for one another inside a step.
 */
#include "core/train/run.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/base/vecmath.h"
#include "core/train/run_private.h"

/* Where W of this site lies in the method's values, or NULL. */
static const float *direct(const struct run *run, int site)
{
    const struct method *method = run->method;
    return run->adapted[site] && method->ops->direct
               ? method->ops->direct(method, site)
               : NULL;
}

/* W of this site is written by the method into storage of the run. */
static bool is_written(const struct run *run, int site)
{
    return run->adapted[site] && !direct(run, site);
}

/* Does site i get storage?  q, k and v do when one of them is written, so
 * that they lie one after another and are multiplied at once. */
static bool has_storage(const struct run *run, int i)
{
    if (run->model->site[i].kind > SITE_V)
        return is_written(run, i);
    int q = i - (int)run->model->site[i].kind;
    return is_written(run, q) || is_written(run, q + 1) ||
           is_written(run, q + 2);
}

static void place_weights(struct run *run)
{
    const struct model *model = run->model;
    size_t total = 1;
    for (int i = 0; i < model->site_count; i++)
        run->adapted[i] = run->method->ops->adapts(run->method, i);
    for (int i = 0; i < model->site_count; i++)
        if (has_storage(run, i))
            total += (size_t)model->site[i].out * (size_t)model->site[i].in;
    run->effective = xcalloc(total, sizeof *run->effective);
    float *at = run->effective;
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        if (!has_storage(run, i))
            continue;
        run->weights.site[i] = mat_of(at, site->out, site->in);
        mat_copy(run->weights.site[i], model->base.site[i]);
        at += (size_t)site->out * (size_t)site->in;
    }
}

/* Points others at what trains; after every change of the method's layout. */
void run_follow_layout(struct run *run)
{
    const struct method *method = run->method;
    size_t size = method_gradient_size(method), offset;
    for (int i = 0; i < run->model->other_count; i++) {
        const float *value = method_other(method, i, &offset);
        if (value)
            run->weights.other[i] = value;
    }
    for (int i = 0; i < run->model->site_count; i++)
        if (direct(run, i))
            run->weights.site[i].at = (float *)direct(run, i);
    for (int s = 0; s < run->conf.slices; s++) {
        mem_free(run->slice[s].grad);
        run->slice[s].grad =
            xcalloc(size ? size : 1, sizeof *run->slice[s].grad);
        for (int i = 0; i < run->model->other_count; i++)
            if (method_other(method, i, &offset))
                run->slice[s].other[i] = run->slice[s].grad + offset;
    }
}

void run_refresh_site(struct run *run, int site)
{
    if (is_written(run, site))
        run->method->ops->effective(run->method, site, run->weights.site[site]);
}

struct run *run_new(const struct model *model, const struct run_conf *conf,
                    struct err *err)
{
    assert(conf->slices >= 1 && conf->slices <= RUN_SLICES);
    struct run *run = xcalloc(1, sizeof *run);
    run->model = model;
    run->conf = *conf;
    run->method = method_new(model, &conf->method, err);
    if (!run->method) {
        mem_free(run);
        return NULL;
    }
    run->conf.method.ranks = NULL; /* the caller's; the method has its own */
    run->optimizer = optimizer_new(&conf->optimizer, run->method);
    run->weights = weights_new(model);
    run->adapted = xcalloc((size_t)model->site_count, sizeof *run->adapted);
    for (int s = 0; s < conf->slices; s++) {
        run->slice[s].run = run;
        run->slice[s].other =
            xcalloc((size_t)model->other_count, sizeof *run->slice[s].other);
    }
    place_weights(run);
    run_follow_layout(run);
    for (int i = 0; i < model->site_count; i++)
        run_refresh_site(run, i);
    run->result = (struct step_result){.loss = NAN, .grad_norm = NAN};
    return run;
}

void run_free(struct run *run)
{
    if (!run)
        return;
    for (int s = 0; s < run->conf.slices; s++) {
        mem_free(run->slice[s].grad);
        mem_free(run->slice[s].other);
    }
    for (int t = 0; t < run->threads; t++) {
        pass_free(run->place[t].pass);
        arena_free(&run->place[t].scratch);
    }
    mem_free(run->place);
    mem_free(run->part);
    mem_free(run->starts);
    mem_free(run->effective);
    mem_free(run->adapted);
    weights_free(&run->weights);
    optimizer_free(&run->optimizer);
    method_free(run->method);
    mem_free(run);
}

/* Each thread of the team has a pass and scratch of its own. */
static void prepare_places(struct run *run, struct team *team,
                           const struct batch *batch)
{
    int threads = team_threads(team);
    if (threads > run->threads) {
        run->place = xgrow(run->place, (size_t)run->threads, (size_t)threads,
                           sizeof *run->place);
        run->threads = threads;
    }
    int parts = run->parts;
    if (parts > run->part_room) {
        run->part = xgrow(run->part, (size_t)run->part_room, (size_t)parts,
                          sizeof *run->part);
        run->part_room = parts;
    }
    int starts = batch->sequences + parts;
    if (starts > run->starts_room) {
        run->starts = xgrow(run->starts, (size_t)run->starts_room,
                            (size_t)starts, sizeof *run->starts);
        run->starts_room = starts;
    }
    run->team = team;
    run->batch = batch;
}

/* Cuts the batch into run->parts slices; each part's starts lie in
 * run->starts one after another. */
static void cut(struct run *run)
{
    int *starts = run->starts;
    for (int i = 0; i < run->parts; i++) {
        run->part[i].batch = batch_slice(run->batch, i, run->parts, starts);
        starts += run->part[i].batch.sequences + 1;
    }
}

static struct pass *pass_of(struct run *run, int thread)
{
    if (!run->place[thread].pass)
        run->place[thread].pass = pass_new(run->model);
    /* Each time: loading a state makes another method of it. */
    pass_insert(run->place[thread].pass, method_insert(run->method));
    return run->place[thread].pass;
}

static void take_site_gradient(void *ctx, int site, struct mat x, struct mat dy)
{
    struct slice *slice = ctx;
    const struct method *method = slice->run->method;
    method->ops->gradient(method, slice->grad, site, x, dy, slice->scratch);
}

static void take_insert_gradient(void *ctx, int layer, enum insert_place place,
                                 struct mat dy, const struct batch *batch,
                                 const float *kept, struct arena *scratch)
{
    struct slice *slice = ctx;
    const struct method *method = slice->run->method;
    method->ops->insert_backward(method, slice->grad, layer, place, dy, batch,
                                 kept, scratch);
}

/* Scratch for the gradient of any one site. */
static struct arena *scratch_of(struct run *run, int thread, int tokens)
{
    enum { ROUNDING = 256 }; /* the arena aligns what it gives */
    size_t need = ROUNDING;
    const struct method *method = run->method;
    for (int i = 0; i < run->model->site_count && method->ops->scratch; i++) {
        size_t here = ROUNDING;
        if (run->adapted[i])
            here += method->ops->scratch(method, i,
                                         pass_rows_at(run->model, i, tokens));
        need = here > need ? here : need;
    }
    struct arena *scratch = &run->place[thread].scratch;
    if (scratch->size < need) {
        arena_free(scratch);
        int status = arena_init(scratch, need);
        assert(status == 0);
        (void)status;
    }
    arena_back(scratch, 0);
    return scratch;
}

static void refresh_job(void *ctx, int index, int thread)
{
    (void)thread;
    run_refresh_site(ctx, index);
}

static void update_job(void *ctx, int index, int thread)
{
    (void)index;
    (void)thread;
    struct run *run = ctx;
    float *grad = run->slice[0].grad;
    struct score total = {0};
    for (int s = 0; s < run->parts; s++) {
        total.loss += run->part[s].score.loss;
        total.targets += run->part[s].score.targets;
        if (s > 0)
            vec_add(grad, run->slice[s].grad,
                    method_gradient_size(run->method));
    }
    double loss = total.loss / (double)total.targets;
    double lr = schedule_lr(&run->optimizer.conf, run->step, run->conf.steps);
    run->result = (struct step_result){.loss = loss, .lr = lr};
    const struct method_ops *ops = run->method->ops;
    if (isfinite(loss) && ops->before_update)
        ops->before_update(run->method, grad);
    if (isfinite(loss))
        run->result.grad_norm =
            optimizer_step(&run->optimizer, run->method, grad, lr);
    run->result.diverged = !isfinite(loss) || !isfinite(run->result.grad_norm);
    if (run->result.diverged)
        return;
    if (ops->after_update &&
        ops->after_update(run->method, run->step, run->conf.steps))
        run_drop(run);
    if (ops->follow)
        ops->follow(run->method);
    run->step++;
    for (int i = 0; i < run->model->site_count; i++)
        if (is_written(run, i))
            team_post(run->team, refresh_job, run, i);
}

static void learn_job(void *ctx, int index, int thread)
{
    struct run *run = ctx;
    struct slice *slice = &run->slice[index];
    const struct batch *part = &run->part[index].batch;
    memset(slice->grad, 0,
           method_gradient_size(run->method) * sizeof *slice->grad);
    run->part[index].score = (struct score){0};
    if (part->targets > 0) {
        slice->scratch = scratch_of(run, thread, part->tokens);
        struct sink sink = {
            slice, run->adapted, take_site_gradient, slice->other,
            run->method->ops->insert_backward ? take_insert_gradient : NULL};
        run->part[index].score =
            pass_learn(pass_of(run, thread), &run->weights, part,
                       1.0F / (float)run->batch->targets, &sink);
    }
    if (atomic_fetch_sub(&run->left, 1) == 1)
        update_job(run, 0, thread);
}

void run_post_step(struct run *run, struct team *team,
                   const struct batch *batch)
{
    assert(batch->targets > 0);
    run->parts = run->conf.slices;
    prepare_places(run, team, batch);
    cut(run);
    atomic_store(&run->left, run->parts);
    for (int s = 0; s < run->parts; s++)
        team_post(team, learn_job, run, s);
}

static void score_job(void *ctx, int index, int thread)
{
    struct run *run = ctx;
    const struct batch *part = &run->part[index].batch;
    run->part[index].score = (struct score){0};
    if (part->targets > 0)
        run->part[index].score =
            pass_score(pass_of(run, thread), &run->weights, part);
}

void run_post_evaluate(struct run *run, struct team *team,
                       const struct batch *batch)
{
    enum { SEQUENCES_A_PART = 8, ROWS_A_PART = 256 };
    int most = batch->in ? ROWS_A_PART : SEQUENCES_A_PART;
    run->parts = (batch->sequences + most - 1) / most;
    prepare_places(run, team, batch);
    cut(run);
    for (int i = 0; i < run->parts; i++)
        team_post(team, score_job, run, i);
}

struct score run_score(const struct run *run)
{
    struct score total = {0};
    for (int i = 0; i < run->parts; i++) {
        total.loss += run->part[i].score.loss;
        total.targets += run->part[i].score.targets;
        total.exact += run->part[i].score.exact;
        total.sequences += run->part[i].score.sequences;
    }
    return total;
}

size_t run_pass_bytes(const struct run *run, int sequences, int length)
{
    struct insert insert = method_insert(run->method);
    return pass_bytes(run->model, &insert.shape, sequences, length);
}

struct step_result run_result(const struct run *run)
{
    return run->result;
}

long run_step(const struct run *run)
{
    return run->step;
}

const struct run_conf *run_conf_of(const struct run *run)
{
    return &run->conf;
}

const struct method *run_method(const struct run *run)
{
    return run->method;
}

const struct weights *run_weights(struct run *run)
{
    return &run->weights;
}

long run_trainable(const struct run *run)
{
    return (long)run->method->size;
}

void run_set_lr(struct run *run, double lr)
{
    run->optimizer.conf.lr = lr;
    run->conf.optimizer.lr = lr;
}

void run_set_steps(struct run *run, long steps)
{
    run->conf.steps = steps;
}
