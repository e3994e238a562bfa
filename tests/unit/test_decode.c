/*
 * Greedy and sampled writing through the cache against writing without one;
 * limits; answers against teacher forcing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/model/answers.h"
#include "core/model/cache.h"
#include "core/task/tokenizer.h"
#include "tests/unit/decode_fixture.h"

static void check_writing(const struct model *model, const int32_t *prompt,
                          int count, struct decode_conf conf)
{
    int32_t want[ROOM];
    struct piece got;
    memcpy(want, prompt, (size_t)count * sizeof *prompt);
    int wanted = write_plainly(model, want, count, &conf);
    begin(&got, prompt, count, conf.tokens);
    write_alone(model, &got, &conf);
    assert_int_equal(got.text.count, wanted);
    assert_int_equal(got.text.prompt, count);
    assert_memory_equal(got.ids, want, (size_t)wanted * sizeof *want);
    assert_int_equal(got.text.ended, want[wanted - 1] == conf.end);
    struct pass *pass = pass_new(model);
    if (wanted <= model->conf.context)
        assert_near(got.text.nats,
                    forced_nats(pass, model, want, count, wanted),
                    nats_tolerance(wanted - count));
    pass_free(pass);
}

static void writes_as_without_a_cache(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 12; i++) {
        struct shape shape = {17, 12, GELU_TANH, i % 2};
        struct model *model = random_model(shape, 20 + i);
        int32_t prompt[16];
        random_ids(prompt, 16, 17, i);
        struct decode_conf conf = {.tokens = 30, .end = i % 3 ? -1 : 5};
        for (int round = 0; round < 3; round++) {
            conf.temperature = 0.6 * round;
            conf.seed = i;
            check_writing(model, prompt, 1 + (int)i, conf); /* slides */
        }
        check_writing(model, prompt, 16, conf); /* longer than the context */
        model_free(model);
    }
}

/* Prompts as users write them: a document begins, and a few words. */
static void bundled_writes_as_without_a_cache(void **state)
{
    (void)state;
    static const char *const words[] = {"Mia has a", "On Monday", "",
                                        "table: people\ncolumns: name, age\n"
                                        "Q: how old is Mia?\nA:"};
    struct err err = {""};
    struct model *model = open_bundled();
    struct tokenizer *tokenizer =
        tokenizer_open("assets/base/tokenizer.json", &err);
    assert_non_null(tokenizer);
    int end = tokenizer_end(tokenizer);
    for (int i = 0; i < 4; i++) {
        int32_t prompt[128] = {end};
        int count = 1 + tokenizer_encode(tokenizer, prompt + 1, 127, words[i],
                                         strlen(words[i]));
        struct decode_conf conf = {.tokens = 60, .end = end};
        check_writing(model, prompt, count, conf);
        conf.temperature = 0.8;
        for (conf.seed = 0; conf.seed < 3; conf.seed++)
            check_writing(model, prompt, count, conf);
    }
    /* Past the end of the context. */
    int32_t prompt[250];
    random_ids(prompt, 250, model->conf.vocab, 8);
    check_writing(model, prompt, 250,
                  (struct decode_conf){.tokens = 12, .end = -1});
    tokenizer_close(tokenizer);
    model_free(model);
}

/* Text k of many is what it would be alone; the lanes are fewer. */
static void together_as_alone(void **state)
{
    (void)state;
    enum { TEXTS = 7 };
    struct err err = {""};
    struct model *model = random_model((struct shape){17, 16, GELU_TANH, 1}, 6);
    struct decode_conf conf = {.tokens = 24, .end = -1};
    struct decoder *decoder = decoder_new(model, &model->base, 3, 40, &err);
    static struct piece piece[TEXTS], alone;
    struct decode_text text[TEXTS];
    for (int k = 0; k < TEXTS; k++) {
        int32_t prompt[16];
        random_ids(prompt, 16, 17, (uint64_t)k);
        begin(&piece[k], prompt, 1 + 2 * k, 24 - k % 3);
        text[k] = piece[k].text;
    }
    int ended = 0;
    for (int round = 0; round < 2; round++) { /* a decoder is used again */
        for (int k = 0; k < TEXTS; k++)
            text[k].count = 1 + 2 * k;
        decode(decoder, text, TEXTS, 0, &conf);
        if (round == 0) /* a token that some of them write */
            conf.end = piece[2].ids[5 + 4];
    }
    for (int k = 0; k < TEXTS; k++) {
        begin(&alone, piece[k].ids, 1 + 2 * k, 24 - k % 3);
        write_alone(model, &alone, &conf);
        assert_int_equal(text[k].count, alone.text.count);
        assert_memory_equal(piece[k].ids, alone.ids,
                            (size_t)text[k].count * sizeof *alone.ids);
        assert_near(text[k].nats, alone.text.nats, nats_tolerance(24));
        ended += text[k].ended;
    }
    assert_in_range(ended, 1, TEXTS - 1); /* or it would not have shown */
    decoder_free(decoder);
    model_free(model);
}

/* The second text of a batch draws from its own stream. */
static void texts_draw_apart(void **state)
{
    (void)state;
    struct err err = {""};
    struct model *model = random_model((struct shape){40, 32, GELU_TANH, 1}, 6);
    struct decode_conf conf = {.tokens = 20, .end = -1, .temperature = 2};
    struct decoder *decoder = decoder_new(model, &model->base, 2, 24, &err);
    static struct piece piece[2];
    const int32_t prompt[] = {1, 2, 3};
    begin(&piece[0], prompt, 3, 20);
    begin(&piece[1], prompt, 3, 20);
    struct decode_text text[] = {piece[0].text, piece[1].text};
    decode(decoder, text, 2, 0, &conf);
    int same = 0;
    for (int i = 3; i < 23; i++)
        same += piece[0].ids[i] == piece[1].ids[i];
    assert_true(same < 15);
    decoder_free(decoder);
    model_free(model);
}

/* ---- limits */

static bool repeats(const int32_t *ids, int count, int n)
{
    for (int i = 0; i + n <= count; i++)
        for (int j = i + 1; j + n <= count; j++)
            if (memcmp(ids + i, ids + j, (size_t)n * sizeof *ids) == 0)
                return true;
    return false;
}

static void no_ngram_twice(void **state)
{
    (void)state;
    int without = 0;
    for (uint64_t i = 0; i < 8; i++) {
        struct model *model =
            random_model((struct shape){9, 32, GELU_TANH, 1}, 60 + i);
        int32_t prompt[] = {1, 2, 1, 2};
        for (int beam = 1; beam <= 3; beam += 2)
            for (int n = 1; n <= 4; n++) {
                struct decode_conf conf = {
                    .tokens = 25, .end = -1, .beam = beam, .no_repeat = n};
                struct piece p;
                begin(&p, prompt, 4, 25);
                write_alone(model, &p, &conf);
                int written = p.text.count - 4;
                assert_false(repeats(p.ids + 4, written, n));
                /* Nine tokens once each, then nothing may follow. */
                if (n == 1)
                    assert_int_equal(written, 9);
                else
                    assert_in_range(written, 10, 25);
                conf.no_repeat = 0;
                begin(&p, prompt, 4, 25);
                write_alone(model, &p, &conf);
                without += repeats(p.ids + 4, 25, n);
            }
        model_free(model);
    }
    assert_true(without > 32); /* the rule changed something */
}

static void room_and_memory_end_it(void **state)
{
    (void)state;
    struct err err = {""};
    struct model *model = random_model((struct shape){9, 16, GELU_TANH, 1}, 1);
    struct decode_conf conf = {.tokens = 10, .end = -1};
    const int32_t prompt[] = {1, 2, 3};
    for (int beam = 1; beam <= 2; beam++) {
        struct piece p;
        conf.beam = beam;
        begin(&p, prompt, 3, 4); /* room for four */
        write_alone(model, &p, &conf);
        assert_int_equal(p.text.count, 7);
        begin(&p, prompt, 3, 0);
        write_alone(model, &p, &conf);
        assert_int_equal(p.text.count, 3);
        assert_near(p.text.nats, 0, 0);
    }
    assert_null(decoder_new(model, &model->base, 2000000000, 16, &err));
    assert_non_null(strstr(err.text, "narrower beam"));
    /* 2 layers, k and v, 12 numbers, 16 positions, 3 lanes */
    assert_int_equal(cache_bytes(model, 3, 16), 2 * 2 * 12 * 16 * 3 * 4);
    assert_true(decoder_bytes(model, 3, 1000) > cache_bytes(model, 3, 16));
    assert_int_equal(decoder_bytes(model, 3, 1000),
                     decoder_bytes(model, 3, 16));
    model_free(model);
}

/* ---- answers to a task */

/* Two dozen examples whose answers are what the model writes, but for every
 * third, which has one token changed. */
enum { EXAMPLES = 24, ASK = 4, WRITE = 6, END = 3 };

struct sheet {
    int32_t ids[EXAMPLES][16];
    int count[EXAMPLES];
};

static void from_sheet(const struct task *task, struct example *to,
                       enum split split, uint64_t index)
{
    const struct sheet *sheet = task->state;
    assert_int_equal(split, SPLIT_VALIDATION);
    memcpy(to->ids, sheet->ids[index], sizeof sheet->ids[index]);
    to->count = sheet->count[index];
    to->answer = ASK;
}

static void fill(struct sheet *sheet, const struct model *model)
{
    struct decode_conf conf = {.tokens = WRITE, .end = END};
    for (int i = 0; i < EXAMPLES; i++) {
        int32_t *ids = sheet->ids[i];
        random_ids(ids, ASK, model->conf.vocab, 50 + (uint64_t)i);
        sheet->count[i] = write_plainly(model, ids, ASK, &conf);
        int at = ASK + i % (sheet->count[i] - ASK);
        if (i % 3 == 2)
            ids[at] = (ids[at] + 1) % model->conf.vocab;
    }
}

struct heard {
    int count, exact;
    double nats;
};

static void hear(void *ctx, const struct answer *answer)
{
    struct heard *heard = ctx;
    assert_int_equal(answer->index, heard->count++);
    assert_int_equal(answer->example->answer, ASK);
    heard->exact += answer->exact;
    heard->nats += answer->nats;
}

/* Greedy answers are right exactly where teacher forcing says so. */
static void answers_agree_with_teacher_forcing(void **state)
{
    (void)state;
    struct err err = {""};
    struct model *model = random_model((struct shape){17, 12, GELU_TANH, 1}, 9);
    struct sheet sheet;
    fill(&sheet, model);
    struct task_ops ops = {.name = "sheet", .example = from_sheet};
    struct task task = {&ops, {.context = 12}, &sheet};
    struct batch batch = {0};
    task_validation(&task, &batch, EXAMPLES);
    struct pass *pass = pass_new(model);
    struct score score = pass_score(pass, &model->base, &batch);
    struct decoder *decoder = decoder_new(model, &model->base, 5, 12, &err);
    for (int beam = 1; beam <= 4; beam += 3) {
        struct heard heard = {0, 0, 0};
        struct decode_conf conf = {.tokens = 12, .end = END, .beam = beam};
        answers_write(decoder, &task, 0, EXAMPLES, &conf,
                      (struct judge){&heard, hear});
        assert_int_equal(heard.count, EXAMPLES);
        if (beam == 1)
            assert_int_equal(heard.exact, score.exact);
        /* Cut off after one token, most are not. */
        conf.tokens = 1;
        heard = (struct heard){0, 0, 0};
        answers_write(decoder, &task, 0, EXAMPLES, &conf,
                      (struct judge){&heard, hear});
        assert_true(heard.exact < score.exact);
    }
    assert_int_equal(score.exact, EXAMPLES - EXAMPLES / 3);
    decoder_free(decoder);
    pass_free(pass);
    batch_free(&batch);
    model_free(model);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_as_without_a_cache),
        cmocka_unit_test(bundled_writes_as_without_a_cache),
        cmocka_unit_test(together_as_alone),
        cmocka_unit_test(texts_draw_apart),
        cmocka_unit_test(no_ngram_twice),
        cmocka_unit_test(room_and_memory_end_it),
        cmocka_unit_test(answers_agree_with_teacher_forcing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
