/*
 * Formulas that look like answers; see fake_studies.h.
 */
#include "tests/fake_studies.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "experiments/study_owned.h"

enum { DIRECTIONS = 64, TRAIL = 12, TRAIL_EVERY = 25 };

/* cos^2 between direction a of one and b of the other: shared[a] on the
 * diagonal, squares of Gaussians with the mean of chance elsewhere. */
static double *make_phi(struct study *study, int n, int rows, int cols,
                        double top, double fall, uint64_t seed)
{
    double *phi = study_take(study, (size_t)rows * (size_t)cols, sizeof *phi);
    struct rng rng = rng_make(11, STREAM_TEST, seed);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) {
            double shared = top * exp(-fall * (i < j ? i : j));
            double noise = rng_normal(&rng);
            double one =
                i == j && top > 0 ? shared : (1 - shared) * noise * noise / n;
            double above = i ? phi[(i - 1) * cols + j] : 0;
            double left = j ? phi[i * cols + j - 1] : 0;
            double both = i && j ? phi[(i - 1) * cols + j - 1] : 0;
            phi[i * cols + j] = one + above + left - both;
        }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++)
            phi[i * cols + j] =
                fmin(1, phi[i * cols + j] / (i < j ? i + 1 : j + 1));
    return phi;
}

static int directions_of(const struct snapshot *snapshot,
                         const struct operand *operand, int site, int other)
{
    const struct run_view *run = snapshot_run(snapshot, operand->run);
    int rank = run ? run->site[site].rank : 0;
    return operand->kind == OPERAND_RANDOM && other ? other
           : rank                                   ? rank
                                                    : DIRECTIONS;
}

static void name_operand(char *to, const struct snapshot *snapshot,
                         const struct operand *operand)
{
    const struct run_view *run = snapshot_run(snapshot, operand->run);
    if (operand->kind != OPERAND_RUN || !run)
        snprintf(to, STUDY_NAME, "%s",
                 operand->kind == OPERAND_BASE ? "W0" : "random");
    else if (operand->step >= 0)
        snprintf(to, STUDY_NAME, "%s at step %ld", run->name, operand->step);
    else
        snprintf(to, STUDY_NAME, "%s", run->name);
}

static void make_trail(struct study *study, struct overlap_study *to)
{
    long *step = study_take(study, TRAIL, sizeof *step);
    double *top = study_take(study, TRAIL, sizeof *top);
    double *all = study_take(study, TRAIL, sizeof *all);
    for (int i = 0; i < TRAIL; i++) {
        step[i] = TRAIL_EVERY * i;
        top[i] = i ? 0.97 - 0.9 * exp(-0.7 * i) : NAN;
        all[i] = i ? 0.9 - 0.8 * exp(-0.25 * i) : NAN;
    }
    to->trail_count = TRAIL;
    to->trail_step = step;
    to->trail_top = top;
    to->trail_all = all;
}

static void make_overlap(struct study *study, const struct snapshot *snapshot)
{
    const struct question *asked = &study->asked;
    struct overlap_study *to = &study->overlap;
    const struct site *site = &snapshot->site[asked->site];
    bool is_itself =
        asked->b.kind == OPERAND_RUN && asked->a.run == asked->b.run;
    double top = asked->b.kind == OPERAND_RANDOM ? 0
                 : asked->b.kind == OPERAND_BASE ? 0.08
                 : is_itself                     ? 0.97
                                                 : 0.81;
    name_operand(to->name_a, snapshot, &asked->a);
    name_operand(to->name_b, snapshot, &asked->b);
    to->n = asked->side == SIDE_INPUT ? site->in : site->out;
    to->rows = directions_of(snapshot, &asked->a, asked->site, 0);
    to->cols = directions_of(snapshot, &asked->b, asked->site, to->rows);
    to->phi = make_phi(study, to->n, to->rows, to->cols, top,
                       is_itself ? 0.05 : 0.6, 1);
    to->angle_count = to->rows < to->cols ? to->rows : to->cols;
    double *angle = study_take(study, (size_t)to->angle_count, sizeof *angle);
    for (int i = 0; i < to->angle_count; i++)
        angle[i] =
            top > 0 ? acos(sqrt(top * exp(-0.3 * i) + 0.02)) : 1.1 + 0.06 * i;
    to->angle = angle;
    to->distances = subspace_distances(angle, to->angle_count);
    to->cosine = asked->b.kind == OPERAND_RUN ? 0.41 : NAN;
    to->energy_ratio = asked->b.kind == OPERAND_RUN ? 1.39 : NAN;
    if (is_itself)
        make_trail(study, to);
}

static void make_amplification(struct amplification *to, int r, double rho)
{
    enum { WIDTH = 128 };
    double by_random = r * 12.5 / WIDTH, spread = 1.1 / r;
    *to = (struct amplification){.r = r,
                                 .base_norm = 12.5,
                                 .update_norm = 3.42,
                                 .by_update = rho * by_random,
                                 .by_base = 12.5 * (1 - exp(-0.12 * r)),
                                 .by_random = by_random,
                                 .random_low = fmax(0, 1 - spread) * by_random,
                                 .random_high = (1 + spread) * by_random,
                                 .rho = rho};
    to->factor = to->update_norm / to->by_update;
    to->random_factor = to->update_norm / to->by_random;
}

static void make_intruders(struct intruders *to, enum side side, int n)
{
    *to = (struct intruders){.side = side,
                             .n = n,
                             .count = n,
                             .sigma = xcalloc((size_t)n, sizeof(double)),
                             .cosine = xcalloc((size_t)n, sizeof(double)),
                             .cluster = xcalloc((size_t)n, sizeof(double))};
    random_cosine(&to->random_mean, &to->random_low, &to->random_high, n, n);
    for (int j = 0; j < n; j++) {
        bool is_intruder = side == SIDE_OUTPUT ? j == 0 || j == 3 : j == 0;
        to->sigma[j] = 2.6 * exp(-0.03 * j);
        to->cosine[j] =
            is_intruder ? 0.31 + 0.03 * j : 0.97 - 0.02 * (j * 7 % 11);
        to->cluster[j] =
            to->cosine[j] + 0.4 * (1 - to->cosine[j]) * (is_intruder ? 0.1 : 1);
    }
}

static void make_base(struct study *study, const struct snapshot *snapshot)
{
    static const double rho[] = {2.9, 2.2, 1.6, 1.08, 1.02, 1.01, 1, 1};
    struct base_study *to = &study->base;
    const struct site *site = &snapshot->site[study->asked.site];
    int rank = directions_of(snapshot, &study->asked.a, study->asked.site, 0);
    name_operand(to->name, snapshot, &study->asked.a);
    to->out = site->out;
    to->in = site->in;
    for (int r = 1; r <= rank; r *= 2, to->amplification_count++)
        make_amplification(&to->amplification[to->amplification_count], r,
                           rho[to->amplification_count]);
    to->curve_count = site->out < site->in ? site->out : site->in;
    for (int side = 0; side < 2; side++) {
        int n = side == SIDE_INPUT ? site->in : site->out;
        double *share =
            study_take(study, (size_t)to->curve_count, sizeof *share);
        for (int k = 0; k < to->curve_count; k++)
            share[k] = pow((k + 1.0) / n, side ? 0.7 : 0.85);
        to->alignment[side] = share;
        to->align90[side] = alignment_rank(share, to->curve_count, 0.9);
        make_intruders(&to->intruders[side], (enum side)side, n);
    }
    to->intruder_count =
        intruders_count(&to->intruders[study->asked.side], study->asked.epsilon,
                        study->asked.top, false);
    to->lambda_count = to->intruder_count ? BASE_LAMBDAS : 0;
    for (int i = 0; i < to->lambda_count; i++) {
        double lambda = i / 4.0, off = lambda - 1.1;
        to->lambda[i] = lambda;
        to->task_loss[i] = 0.31 + 0.17 * off * off;
        to->forget_loss[i] = 2.33 + 0.08 * lambda + 0.03 * lambda * lambda;
    }
}

static void make_cuts(struct study *study, struct twins_study *to)
{
    enum { GRID = 9 };
    int *grid = study_take(study, GRID, sizeof *grid);
    double *oracle = study_take(study, GRID, sizeof *oracle);
    double *reach = study_take(study, GRID, sizeof *reach);
    for (int i = 0; i < GRID; i++) {
        grid[i] = i ? 1 << (i - 1) : 0;
        oracle[i] = 0.17 + 4.03 * exp(-0.75 * i);
        reach[i] = 0.27 + 3.93 * exp(-0.85 * i);
    }
    to->count = GRID;
    to->grid = grid;
    to->oracle = oracle;
    to->reach = reach;
}

static void make_twins(struct study *study, const struct snapshot *snapshot)
{
    struct twins_study *to = &study->twins;
    const struct question *asked = &study->asked;
    const struct run_view *lora = snapshot_run(snapshot, asked->a.run);
    const struct run_view *full = snapshot_run(snapshot, asked->b.run);
    *to = (struct twins_study){.step = lora->step,
                               .rank = lora->rank_high,
                               .examples = 96,
                               .base_loss = 4.2,
                               .lora_loss = 0.41,
                               .full_loss = 0.17,
                               .lora_closure = 0.94,
                               .oracle_closure = 0.95,
                               .reach_closure = 0.96,
                               .oracle_star = 8,
                               .reach_star = 4,
                               .site = asked->site,
                               .intruder_sites = 16,
                               .lora_intruders = 14};
    name_operand(to->lora, snapshot, &asked->a);
    name_operand(to->full, snapshot, &asked->b);
    make_cuts(study, to);
    to->lora_count = lora->site[asked->site].sigma_count;
    to->full_count = full->site[asked->site].sigma_count;
    to->lora_sigma = lora->site[asked->site].sigma;
    to->full_sigma = full->site[asked->site].sigma;
    to->n = snapshot->site[asked->site].in;
    to->rows = directions_of(snapshot, &asked->a, asked->site, 0);
    to->cols = directions_of(snapshot, &asked->b, asked->site, 0);
    to->phi = make_phi(study, to->n, to->rows, to->cols, 0.62, 0.5, 2);
    snprintf(to->verdict, sizeof to->verdict,
             "%s closes 94 %% of the gap; full's own update cut to rank %d at "
             "the same sites closes 96 %%.  A better rank-%d update exists: "
             "the limit is optimisation (lr, steps), not capacity.",
             to->lora, to->rank, to->rank);
}

static void make_claims(struct section7_study *to)
{
    static const struct {
        enum verdict verdict;
        const char *claim, *found;
    } claims[] = {
        {VERDICT_SHOWN,
         "The top direction of r = 8 and r = 64 is the same: phi(1,1) > 0.5 "
         "(Figure 3).",
         "phi(1,1): W_q 0.78 (dW's 0.81), W_v 0.65 (0.70); chance 0.008 "
         "[0.000, 0.039].  Mean over layers: W_q 0.71, W_v 0.66."},
        {VERDICT_WITHIN_CHANCE,
         "The other directions of r = 8 are not among those of r = 64 (Figure "
         "3).",
         "Share of directions 2..8 that lies in the span of all 64: W_q 0.52 "
         "(dW's 0.55), W_v 0.51 (0.52); chance 0.500 [0.456, 0.544]."},
        {VERDICT_SHOWN, "Two seeds of r = 64 share directions (Figure 4).",
         "phi(8,8): W_q 0.21 (dW's 0.24), W_v 0.16 (0.18); chance 0.063 "
         "[0.031, 0.101].  phi(1,1): W_q 0.58, W_v 0.44; mean over layers "
         "0.51, 0.40."},
        {VERDICT_SHOWN,
         "W_q shares more between seeds than W_v: a higher intrinsic rank "
         "(Figure 4).",
         "phi(8,8) of two seeds: W_q 0.210, W_v 0.160, difference +0.050 "
         "(dW's +0.060); two random pairs differ by less than 0.049 (95 %)."},
        {VERDICT_NOT_SHOWN,
         "dW amplifies directions that are not emphasised in W (Table 7).",
         "rho of r = 8: W_q 1.31, W_v 1.12; chance 1 [0.86, 1.14].  Factor "
         "4.2 and 4.9; by chance 5.5: most of the factor is chance."},
        {VERDICT_NOT_SHOWN,
         "The factor falls from r = 8 to r = 64 (Table 7: 21.5 to 1.9).",
         "4.2 to 0.6 for W_q: by chance alone it falls as 1/r, from 5.5 to "
         "0.7."}};
    to->claim_count = sizeof claims / sizeof *claims;
    for (int i = 0; i < to->claim_count; i++) {
        to->claim[i].verdict = claims[i].verdict;
        snprintf(to->claim[i].claim, STUDY_SENTENCE, "%s", claims[i].claim);
        snprintf(to->claim[i].found, STUDY_SENTENCE, "%s", claims[i].found);
    }
}

static struct section7_grid make_grid(struct study *study, int n, int rows,
                                      int cols, double top, double fall,
                                      uint64_t seed)
{
    struct section7_grid grid = {.n = n, .rows = rows, .cols = cols};
    grid.factor = make_phi(study, n, rows, cols, top, fall, seed);
    grid.delta = grid.factor;
    return grid;
}

static void make_section7(struct study *study, const struct snapshot *snapshot)
{
    struct section7_study *to = &study->section7;
    const struct question *asked = &study->asked;
    name_operand(to->name_low, snapshot, &asked->a);
    name_operand(to->name_high, snapshot, &asked->b);
    name_operand(to->name_seed, snapshot, &asked->c);
    to->low = 8;
    to->high = DIRECTIONS;
    to->step = snapshot_run(snapshot, asked->a.run)->step;
    to->steps = snapshot->steps;
    to->layers = snapshot->layers;
    to->layer = snapshot->layers - 1;
    for (int t = 0; t < SECTION7_TARGETS; t++) {
        int n = snapshot->site[asked->site].in;
        uint64_t seed = 10 * (uint64_t)t;
        snprintf(to->target[t].site, sizeof to->target[t].site, "h.%d.attn.%s",
                 to->layer, t ? "v" : "q");
        to->target[t].ranks = make_grid(study, n, to->low, to->high,
                                        0.78 - 0.13 * t, 1.1, seed + 3);
        to->target[t].seeds = make_grid(study, n, to->high, to->high,
                                        0.58 - 0.14 * t, 0.35, seed + 4);
        to->target[t].control =
            make_grid(study, n, to->high, to->high, 0, 1, seed + 5);
        make_amplification(&to->target[t].amplification[0], to->low,
                           1.31 - 0.19 * t);
        make_amplification(&to->target[t].amplification[1], to->high,
                           1.12 - 0.05 * t);
        to->target[t].mean_top_ranks = 0.71 - 0.05 * t;
        to->target[t].mean_top_seeds = 0.51 - 0.11 * t;
        to->target[t].mean_rho[0] = 1.25;
        to->target[t].mean_rho[1] = 1.08;
    }
    make_claims(to);
}

/* What it would say after that many steps, and how sure it would be. */
static void make_line(struct talk_line *to, const struct run_view *run,
                      bool is_curious)
{
    static const char *const said[] = {
        "SELECT age FROM people WHERE name = Tom",
        "SELECT city FROM people WHERE name = Tom",
        "SELECT city FROM people WHERE city = Rome AND age > 20 AND animal = "
        "a very old white cat of the neighbours"};
    int place = run->id < 2 ? run->id : 1 + run->id % 2;
    *to = (struct talk_line){.run = run->id, .ended = true};
    (void)snprintf(to->name, sizeof to->name, "%s", run->name);
    (void)snprintf(to->text, sizeof to->text, "%s", said[place]);
    to->exact = place == 1;
    to->nats = 0.02 + 0.5 * (place != 1);
    to->loss = run->validation_loss;
    to->forget_loss = is_curious ? 2.4 : NAN;
}

static void make_turned(struct study *study, struct talk_study *to)
{
    const struct talk_question *asked = &study->asked.talk;
    double *sigma = study_take(study, 8, sizeof *sigma);
    for (int i = 0; i < 8; i++)
        sigma[i] = 3.1 * exp(-0.4 * i);
    to->sigma = sigma;
    to->sigma_count = 8;
    to->turned = to->trained;
    to->turned.loss += 0.31;
    to->turned.nats += 0.7;
    to->turned.forget_loss -= 1.2;
    to->turned.exact = false;
    (void)snprintf(to->turned.text, sizeof to->turned.text,
                   "SELECT city FROM animals WHERE name = Tom");
    to->strengths = asked->wants_curve ? TALK_STRENGTHS : 0;
    for (int i = 0; i < to->strengths; i++) {
        to->strength[i] = 0.25 * i;
        to->task_loss[i] = 0.1 + 7 * pow(1.1 - to->strength[i], 2);
        to->forget_loss[i] = 0.7 + 2 * to->strength[i];
    }
}

static void make_talk(struct study *study, const struct snapshot *snapshot)
{
    struct talk_study *to = &study->talk;
    const struct talk_question *asked = &study->asked.talk;
    bool is_typed = asked->prompt[0];
    struct talk_line *line = study_take(study, SNAPSHOT_RUNS + 1, sizeof *line);
    (void)snprintf(to->prompt, sizeof to->prompt, "%s",
                   is_typed ? asked->prompt
                            : "table: people \u23ce columns: name, age, city, "
                              "animal \u23ce Q: in which city does Tom live? "
                              "\u23ce A:");
    if (!is_typed)
        (void)snprintf(to->wanted, sizeof to->wanted,
                       "SELECT city FROM people WHERE name = Tom");
    to->loss_examples = 16;
    to->forget_examples = 8;
    line[0] = (struct talk_line){.run = -1, .nats = 9.1, .loss = 7.5};
    (void)snprintf(line[0].name, sizeof line[0].name, "base");
    (void)snprintf(line[0].text, sizeof line[0].text, "Rome. Tom has a cat.");
    for (int r = 0; r < snapshot->run_count; r++)
        make_line(&line[r + 1], &snapshot->run[r], false);
    to->line = line;
    to->count = snapshot->run_count + 1;
    for (int i = 0; i < to->count && is_typed; i++)
        line[i].nats = NAN;
    to->is_looked_at = true;
    make_line(&to->trained, snapshot_run(snapshot, study->asked.a.run),
              asked->wants_curve);
    make_turned(study, to);
}

static void put(struct snapshot *snapshot, const struct study *study)
{
    study_release(snapshot->study[study->kind]);
    snapshot->study[study->kind] = study;
}

void fake_studies_answer(struct snapshot *snapshot, const struct ui *ui)
{
    static void (*const make[STUDY_KINDS])(struct study *,
                                           const struct snapshot *) = {
        [STUDY_OVERLAP] = make_overlap,
        [STUDY_BASE] = make_base,
        [STUDY_TWINS] = make_twins,
        [STUDY_SECTION7] = make_section7,
        [STUDY_TALK] = make_talk};
    struct question question = ui_question(ui, snapshot);
    const struct run_view *run = snapshot_run(snapshot, question.a.run);
    if (!question.is_asked || !run || run->step == 0)
        return;
    struct study *study = study_new(question.kind, &question);
    study->step = question.a.step >= 0 ? question.a.step : run->step;
    make[question.kind](study, snapshot);
    put(snapshot, study);
}

void fake_studies_refuse(struct snapshot *snapshot, const struct ui *ui,
                         const char *sentence)
{
    struct question question = ui_question(ui, snapshot);
    put(snapshot,
        study_refuse(study_new(question.kind, &question), "%s", sentence));
}

void fake_studies_fill(struct snapshot *snapshot)
{
    for (int page = 0; page < OVERLAP_PAGES; page++) {
        struct ui ui;
        ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
        ui.view = VIEW_OVERLAP;
        ui.page[VIEW_OVERLAP] = page;
        fake_studies_answer(snapshot, &ui);
    }
    struct ui ui;
    ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
    ui.view = VIEW_TALK;
    ui.page[VIEW_TALK] = PAGE_MICROSCOPE;
    fake_studies_answer(snapshot, &ui);
}

void fake_studies_release(struct snapshot *snapshot)
{
    for (int i = 0; i < STUDY_KINDS; i++) {
        study_release(snapshot->study[i]);
        snapshot->study[i] = NULL;
    }
}
