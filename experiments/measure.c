/*
 * Evaluations and the rows of metrics.tsv.
 *
 * A run whose weights are still the base's has the base's score: it is
 * computed once, and the weights are compared, not assumed.
 */
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/session_private.h"

void measure_write(struct lane *lane, const struct reading *reading)
{
    char text[6][32];
    lane_take(lane, reading);
    rows_add(&lane->metrics, "%d\t%ld\t%s\t%s\t%s\t%s\t%s\t%s\n",
             reading->branch, reading->step,
             rows_number(text[0], reading->train_loss),
             rows_number(text[1], reading->lr),
             rows_number(text[2], reading->grad_norm),
             rows_number(text[3], reading->validation_loss),
             rows_number(text[4], reading->metric),
             rows_number(text[5], reading->forget_loss));
}

static void take_score(struct session *session, const struct lane *lane,
                       struct reading *to, bool forget)
{
    struct score score = run_score(lane->run);
    double loss = score.targets ? score.loss / (double)score.targets : NAN;
    if (forget) {
        to->forget_loss = loss;
        return;
    }
    to->validation_loss = loss;
    if (session->task->ops->metric && score.sequences > 0)
        to->metric = (double)score.exact / (double)score.sequences;
}

static void measure_wave(struct session *session, struct lane *const *lanes,
                         struct reading *to, int count, bool forget)
{
    const struct batch *batch =
        forget ? &session->forget : &session->validation;
    if (batch->targets == 0)
        return;
    for (int i = 0; i < count; i++)
        run_post_evaluate(lanes[i]->run, session->team, batch);
    team_wait(session->team);
    for (int i = 0; i < count; i++)
        take_score(session, lanes[i], &to[i], forget);
}

void measure_lanes(struct session *session, struct lane *const *lanes,
                   struct reading *to, int count)
{
    measure_wave(session, lanes, to, count, false);
    measure_wave(session, lanes, to, count, true);
}

void measure_lane(struct session *session, struct lane *lane,
                  struct reading *to, bool forget)
{
    measure_wave(session, &lane, to, 1, false);
    if (forget)
        measure_wave(session, &lane, to, 1, true);
}

static bool same_floats(const float *a, const float *b, size_t count)
{
    if (a == b)
        return true;
    for (size_t i = 0; i < count; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* Are these weights the base's, number by number? */
static bool is_base(const struct model *model, const struct weights *weights)
{
    for (int i = 0; i < model->site_count; i++) {
        struct mat w = weights->site[i], w0 = model->base.site[i];
        for (int row = 0; row < w.rows; row++)
            if (!same_floats(mat_row(w, row), mat_row(w0, row), (size_t)w.cols))
                return false;
    }
    for (int i = 0; i < model->other_count; i++) {
        const struct other *other = &model->other[i];
        size_t count = (size_t)other->rows * (size_t)other->cols;
        if (!same_floats(weights->other[i], model->base.other[i], count))
            return false;
    }
    return true;
}

static void begin_lane(struct session *session, struct lane *lane)
{
    struct reading reading = reading_unknown(lane);
    /* What is inserted beside W may change a lot where W is the base's. */
    bool base = !run_method(lane->run)->ops->insert_forward &&
                is_base(session->model, run_weights(lane->run));
    if (base && session->base_known) {
        reading.validation_loss = session->base.validation_loss;
        reading.metric = session->base.metric;
        reading.forget_loss = session->base.forget_loss;
    } else {
        measure_lane(session, lane, &reading, true);
    }
    if (base && !session->base_known) {
        session->base = reading;
        session->base_known = true;
    }
    lane->begun = true;
    measure_write(lane, &reading);
    if (!isfinite(reading.validation_loss) && session->validation.targets > 0)
        lane_diverge(session, lane, "the validation loss is not finite");
}

void measure_begin(struct session *session)
{
    for (int i = 0; i < session->lane_count; i++) {
        struct lane *lane = session->lane[i];
        if (!lane->begun && !lane->removed)
            begin_lane(session, lane);
    }
}
