/*
 * A LoRA run beside full fine-tuning of the same base: what a rank-r cut of
 * full's own update would have given (oracle, reach; PRIOR_ART 4.9), what the
 * two share at a site, and intruders in both.
 *
 * Losses are on the first held-out examples, at most 64, all the same ones.
 * Where full trains embeddings, gains and biases, the oracle keeps them as full
 * has them; a tied head is cut as a site while the embedding stays full's.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/cuts.h"
#include "experiments/directions.h"

enum { GRID_MOST = 256, DENSE_GRID = 64, FINE_GRID = 32 };
/* A loss for every rank twice over: 82 passes at width 128.  All 200 examples
 * of a recipe would take minutes; differences of losses on the same examples
 * need fewer. */
enum { TWINS_SEQUENCES = 64 };

enum { INTRUDERS_TOP = 10 };                 /* Shuttleworth et al., */
static const double intruders_epsilon = 0.5; /* their repository's */

static const double enough = 0.95;
/* A forward pass in float is exact to about 1e-6 nats; a smaller gap would
 * make closures a ratio of roundings. */
static const double least_gap = 1e-4;
/* Of 64 examples a share is known to about 0.06: below three times that the
 * gap would be mostly chance. */
static const double least_exact = 0.2;

struct twins {
    struct study *study;
    struct ground *ground;
    const struct moment *lora, *full;
    struct spectrum *of; /* (site_count) full's dW; count 0: not adapted */
    struct rebuilt room;
    struct batch few; /* borrows from what is held out */
    int starts[TWINS_SEQUENCES + 1];
};

static double loss_of(const struct twins *twins, double *exact)
{
    return ground_loss(twins->ground, &twins->room.weights, &twins->few, exact);
}

/* Every site of a run: of this model, finite, and not all of them zero. */
static int check_run(const struct model *model, const struct moment *moment,
                     const struct operand *asked, struct err *err)
{
    bool moved = false;
    if (!moment)
        return directions_check_finite(model, NULL, asked, 0, err);
    for (int i = 0; i < moment->site_count; i++) {
        if (!moment->site[i].adapted)
            continue;
        if (directions_check_finite(model, moment, asked, i, err))
            return -1;
        moved = moved || !update_is_zero(&moment->site[i].update);
    }
    return moved ? 0
                 : err_set(err,
                           "%s has no update yet (step %ld): nothing to "
                           "compare",
                           moment->name, moment->step);
}

static int check(const struct twins *twins, const struct question *question,
                 struct err *err)
{
    const struct ground *ground = twins->ground;
    const struct moment *lora = twins->lora, *full = twins->full;
    if (check_run(ground->model, lora, &question->a, err) ||
        check_run(ground->model, full, &question->b, err))
        return -1;
    if (moment_is_dense(lora))
        return err_set(err, "%s has no factors: choose a LoRA run as the first",
                       lora->name);
    if (!moment_is_dense(full))
        return err_set(err,
                       "%s has factors: choose a run of full fine-tuning as "
                       "the second",
                       full->name);
    if (!ground->pass || !ground->held_out || ground->held_out->targets == 0)
        return err_set(err, "there are no held-out examples: no losses to "
                            "compare");
    return 0;
}

static int take_spectra(struct twins *twins, struct err *err)
{
    const struct moment *full = twins->full;
    for (int i = 0; i < full->site_count && !ground_stops(twins->ground); i++)
        if (full->site[i].adapted &&
            update_spectrum(&twins->of[i], &full->site[i].update, WITH_VECTORS,
                            err) < 0)
            return err_prefix(err, "%s at %s", full->name,
                              twins->ground->model->site[i].name);
    return 0;
}

/* Every rank up to 64 of small models; of larger ones every rank to 32, then
 * about a fifth more each time; the LoRA's own rank always. */
static int next_rank(int r, int rank, int most)
{
    int next = most <= DENSE_GRID || r < FINE_GRID ? r + 1 : r + r / 5;
    if (r < rank && next > rank)
        next = rank;
    return next < most ? next : most;
}

static void lay_grid(struct twins *twins)
{
    struct twins_study *to = &twins->study->twins;
    int most = cuts_rank_most(twins->full), r = 0;
    int *grid = study_take(twins->study, GRID_MOST, sizeof *grid);
    for (to->count = 1; r < most; to->count++) {
        assert(to->count < GRID_MOST);
        r = grid[to->count] = next_rank(r, to->rank, most);
    }
    to->grid = grid;
}

/* loss[i]: grid[i] directions of full's dW at the sites of a run, on top of
 * what the room holds. */
static void climb(double *loss, double *exact, struct twins *twins,
                  const struct moment *sites)
{
    const struct twins_study *to = &twins->study->twins;
    for (int i = 0; i < to->count && !ground_stops(twins->ground); i++) {
        int from = i > 0 ? to->grid[i - 1] : 0;
        for (int s = 0; s < sites->site_count; s++)
            for (int k = from; sites->site[s].adapted && k < to->grid[i] &&
                               k < twins->of[s].count;
                 k++)
                rebuilt_add(&twins->room, s, &twins->of[s], k, 1);
        loss[i] = loss_of(twins, &exact[i]);
    }
}

static const char *metric_of(const struct task *task)
{
    const char *metric = task ? task->ops->metric : NULL;
    return metric ? metric : "exact match";
}

static void measure(struct twins *twins)
{
    struct twins_study *to = &twins->study->twins;
    struct rebuilt *room = &twins->room;
    size_t count = (size_t)to->count;
    double *oracle = study_take(twins->study, count, sizeof *oracle);
    double *reach = study_take(twins->study, count, sizeof *reach);
    double *oracle_exact = study_take(twins->study, count, sizeof *oracle);
    double *reach_exact = study_take(twins->study, count, sizeof *reach);
    to->examples = twins->few.sequences;
    to->metric = metric_of(twins->ground->task);
    to->base_loss = loss_of(twins, &to->base_exact);
    climb(reach, reach_exact, twins, twins->lora);
    rebuilt_moment(room, twins->lora);
    to->lora_loss = loss_of(twins, &to->lora_exact);
    rebuilt_moment(room, twins->full);
    to->full_loss = loss_of(twins, &to->full_exact);
    for (int i = 0; i < room->model->site_count; i++)
        rebuilt_base_site(room, i);
    climb(oracle, oracle_exact, twins, twins->full);
    to->oracle = oracle;
    to->reach = reach;
    to->oracle_exact = oracle_exact;
    to->reach_exact = reach_exact;
    to->by_exact = to->full_exact - to->base_exact >= least_exact;
}

/* G = (s - s_base) / (s_full - s_base). */
static double closure(const struct twins_study *of, double loss, double exact)
{
    double gap = of->base_loss - of->full_loss;
    if (of->by_exact)
        return (exact - of->base_exact) / (of->full_exact - of->base_exact);
    return gap > least_gap ? (of->base_loss - loss) / gap : NAN;
}

static int star(const struct twins_study *of, const double *loss,
                const double *exact)
{
    for (int i = 0; i < of->count; i++)
        if (closure(of, loss[i], exact[i]) >= enough)
            return of->grid[i];
    return -1;
}

static void close_gaps(struct twins_study *to)
{
    int at = 0;
    while (at + 1 < to->count && to->grid[at + 1] <= to->rank)
        at++;
    to->lora_closure = closure(to, to->lora_loss, to->lora_exact);
    to->oracle_closure = closure(to, to->oracle[at], to->oracle_exact[at]);
    to->reach_closure = closure(to, to->reach[at], to->reach_exact[at]);
    to->oracle_star = star(to, to->oracle, to->oracle_exact);
    to->reach_star = star(to, to->reach, to->reach_exact);
}

static const double *keep(struct study *study, const double *from, int count)
{
    double *to = study_take(study, (size_t)count, sizeof *to);
    memcpy(to, from, (size_t)count * sizeof *to);
    return to;
}

/* Both spectra of the chosen site and what their input sides share; nothing
 * where the LoRA run has no update. */
static void look_at_site(struct twins *twins, int site)
{
    struct study *study = twins->study;
    struct twins_study *to = &study->twins;
    const struct model *model = twins->ground->model;
    struct spectrum of;
    to->site = site;
    if (directions_check(model, twins->lora, NULL, site, NULL) ||
        directions_check(model, twins->full, NULL, site, NULL) ||
        directions_spectrum(&of, model, twins->lora, site, NULL))
        return;
    to->lora_count = of.count;
    to->lora_sigma = keep(study, of.sigma, of.count);
    to->full_count = twins->of[site].count;
    to->full_sigma = keep(study, twins->of[site].sigma, to->full_count);
    struct dmat a = directions_of(&of, SIDE_INPUT, DIRECTIONS_MOST);
    struct dmat b =
        directions_of(&twins->of[site], SIDE_INPUT, DIRECTIONS_MOST);
    double *phi =
        study_take(study, (size_t)a.cols * (size_t)b.cols, sizeof *phi);
    to->n = a.rows;
    to->rows = a.cols;
    to->cols = b.cols;
    overlap_phi(dmat_of(phi, a.cols, b.cols), a, b);
    to->phi = phi;
    dmat_free(&a);
    dmat_free(&b);
    spectrum_free(&of);
}

/* How many intruders W0 + dW has; -1: err. */
static int intruders_of(struct twins *twins, const struct moment *moment,
                        int site, struct err *err)
{
    const struct spectrum *base = ground_base(twins->ground, site, err);
    struct mat w = twins->room.weights.site[site];
    struct spectrum tuned;
    struct intruders found;
    if (!base)
        return -1;
    rebuilt_site(&twins->room, moment, site);
    if (spectrum_of_matrix(&tuned, w, WITH_VECTORS, err))
        return err_prefix(err, "W0 + dW of %s at %s", moment->name,
                          twins->ground->model->site[site].name);
    intruders_find(&found, base, &tuned, SIDE_OUTPUT, STUDY_CLUSTER_GAP);
    int count =
        intruders_count(&found, intruders_epsilon, INTRUDERS_TOP, false);
    intruders_free(&found);
    spectrum_free(&tuned);
    return count;
}

static int count_intruders(struct twins *twins, struct err *err)
{
    struct twins_study *to = &twins->study->twins;
    for (int i = 0; i < twins->lora->site_count; i++) {
        if (!twins->lora->site[i].adapted || !twins->full->site[i].adapted)
            continue;
        int lora = intruders_of(twins, twins->lora, i, err);
        int full = lora < 0 ? -1 : intruders_of(twins, twins->full, i, err);
        if (full < 0)
            return -1;
        to->intruder_sites++;
        to->lora_intruders += lora;
        to->full_intruders += full;
    }
    return 0;
}

static int answer(struct twins *twins, const struct question *question,
                  struct err *err)
{
    struct twins_study *to = &twins->study->twins;
    const struct moment *lora = twins->lora, *full = twins->full;
    directions_name(to->lora, &question->a, lora);
    directions_name(to->full, &question->b, full);
    to->step = lora->step < full->step ? lora->step : full->step;
    twins->study->step = lora->step;
    to->rank = cuts_rank_most(lora);
    if (take_spectra(twins, err))
        return -1;
    twins->few =
        ground_few(twins->ground->held_out, TWINS_SEQUENCES, twins->starts);
    lay_grid(twins);
    measure(twins);
    if (ground_stops(twins->ground))
        return err_set(err, "stopped before it was answered");
    close_gaps(to);
    twins_judge(to, lora->step, full->step);
    look_at_site(twins, question->site);
    return count_intruders(twins, err);
}

const struct study *study_twins(struct ground *ground,
                                const struct question *question,
                                const struct moment *lora,
                                const struct moment *full)
{
    struct study *study = study_new(STUDY_TWINS, question);
    struct twins twins = {
        .study = study, .ground = ground, .lora = lora, .full = full};
    struct err err = {""};
    if (check(&twins, question, &err))
        return study_refuse(study, "%s", err.text);
    int sites = ground->model->site_count;
    twins.of = xcalloc((size_t)sites, sizeof *twins.of);
    twins.room = rebuilt_new(ground->model);
    if (answer(&twins, question, &err)) {
        study->twins = (struct twins_study){0};
        study->step = -1;
        (void)study_refuse(study, "%s", err.text);
    }
    for (int i = 0; i < sites; i++)
        spectrum_free(&twins.of[i]);
    mem_free(twins.of);
    rebuilt_free(&twins.room);
    return study;
}
