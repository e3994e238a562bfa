/*
 * The params of LoRA and its kin, and how they come back from a checkpoint.
 */
#include "core/method/lora.h"

#include <math.h>
#include <stdio.h>

#include "core/method/layout.h"
#include "core/method/whole.h"

static int add(struct method *method, int site, enum param_kind kind)
{
    static const char *const suffix[] = {
        [PARAM_A] = "A", [PARAM_BT] = "Bt", [PARAM_OUT] = "m"};
    const struct site *of = &method->model->site[site];
    const struct lora *lora = method->state;
    struct param param = {.kind = kind,
                          .site = site,
                          .other = -1,
                          .rows = lora->site[site].is.rank,
                          .cols = kind == PARAM_A ? of->in : of->out,
                          .decays = kind != PARAM_OUT,
                          .lr_scale = kind == PARAM_BT ? lora->lr_ratio : 1};
    if (kind == PARAM_OUT)
        param.rows = 1;
    (void)snprintf(param.name, sizeof param.name, "%s.%s", of->name,
                   suffix[kind]);
    return layout_add(method, &param);
}

int lora_layout(struct method *method, struct err *err)
{
    struct lora *lora = method->state;
    for (int i = 0; i < method->model->site_count; i++) {
        struct lora_site *site = &lora->site[i];
        if (!site->is.rank)
            continue;
        site->a = lora->kin.frozen_a ? -1 : add(method, i, PARAM_A);
        site->bt = add(method, i, PARAM_BT);
        site->m = lora->kin.magnitudes ? add(method, i, PARAM_OUT) : -1;
    }
    lora->head = also_layout(method, lora->also);
    return layout_allocate(method, err);
}

void lora_freeze(struct lora_site *site, const struct lora *lora,
                 const struct site *of)
{
    if (site->is.rank && lora->kin.frozen_a)
        site->frozen = xcalloc((size_t)site->is.rank * (size_t)of->in,
                               sizeof *site->frozen);
    if (site->is.rank && lora->kin.magnitudes)
        site->norm = xcalloc((size_t)of->out, sizeof *site->norm);
    if (site->is.rank && lora->kin.rebased) {
        site->both_bt = mat_new(2 * site->is.rank, of->out);
        site->both_a = mat_new(2 * site->is.rank, of->in);
    }
}

void lora_free_sites(struct lora *lora, int count)
{
    for (int i = 0; i < count; i++) {
        mem_free(lora->site[i].frozen);
        mem_free(lora->site[i].norm);
        mat_free(&lora->site[i].both_bt);
        mat_free(&lora->site[i].both_a);
    }
    mem_free(lora->site);
    lora->site = NULL;
}

struct mat lora_a(const struct method *method, int site)
{
    const struct lora *lora = method->state;
    const struct lora_site *at = &lora->site[site];
    if (at->frozen)
        return mat_of(at->frozen, at->is.rank, method->model->site[site].in);
    return layout_mat(&method->param[at->a], method->value);
}

struct mat lora_bt(const struct method *method, int site)
{
    const struct lora *lora = method->state;
    return layout_mat(&method->param[lora->site[site].bt], method->value);
}

static bool keep(struct kept *to, struct mat at, const char *site,
                 const char *what)
{
    to->at = at;
    (void)snprintf(to->name, sizeof to->name, "%s.%s", site, what);
    return true;
}

/* A that does not train: turning the rank has made it what no seed gives.  And
 * what was taken out of the base: another machine's SVD has other signs. */
bool lora_kept(const struct method *method, int i, struct kept *to)
{
    const struct lora *lora = method->state;
    for (int site = 0; site < method->model->site_count; site++) {
        const struct lora_site *at = &lora->site[site];
        const char *name = method->model->site[site].name;
        int r = at->is.rank;
        if (at->frozen && i-- == 0)
            return keep(to, lora_a(method, site), name, "A");
        if (at->both_a.at && i-- == 0)
            return keep(to, mat_rows(at->both_a, 0, r), name, "A0");
        if (at->both_a.at && i-- == 0)
            return keep(to, mat_rows(at->both_bt, 0, r), name, "-Bt0");
    }
    return false;
}

void lora_state_of(const struct method *method, int site, struct site_state *to)
{
    const struct lora *lora = method->state;
    *to = lora->site[site].is;
}

static int check_state(const struct site *site, const struct site_state *state,
                       bool adapted, struct err *err)
{
    if ((state->rank != 0) != adapted)
        return err_set(err,
                       "%s: %s adapted in the saved state; use the "
                       "targets it was saved with",
                       site->name, adapted ? "is not" : "is");
    if (!adapted)
        return 0;
    if (state->rule != SCALE_ALPHA_R && state->rule != SCALE_ALPHA_SQRT_R)
        return err_set(err,
                       "%s: the saved scale rule is unknown; the state "
                       "is damaged",
                       site->name);
    if (state->grows < 0 || !isfinite(state->scale) ||
        !isfinite(state->alpha) || state->scale <= 0 || state->alpha <= 0)
        return err_set(err,
                       "%s: the saved scale %g (alpha %g) is not a "
                       "positive number; the state is damaged",
                       site->name, state->scale, state->alpha);
    return lora_check_rank(site, state->rank, err);
}

int lora_restore(struct method *method, const struct site_state *states,
                 struct err *err)
{
    int count = method->model->site_count;
    for (int i = 0; i < count; i++)
        if (check_state(&method->model->site[i], &states[i],
                        lora_rank(method, i) > 0, err))
            return -1;
    struct lora *lora = method->state, next = *lora;
    next.site = xcalloc((size_t)count, sizeof *next.site);
    for (int i = 0; i < count; i++) {
        next.site[i].is = states[i];
        lora_freeze(&next.site[i], &next, &method->model->site[i]);
    }
    struct method laid = {
        .ops = method->ops, .model = method->model, .state = &next};
    if (lora_layout(&laid, err)) {
        layout_free(&laid);
        lora_free_sites(&next, count);
        return -1;
    }
    layout_free(method);
    lora_free_sites(lora, count);
    *lora = next;
    laid.state = lora;
    *method = laid;
    return 0;
}
