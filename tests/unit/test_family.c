/*
 * Families against an independent forward in double precision (stored by
 * tests/ref/families.py) and against real checkpoints; written back and read
 * again; written token by token through the cache; refused when damaged.
 */
#include "tests/unit/family_fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/io/safetensors.h"
#include "core/model/decode.h"
#include "core/model/parts.h"
#include "core/model/transformer.h"
#include "core/task/tokenizer.h"
#include "tests/near.h"
#include "tests/unit/scratch.h"
#include "tests/unit/torch_writer.h"

#define REFERENCE "tests/ref/families/"
#define MODELS    "../shared/data/models/"

enum { TOKENS = 256 };

static char *folder;

/* float32 through two layers, of values of order 1 to 10. */
static const double logit_tolerance = 2e-5;
/* What was asked of real checkpoints. */
static const double golden_tolerance = 1e-4;

static int read_ids(int32_t *to, const struct json *list)
{
    for (int i = 0; i < json_length(list); i++)
        to[i] = (int32_t)json_int(json_at(list, i), -1);
    return json_length(list);
}

/* (count, head width) of one text. */
static struct mat logits_of(const struct model *model, int32_t *ids,
                            const int32_t *types, int count)
{
    int32_t target[TOKENS];
    int start[] = {0, count};
    for (int t = 0; t < count; t++)
        target[t] = -1;
    struct batch batch = {.sequences = 1,
                          .tokens = count,
                          .start = start,
                          .id = ids,
                          .target = target,
                          .type = types};
    struct pass *pass = pass_new(model);
    struct mat logits = mat_new(count, conf_head_width(&model->conf));
    pass_logits(pass, &model->base, &batch, logits);
    pass_free(pass);
    return logits;
}

static const char *const stored[] = {
    "llama3",      "mistral",      "qwen2",          "qwen3",
    "bert_masked", "bert_classes", "roberta_masked", "roberta_classes"};
enum { STORED = sizeof stored / sizeof *stored };

static struct model *open_stored(int which)
{
    struct err err = {""};
    char path[512];
    (void)snprintf(path, sizeof path, REFERENCE "%s", stored[which]);
    struct model *model = model_open(path, &err);
    if (!model)
        fail_msg("%s", err.text);
    return model;
}

static void check_reference(const struct model *model, int which)
{
    struct err err = {""};
    char path[512];
    int32_t ids[TOKENS], types[TOKENS];
    (void)snprintf(path, sizeof path, REFERENCE "%s/reference.json",
                   stored[which]);
    struct json *reference = json_read(path, &err);
    assert_non_null(reference);
    int count = read_ids(ids, json_get(reference, "ids"));
    (void)read_ids(types, json_get(reference, "types"));
    const struct json *want = json_get(reference, "logits");
    struct mat got = logits_of(model, ids, types, count);
    assert_int_equal(json_length(want), count);
    for (int t = 0; t < count; t++) {
        const struct json *row = json_at(want, t);
        assert_int_equal(json_length(row), got.cols);
        for (int i = 0; i < got.cols; i++) {
            double w = json_number(json_at(row, i), NAN);
            double g = (double)mat_row(got, t)[i];
            if (!(fabs(g - w) <= logit_tolerance * (1 + fabs(w))))
                fail_msg("%s, token %d, logit %d: got %.9g, want %.9g",
                         stored[which], t, i, g, w);
        }
    }
    mat_free(&got);
    json_free(reference);
}

static void as_an_independent_forward(void **state)
{
    (void)state;
    for (int i = 0; i < STORED; i++) {
        struct model *model = open_stored(i);
        check_reference(model, i);
        model_free(model);
    }
}

/* In the family's own names: read again, every number is the same. */
static void saved_and_read_again(void **state)
{
    (void)state;
    struct err err = {""};
    for (int i = 0; i < STORED; i++) {
        struct model *model = open_stored(i);
        assert_int_equal(model_save(model, &model->base, folder, &err), 0);
        struct model *again = model_open(folder, &err);
        if (!again)
            fail_msg("%s: %s", stored[i], err.text);
        assert_int_equal(again->site_count, model->site_count);
        assert_int_equal(again->other_count, model->other_count);
        for (int s = 0; s < model->site_count; s++) {
            assert_string_equal(again->site[s].name, model->site[s].name);
            size_t size = (size_t)model->site[s].out *
                          (size_t)model->site[s].in * sizeof(float);
            assert_memory_equal(again->base.site[s].at, model->base.site[s].at,
                                size);
        }
        for (int o = 0; o < model->other_count; o++)
            assert_memory_equal(again->base.other[o], model->base.other[o],
                                sizeof(float) * (size_t)model->other[o].rows *
                                    (size_t)model->other[o].cols);
        check_reference(again, i);
        model_free(again);
        model_free(model);
    }
}

static void writes_through_the_cache(void **state)
{
    (void)state;
    enum { PROMPT = 4, WRITTEN = 16 };
    for (int which = 0; which < FAMILIES; which++) {
        struct err err = {""};
        struct model *model = family_model(which);
        if (model->conf.both_ways) {
            assert_int_equal(model_check_writes(model, &err), -1);
            assert_non_null(strstr(err.text, "both ways"));
            model_free(model);
            continue;
        }
        assert_int_equal(model_check_writes(model, &err), 0);
        int32_t ids[TOKENS] = {1, 7, 3, 9}, plain[TOKENS] = {1, 7, 3, 9};
        for (int t = PROMPT; t < PROMPT + WRITTEN; t++) {
            struct mat logits = logits_of(model, plain, NULL, t);
            const float *row = mat_row(logits, t - 1);
            int best = 0;
            for (int i = 1; i < logits.cols; i++)
                best = row[i] > row[best] ? i : best;
            plain[t] = best;
            mat_free(&logits);
        }
        struct decode_text text = {
            .ids = ids, .count = PROMPT, .room = PROMPT + WRITTEN};
        struct decode_conf conf = {.tokens = WRITTEN, .end = -1};
        struct decoder *decoder =
            decoder_new(model, &model->base, 1, PROMPT + WRITTEN, &err);
        decode(decoder, &text, 1, 0, &conf);
        assert_int_equal(text.count, PROMPT + WRITTEN);
        assert_memory_equal(ids, plain, sizeof(int32_t) * (size_t)text.count);
        decoder_free(decoder);
        model_free(model);
    }
}

/* ---- real checkpoints */

struct golden {
    struct model *model;
    struct json *json;
};

static struct golden open_golden(const char *name)
{
    struct golden golden;
    struct err err = {""};
    char path[512], file[1024];
    (void)snprintf(path, sizeof path, MODELS "%s", name);
    if (!file_exists(path)) {
        print_message("no %s: skipped\n", path);
        skip();
    }
    golden.model = model_open(path, &err);
    assert_string_equal(err.text, "");
    golden.json =
        json_read(file_join(file, sizeof file, path, "golden.json"), &err);
    assert_non_null(golden.json);
    return golden;
}

static void close_golden(struct golden *golden)
{
    json_free(golden->json);
    model_free(golden->model);
}

/* The stored logits are those that predict the last id. */
static void check_golden_logits(const struct golden *golden)
{
    int32_t ids[TOKENS];
    int count = read_ids(ids, json_get(golden->json, "ids"));
    const struct json *want = json_get(golden->json, "last_logits");
    struct batch batch = {0};
    struct example example = {ids, count, 1};
    batch_add(&batch, &example);
    struct pass *pass = pass_new(golden->model);
    struct score score = pass_score(pass, &golden->model->base, &batch);
    assert_near(score.loss / (double)score.targets,
                json_number(json_get(golden->json, "mean_nll_nats"), NAN),
                1e-5);
    struct mat logits = mat_new(batch.tokens, golden->model->conf.vocab);
    pass_logits(pass, &golden->model->base, &batch, logits);
    assert_int_equal(json_length(want), logits.cols);
    for (int i = 0; i < logits.cols; i++)
        assert_near((double)mat_row(logits, batch.tokens - 1)[i],
                    json_number(json_at(want, i), NAN), golden_tolerance);
    mat_free(&logits);
    batch_free(&batch);
    pass_free(pass);
}

static void check_greedy(const struct golden *golden, const char *key,
                         int prompt)
{
    int32_t want[TOKENS], got[TOKENS];
    struct err err = {""};
    int count = read_ids(want, json_get(golden->json, key));
    memcpy(got, want, sizeof(int32_t) * (size_t)prompt);
    struct decode_text text = {.ids = got, .count = prompt, .room = count};
    struct decode_conf conf = {.tokens = count - prompt, .end = -1};
    struct decoder *decoder =
        decoder_new(golden->model, &golden->model->base, 1, count, &err);
    decode(decoder, &text, 1, 0, &conf);
    assert_int_equal(text.count, count);
    assert_memory_equal(got, want, sizeof(int32_t) * (size_t)count);
    decoder_free(decoder);
}

static void reproduces_stories(void **state)
{
    (void)state;
    struct golden golden = open_golden("stories260K");
    assert_string_equal(golden.model->conf.family, "llama");
    check_golden_logits(&golden);
    check_greedy(&golden, "greedy_ids", 5);
    close_golden(&golden);
}

static void reproduces_microlm(void **state)
{
    (void)state;
    struct golden golden = open_golden("microlm");
    check_golden_logits(&golden);
    check_greedy(&golden, "greedy_from_the_night", 4);
    close_golden(&golden);
}

/* ---- the same weights as torch saves them */

/* Every parts-th tensor of a file, from the first on, as an archive. */
static void write_torch(const char *name, const struct safetensors *file,
                        int first, int parts)
{
    struct bytes *pickle = calloc(1, sizeof *pickle);
    struct archive *archive = calloc(1, sizeof *archive);
    assert_true(pickle && archive);
    pickle_begin(pickle);
    for (int i = first; i < safetensors_count(file); i += parts) {
        const struct tensor *tensor = safetensors_at(file, i);
        long shape[2] = {0, 1}, stride[2] = {1, 1};
        char key[16], entry[32];
        for (int k = 0; k < tensor->dims; k++)
            shape[k] = (long)tensor->shape[k];
        if (tensor->dims == 2)
            stride[0] = shape[1];
        (void)snprintf(key, sizeof key, "%d", i);
        (void)snprintf(entry, sizeof entry, "x/data/%d", i);
        pickle_shaped(pickle, tensor->name, key, 0, tensor->dims, shape, stride,
                      (long)tensor->count);
        archive_add(archive, entry, tensor->data, tensor->bytes);
    }
    pickle_end(pickle);
    archive_add(archive, "x/data.pkl", pickle->at, pickle->size);
    archive_end(archive);
    archive_write(archive, scratch_path(folder, name));
    free(pickle);
    free(archive);
}

static struct model *open_folder(void)
{
    struct err err = {""};
    struct model *model = model_open(folder, &err);
    if (!model)
        fail_msg("%s", err.text);
    return model;
}

/* The same weights, bit by bit; logits to rounding, for q, k and v are
 * multiplied at once where they lie side by side. */
static void assert_same_model(const struct model *a, const struct model *b)
{
    int32_t ids[] = {1, 4, 2, 9, 0}, types[] = {0, 0, 0, 0, 0};
    for (int i = 0; i < a->site_count; i++)
        assert_memory_equal(a->base.site[i].at, b->base.site[i].at,
                            sizeof(float) * (size_t)a->site[i].out *
                                (size_t)a->site[i].in);
    for (int i = 0; i < a->other_count; i++)
        assert_memory_equal(a->base.other[i], b->base.other[i],
                            sizeof(float) * (size_t)a->other[i].rows *
                                (size_t)a->other[i].cols);
    struct mat one = logits_of(a, ids, types, 5);
    struct mat two = logits_of(b, ids, types, 5);
    for (int i = 0; i < one.rows * one.cols; i++)
        assert_near(one.at[i], two.at[i], logit_tolerance);
    mat_free(&one);
    mat_free(&two);
}

/* An index of two archives, tensors by turns. */
static void write_torch_shards(const struct safetensors *file)
{
    static const char *const name[] = {"pytorch_model-1.bin",
                                       "pytorch_model-2.bin"};
    struct json *root = json_new_object(), *map = json_new_object();
    for (int i = 0; i < 2; i++)
        write_torch(name[i], file, i, 2);
    for (int i = 0; i < safetensors_count(file); i++)
        json_put_text(map, safetensors_at(file, i)->name, name[i % 2]);
    json_put(root, "weight_map", map);
    char *text = json_write(root);
    scratch_write(folder, "pytorch_model.bin.index.json", text);
    mem_free(text);
    json_free(root);
}

static void torchs_are_the_same(void **state)
{
    (void)state;
    struct err err = {""};
    for (int which = 0; which < FAMILIES; which++) {
        struct model *model = family_model(which);
        assert_int_equal(model_save(model, &model->base, folder, &err), 0);
        struct safetensors *file =
            safetensors_open(scratch_path(folder, "model.safetensors"), &err);
        assert_non_null(file);
        (void)unlink(scratch_path(folder, "model.safetensors"));
        write_torch_shards(file);
        struct model *sharded = open_folder();
        (void)unlink(scratch_path(folder, "pytorch_model.bin.index.json"));
        write_torch("pytorch_model.bin", file, 0, 1);
        struct model *whole = open_folder();
        assert_same_model(whole, model);
        assert_same_model(sharded, model);
        (void)unlink(scratch_path(folder, "pytorch_model.bin"));
        model_free(model);
        model_free(whole);
        model_free(sharded);
        safetensors_close(file);
    }
}

/* ---- damage: one sentence that says what is wrong */

/* A stored model with its config changed. */
static void copy_changed(int which, const char *from, const char *to)
{
    static const char *const file[] = {"config.json", "model.safetensors"};
    struct err err = {""};
    for (int i = 0; i < 2; i++) {
        char path[512], *text;
        size_t size;
        (void)snprintf(path, sizeof path, REFERENCE "%s/%s", stored[which],
                       file[i]);
        assert_int_equal(file_read(&text, &size, path, 1 << 20, &err), 0);
        char *at = i == 0 ? strstr(text, from) : NULL;
        char changed[4096];
        if (i == 0 && !at)
            fail_msg("no %s in %s", from, path);
        if (i == 0)
            size =
                (size_t)snprintf(changed, sizeof changed, "%.*s%s%s",
                                 (int)(at - text), text, to, at + strlen(from));
        assert_int_equal(file_write(scratch_path(folder, file[i]),
                                    i == 0 ? changed : text, size, &err),
                         0);
        mem_free(text);
    }
}

static void assert_refuses(const char *why)
{
    struct err err = {""};
    struct model *model = model_open(folder, &err);
    if (model || !strstr(err.text, why) || strchr(err.text, '\n'))
        fail_msg("wanted \"%s\", got: %s", why, err.text);
}

static void refuses_bad_configs(void **state)
{
    (void)state;
    enum { LLAMA3 = 0, BERT_CLASSES = 5 };
    static const struct {
        int which;
        const char *from, *to, *why;
    } table[] = {
        {LLAMA3, "{", "[", "config.json"},
        {LLAMA3, "\"model_type\"", "\"type\"", "model_type"},
        {LLAMA3, "\"hidden_size\": 16", "\"x\": 16", "hidden_size"},
        {LLAMA3, "\"hidden_size\": 16", "\"hidden_size\": \"16\"",
         "hidden_size"},
        {LLAMA3, "\"hidden_size\": 16", "\"hidden_size\": 24", "another shape"},
        {LLAMA3, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3",
         "layers.2."},
        {LLAMA3, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 2000",
         "layers 2000"},
        {LLAMA3, "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3",
         "not divisible"},
        {LLAMA3, "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 8",
         "key-value heads 8"},
        {LLAMA3, "\"vocab_size\": 24", "\"vocab_size\": 25",
         "embed_tokens.weight has another shape"},
        {LLAMA3, "\"silu\"", "\"relu6\"", "hidden_act"},
        {LLAMA3, "\"rope_type\": \"llama3\"", "\"rope_type\": \"yarn\"",
         "yarn"},
        {LLAMA3, "\"factor\": 8.0", "\"factor\": 0", "no slowing"},
        {LLAMA3, "500000.0", "-1", "rope_theta"},
        {LLAMA3, "\"llama\"", "\"mamba\"", "\"mamba\" is not supported"},
        {LLAMA3, "\"tie_word_embeddings\": false", "\"attention_bias\": true",
         "q_proj.bias is missing"},
        {BERT_CLASSES, "BertForSequenceClassification", "BertModel", "no head"},
        {BERT_CLASSES, "\"yes\"\n", "\"yes\", \"3\": \"x\"\n",
         "classifier.bias has another shape"},
        {BERT_CLASSES, "\"type_vocab_size\": 2", "\"type_vocab_size\": -1",
         "type_vocab_size"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        copy_changed(table[i].which, table[i].from, table[i].to);
        assert_refuses(table[i].why);
    }
    copy_changed(LLAMA3, "{", "{");
    (void)unlink(scratch_path(folder, "model.safetensors"));
    assert_refuses("model.safetensors");
}

static void refuses_bad_indices(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } table[] = {
        {"{}", "no weight_map"},
        {"{\"weight_map\": {}}", "names 0 files"},
        {"{\"weight_map\": {\"a\": 3}}", "no name of a file"},
        {"{\"weight_map\": {\"a\": \"../b\"}}", "no name of a file"},
        {"{\"weight_map\": {\"a\": \"gone.safetensors\"}}", "gone.safetensors"},
        {"{\"weight_map\": {\"a\": \"one.safetensors\"}}",
         "\"a\" is not in one"},
        {"{", "index.json"}};
    struct err err = {""};
    copy_changed(0, "{", "{");
    assert_int_equal(rename(scratch_path(folder, "model.safetensors"),
                            scratch_path(folder, "one.safetensors")),
                     0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        scratch_write(folder, "model.safetensors.index.json", table[i].text);
        assert_refuses(table[i].why);
    }
    /* The same name twice. */
    char *text;
    size_t size;
    assert_int_equal(file_read(&text, &size,
                               scratch_path(folder, "one.safetensors"), 1 << 20,
                               &err),
                     0);
    assert_int_equal(
        file_write(scratch_path(folder, "two.safetensors"), text, size, &err),
        0);
    scratch_write(folder, "model.safetensors.index.json",
                  "{\"weight_map\": {\"lm_head.weight\": "
                  "\"one.safetensors\", \"model.norm.weight\": "
                  "\"two.safetensors\"}}");
    assert_refuses("is in one.safetensors and in two.safetensors");
    mem_free(text);
    (void)unlink(scratch_path(folder, "model.safetensors.index.json"));
}

/* Of torch's file the sentence names the tensor and the file. */
static void refuses_bad_archives(void **state)
{
    (void)state;
    struct err err = {""};
    copy_changed(0, "{", "{");
    struct safetensors *file =
        safetensors_open(scratch_path(folder, "model.safetensors"), &err);
    assert_non_null(file);
    (void)unlink(scratch_path(folder, "model.safetensors"));
    write_torch("pytorch_model.bin", file, 0, 2);
    assert_refuses("pytorch_model.bin: tensor ");
    assert_refuses(" is missing");
    write_torch("pytorch_model.bin", file, 0, 1);
    copy_changed(0, "\"vocab_size\": 24", "\"vocab_size\": 25");
    (void)unlink(scratch_path(folder, "model.safetensors"));
    assert_refuses("pytorch_model.bin: tensor model.embed_tokens.weight has "
                   "another shape");
    scratch_write(folder, "pytorch_model.bin", "no archive");
    assert_refuses("pytorch_model.bin: ");
    (void)unlink(scratch_path(folder, "pytorch_model.bin"));
    safetensors_close(file);
}

/* What cannot be run can be looked at: every matrix by its own name. */
static void looks_at_the_unknown(void **state)
{
    (void)state;
    struct err err = {""};
    copy_changed(0, "\"llama\"", "\"mamba\"");
    assert_refuses("mamba");
    struct model *model = model_look(folder, &err), *known = open_stored(0);
    assert_non_null(model);
    /* 7 sites a layer, the head and the embedding */
    assert_int_equal(model->site_count, 2 * 7 + 2);
    assert_int_equal(model->other_count, 0);
    int q = model_site_find(model, "model.layers.1.self_attn.q_proj.weight");
    assert_true(q >= 0);
    assert_memory_equal(model->base.site[q].at, known->base.site[7].at,
                        16 * 16 * sizeof(float));
    assert_string_equal(model->origin[q].type_name, "F32");
    model_free(model);
    model_free(known);
    copy_changed(5, "BertForSequenceClassification", "BertModel");
    model = model_look(folder, &err);
    assert_non_null(model);
    model_free(model);
    scratch_write(folder, "config.json", "{}");
    (void)unlink(scratch_path(folder, "model.safetensors"));
    assert_null(model_look(folder, &err));
    assert_non_null(strstr(err.text, "model.safetensors"));
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_an_independent_forward),
        cmocka_unit_test(saved_and_read_again),
        cmocka_unit_test(writes_through_the_cache),
        cmocka_unit_test(reproduces_stories),
        cmocka_unit_test(reproduces_microlm),
        cmocka_unit_test(torchs_are_the_same),
        cmocka_unit_test(refuses_bad_configs),
        cmocka_unit_test(refuses_bad_indices),
        cmocka_unit_test(refuses_bad_archives),
        cmocka_unit_test(looks_at_the_unknown),
    };
    folder = scratch_make();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(folder);
    return failed;
}
