/*
 * Where the rows of the prefix methods stand: against a plain model that has
 * them in its own tables, and in what decode() writes.
 */
#include <math.h>
#include <string.h>

#include "core/base/vecmath.h"
#include "core/method/layout.h"
#include "core/model/decode.h"
#include "tests/unit/insert_fixture.h"

/* The rows that prefix_layer begins with are those that the base would have
 * made of prefix_embed's; infix rows would have seen the prompt too. */
static void prefix_layer_starts_as_prefix_embed(void **state)
{
    (void)state;
    struct model *model = loud_model();
    struct batch batch = batch_of(model, 5, 0);
    struct pass *pass = pass_new(model);
    struct method_conf one = conf_of(2), other = conf_of(3);
    one.infix = other.infix = 0;
    struct method *embed = small_method(model, &one);
    struct method *layer = small_method(model, &other);
    double want = nats(pass, embed, &batch);
    assert_near(nats(pass, layer, &batch), want, 1e-5 * want); /* float32 */
    small_stir(embed, 0.3, 20);
    assert_true(fabs(nats(pass, embed, &batch) - want) > 1e-2);
    method_free(embed);
    method_free(layer);
    pass_free(pass);
    batch_free(&batch);
    model_free(model);
}

/*
 * The same model with the rows in tables of its own: ids behind the
 * vocabulary whose embeddings are the prefix's, in a position table that is
 * zero where they stand and goes on as if they did not.
 */
struct oracle {
    struct model *model;
    const struct method *method;
    int32_t id[16];
    int at[16]; /* row of each real token's prediction */
    int tokens;
};

enum { PROMPT = 4, REAL = 8, ROWS = 5 };

static void copy_all(struct model *to, const struct model *from)
{
    for (int i = 0; i < from->site_count - 1; i++)
        mat_copy(to->base.site[i], from->base.site[i]);
    for (int i = OTHER_AT_POSITION + 1; i < from->other_count; i++)
        memcpy((float *)to->base.other[i], from->base.other[i],
               sizeof(float) * (size_t)from->other[i].cols);
}

static void add_token(struct oracle *o, int32_t id, const float *embedding,
                      const float *position)
{
    size_t d = (size_t)o->model->conf.width, t = (size_t)o->tokens;
    float *embed = (float *)o->model->base.other[OTHER_AT_EMBED];
    float *table = (float *)o->model->base.other[OTHER_AT_POSITION];
    memcpy(embed + (size_t)id * d, embedding, d * sizeof *embed);
    for (size_t j = 0; j < d; j++)
        table[t * d + j] = position ? position[j] : 0;
    o->id[o->tokens++] = id;
}

static void add_rows(struct oracle *o, int from, int count)
{
    int vocab = o->method->model->conf.vocab;
    struct mat table = layout_mat(&o->method->param[0], o->method->value);
    for (int i = from; i < from + count; i++)
        add_token(o, vocab + i, mat_row(table, i), NULL);
}

static struct oracle oracle_of(const struct method *method,
                               const struct batch *batch, int prefix, int infix)
{
    struct err err = {""};
    const struct model *model = method->model;
    size_t d = (size_t)model->conf.width;
    struct model_conf conf = model->conf;
    conf.vocab += ROWS;
    conf.context += ROWS;
    struct oracle o = {.model = model_new(&conf, &err), .method = method};
    model_init(o.model, 1);
    copy_all(o.model, model);
    memcpy((float *)o.model->base.other[OTHER_AT_EMBED],
           model->base.other[OTHER_AT_EMBED],
           sizeof(float) * (size_t)model->conf.vocab * d);
    add_rows(&o, 0, prefix);
    for (int t = 0; t < batch->tokens; t++) {
        size_t id = (size_t)batch->id[t];
        add_token(&o, batch->id[t], model->base.other[OTHER_AT_EMBED] + id * d,
                  model->base.other[OTHER_AT_POSITION] + (size_t)t * d);
        if (t + 1 == PROMPT)
            add_rows(&o, prefix, infix);
        o.at[t] = o.tokens - 1;
    }
    return o;
}

/* prefix_layer, written down again: after each layer but the last the rows of
 * such ids are what the method's table says. */
static void replace(void *ctx, int layer, enum insert_place place, struct mat y,
                    const struct batch *slice, float *kept)
{
    (void)place;
    (void)kept;
    const struct oracle *o = ctx;
    int vocab = o->method->model->conf.vocab;
    if (layer + 1 >= o->method->model->conf.layers)
        return;
    struct mat table =
        layout_mat(&o->method->param[layer + 1], o->method->value);
    for (int t = 0; t < slice->tokens; t++)
        if (slice->id[t] >= vocab)
            memcpy(mat_row(y, t), mat_row(table, slice->id[t] - vocab),
                   sizeof(float) * (size_t)y.cols);
}

static struct mat oracle_logits(struct oracle *o, bool layers)
{
    int32_t target[16];
    int start[2] = {0, o->tokens}, prompt = o->tokens;
    for (int t = 0; t < o->tokens; t++)
        target[t] = -1;
    struct batch batch = {.sequences = 1,
                          .tokens = o->tokens,
                          .start = start,
                          .id = o->id,
                          .target = target,
                          .prompt = &prompt};
    struct insert insert = {.ctx = o, .forward = replace};
    insert.shape.at[INSERT_LAYER] = layers;
    struct pass *pass = pass_new(o->model);
    struct mat logits = mat_new(o->tokens, o->model->conf.vocab);
    pass_insert(pass, insert);
    pass_logits(pass, &o->model->base, &batch, logits);
    pass_free(pass);
    return logits;
}

/* Two ways to the same logits of order 10, in float32. */
static const double logit_tolerance = 1e-4;

static void rows_are_as_tokens_without_a_position(void **state)
{
    (void)state;
    struct model *model = loud_model();
    int32_t ids[REAL + 1] = {3, 1, 4, 1, 5, 9, 2, 6, 5};
    struct example example = {ids, REAL + 1, PROMPT};
    struct batch batch = {0};
    batch_add(&batch, &example);
    assert_int_equal(batch.tokens, model->conf.context); /* it may be full */
    for (int i = 0; i < 6; i++) {
        struct method_conf conf = conf_of(2 + i % 2);
        conf.prefix = i / 2 == 1 ? 0 : 3;
        conf.infix = i / 2 == 0 ? 0 : 2;
        struct method *method = small_method(model, &conf);
        small_stir(method, 0.3, 20);
        struct oracle o = oracle_of(method, &batch, conf.prefix, conf.infix);
        struct mat want = oracle_logits(&o, i % 2);
        struct mat got = mat_new(REAL, model->conf.vocab);
        struct pass *pass = pass_new(model);
        pass_insert(pass, method_insert(method));
        pass_logits(pass, &model->base, &batch, got);
        for (int t = 0; t < REAL; t++)
            for (int j = 0; j < model->conf.vocab; j++)
                assert_near(mat_row(got, t)[j], mat_row(want, o.at[t])[j],
                            logit_tolerance);
        pass_free(pass);
        mat_free(&got);
        mat_free(&want);
        model_free(o.model);
        method_free(method);
    }
    batch_free(&batch);
    model_free(model);
}

/* Six tokens behind three, by a beam of so many. */
static struct decode_text written(const struct model *model, int32_t *ids,
                                  struct insert insert, int beam)
{
    struct err err = {""};
    struct decode_conf conf = {.tokens = 6, .end = -1, .beam = beam};
    struct decode_text text = {.ids = ids, .count = 3, .room = 9};
    struct decoder *decoder =
        decoder_new(model, &model->base, decode_lanes(&conf, 1), 9, &err);
    assert_non_null(decoder);
    assert_int_equal(decoder_insert(decoder, insert, &err), 0);
    decode(decoder, &text, 1, 0, &conf);
    decoder_free(decoder);
    assert_int_equal(text.count, 9);
    return text;
}

/* Greedy decoding writes what scoring calls exact, with everything in its
 * place while the answer grows behind the cache; a beam's nats are what
 * scoring says of its text. */
static void writing_and_scoring_agree(void **state)
{
    (void)state;
    struct model *model = loud_model();
    for (int i = 0; i < 2 * INSERTING; i++) {
        struct method_conf conf = conf_of(i / 2);
        struct method *method = small_method(model, &conf);
        struct pass *pass = pass_new(model);
        int32_t ids[9] = {7, 3, 5}, plain[9] = {7, 3, 5};
        small_stir(method, 0.3, 20);
        struct insert insert = method_insert(method);
        struct decode_text text = written(model, ids, insert, 1 + i % 2 * 2);
        struct batch batch = {0};
        struct example example = {ids, 9, 3};
        batch_add(&batch, &example);
        pass_insert(pass, insert);
        struct score score = pass_score(pass, &model->base, &batch);
        assert_true(score.exact == 1 || i % 2);
        assert_near(text.nats, score.loss, 1e-4); /* of six float32 logs */
        (void)written(model, plain, (struct insert){0}, 1);
        assert_true(memcmp(plain, ids, sizeof ids) != 0);
        batch_free(&batch);
        pass_free(pass);
        method_free(method);
    }
    model_free(model);
}

/* -log p of ids[at], read in one go behind its window's share of a prompt. */
static double alone(const struct method *method, int32_t *ids, int at,
                    int prompt)
{
    const struct model *model = method->model;
    int from = at > model->conf.context ? at - model->conf.context : 0;
    struct batch batch = {0};
    struct example example = {ids + from, at - from + 1,
                              prompt > from ? prompt - from : 1};
    batch_add(&batch, &example);
    struct pass *pass = pass_new(model);
    struct mat logits = mat_new(batch.tokens, model->conf.vocab);
    pass_insert(pass, method_insert(method));
    pass_logits(pass, &model->base, &batch, logits);
    float *row = mat_row(logits, batch.tokens - 1);
    double logit = (double)row[ids[at]];
    double nats = (double)vec_softmax(row, (size_t)model->conf.vocab) - logit;
    mat_free(&logits);
    pass_free(pass);
    batch_free(&batch);
    return nats;
}

/* A full context slides, and the prompt with it. */
static void windows_slide_with_their_rows(void **state)
{
    (void)state;
    enum { PROMPTED = 4, ALL = 14 };
    struct model *model = loud_model();
    for (int which = 0; which < INSERTING; which++) {
        struct err err = {""};
        struct method_conf conf = conf_of(which);
        struct method *method = small_method(model, &conf);
        small_stir(method, 0.3, 20);
        int32_t ids[ALL] = {7, 3, 5, 2};
        struct decode_conf decode_conf = {.tokens = ALL, .end = -1};
        struct decode_text text = {.ids = ids, .count = PROMPTED, .room = ALL};
        struct decoder *decoder =
            decoder_new(model, &model->base, 1, ALL, &err);
        assert_int_equal(decoder_insert(decoder, method_insert(method), &err),
                         0);
        decode(decoder, &text, 1, 0, &decode_conf);
        decoder_free(decoder);
        double want = 0;
        for (int at = PROMPTED; at < ALL; at++)
            want += alone(method, ids, at, PROMPTED);
        assert_near(text.nats, want, 1e-4); /* of ten float32 logs */
        method_free(method);
    }
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefix_layer_starts_as_prefix_embed),
        cmocka_unit_test(rows_are_as_tokens_without_a_position),
        cmocka_unit_test(writing_and_scoring_agree),
        cmocka_unit_test(windows_slide_with_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
