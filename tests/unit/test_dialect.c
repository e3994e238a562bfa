/*
 * The same update in every dialect: names, which way factors lie, and where
 * the scale is; sources that disagree are named; what is no LoRA is refused by
 * what it is.
 */
#include "core/base/linalg.h"
#include "core/io/adapter_file.h"
#include "core/io/file.h"
#include "tests/near.h"
#include "tests/unit/scratch.h"
#include "tests/unit/small.h"

enum { OUT = 5, IN = 7, RANK = 2 };

/* A product of two floats of order 1, read without any rounding. */
static const double as_read = 1e-6;

static char *folder;
static struct mat a, b, at, bt; /* (r, in), (out, r), and turned */
static const float two = 2, four = 4;

static int set_up(void **state)
{
    (void)state;
    folder = scratch_make();
    a = small_mat(RANK, IN, 1, 1);
    b = small_mat(OUT, RANK, 1, 2);
    at = mat_new(IN, RANK);
    bt = mat_new(RANK, OUT);
    mat_transpose(at, a);
    mat_transpose(bt, b);
    return folder ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    mat_free(&a);
    mat_free(&b);
    mat_free(&at);
    mat_free(&bt);
    return 0;
}

struct piece {
    const char *name;
    int rows, cols; /* rows -1: a vector */
    const float *data;
};

/* Pieces until a name of NULL; config and metadata alpha may be NULL. */
static const char *write_file(const struct piece *piece, const char *config,
                              const char *meta, const char *value)
{
    struct err err = {""};
    const char *path = scratch_path(folder, "x.safetensors");
    struct safetensors_out *out = safetensors_out_new();
    if (meta)
        safetensors_out_meta(out, meta, value);
    for (; piece->name; piece++)
        safetensors_out_add(out, piece->name, piece->rows, piece->cols,
                            piece->data);
    assert_int_equal(safetensors_out_commit(out, path, &err), 0);
    (void)unlink(scratch_path(folder, "adapter_config.json"));
    if (config)
        scratch_write(folder, "adapter_config.json", config);
    return path;
}

static struct adapter_file *opened(const char *path)
{
    struct err err = {""};
    struct adapter_file *file = adapter_file_open(path, &err);
    assert_string_equal(err.text, "");
    assert_non_null(file);
    return file;
}

static void refused(const char *path, const char *words)
{
    struct err err = {""};
    assert_null(adapter_file_open(path, &err));
    if (!strstr(err.text, words))
        print_error("said: %s\n", err.text);
    assert_non_null(strstr(err.text, words));
    assert_null(strchr(err.text, '\n'));
}

/* bt^T a of a pair is B A, entry by entry. */
static void check_product(const struct file_pair *pair)
{
    struct err err = {""};
    struct mat got_bt, got_a;
    assert_int_equal(pair->rank, RANK);
    assert_int_equal(pair->out, OUT);
    assert_int_equal(pair->in, IN);
    assert_int_equal(adapter_file_read(&got_bt, &got_a, pair, &err), 0);
    for (int i = 0; i < OUT; i++)
        for (int j = 0; j < IN; j++) {
            double got = 0, want = 0;
            for (int k = 0; k < RANK; k++) {
                got += (double)mat_row(got_bt, k)[i] *
                       (double)mat_row(got_a, k)[j];
                want += (double)mat_row(b, i)[k] * (double)mat_row(a, k)[j];
            }
            assert_near(got, want, as_read);
        }
    mat_free(&got_bt);
    mat_free(&got_a);
}

#define FACTORS(name_a, name_b)                                                \
    {name_a, RANK, IN, a.at},                                                  \
    {                                                                          \
        name_b, OUT, RANK, b.at                                                \
    }
#define TURNED(name_a, name_b)                                                 \
    {name_a, IN, RANK, at.at},                                                 \
    {                                                                          \
        name_b, RANK, OUT, bt.at                                               \
    }

#define PEFT   "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4"
#define MLX    "{\"lora_parameters\": {\"rank\": 2, \"scale\": 10"
#define PREFIX "base_model.model."

static void each_dialect_is_the_same_update(void **state)
{
    (void)state;
    const struct {
        const char *dialect, *name;
        struct piece piece[5];
        const char *config, *meta, *value;
        double scale;
        const char *from, *warning;
    } want[] = {
        {"PEFT",
         "m.q",
         {FACTORS(PREFIX "m.q.lora_A.weight", PREFIX "m.q.lora_B.weight")},
         PEFT "}",
         NULL,
         NULL,
         2,
         "adapter_config.json: lora_alpha 4 / r 2",
         ""},
        {"PEFT",
         "m.q",
         {FACTORS(PREFIX PREFIX "m.q.lora_A.default.weight",
                  PREFIX PREFIX "m.q.lora_B.default.weight")},
         PEFT ", \"use_rslora\": true}",
         NULL,
         NULL,
         4 / sqrt(2),
         "lora_alpha 4 / sqrt(r 2)",
         ""},
        {"PEFT",
         "m.q[style]",
         {FACTORS("m.q.lora_A.style.weight", "m.q.lora_B.style.weight")},
         PEFT "}",
         NULL,
         NULL,
         2,
         "lora_alpha",
         ""},
        {"PEFT",
         "h.1.c_attn",
         {FACTORS(PREFIX "transformer.h.1.c_attn.lora_A.weight",
                  PREFIX "transformer.h.1.c_attn.lora_B.weight")},
         PEFT ", \"alpha_pattern\": {\"h.1.c_attn\": 6}, "
              "\"rank_pattern\": {\"transformer.h.1.c_attn\": 2}}",
         NULL,
         NULL,
         3,
         "alpha_pattern 6 / r 2",
         ""},
        {"PEFT",
         "m.q",
         {FACTORS("m.q.lora_A.weight", "m.q.lora_B.weight")},
         "{\"peft_type\": \"LORA\", \"r\": 8, \"lora_alpha\": 8}",
         NULL,
         NULL,
         4,
         "lora_alpha 8 / r 2",
         "the config says r 8, the tensors have 2"},
        {"PEFT",
         "unet.q",
         {FACTORS("unet.q.lora_A.weight", "unet.q.lora_B.weight")},
         NULL,
         "lora_adapter_metadata",
         "{\"unet.lora_alpha\": 6}",
         3,
         "metadata: lora_alpha 6 / r 2",
         ""},
        {"kohya",
         "lora_unet_q",
         {FACTORS("lora_unet_q.lora_down.weight", "lora_unet_q.lora_up.weight"),
          {"lora_unet_q.alpha", -1, 1, &four}},
         NULL,
         "ss_network_alpha",
         "4",
         2,
         "tensor: alpha 4 / r 2",
         ""},
        {"kohya",
         "lora_unet_q",
         {FACTORS("lora_unet_q.lora_down.weight", "lora_unet_q.lora_up.weight"),
          {"lora_unet_q.alpha", -1, 1, &four}},
         NULL,
         "ss_network_alpha",
         "1.0",
         2,
         "tensor: alpha 4 / r 2",
         "its own tensor says alpha 4, but metadata: ss_network_alpha 1"},
        {"kohya",
         "lora_unet_q",
         {FACTORS("lora_unet_q.lora_down.weight",
                  "lora_unet_q.lora_up.weight")},
         NULL,
         "ss_network_alpha",
         "1.0",
         0.5,
         "metadata: ss_network_alpha 1 / r 2",
         ""},
        {"kohya",
         "lora_unet_q",
         {FACTORS("lora_unet_q.lora_down.weight",
                  "lora_unet_q.lora_up.weight")},
         NULL,
         "ss_network_alpha",
         "Dynamic",
         1,
         "default: nothing says alpha",
         ""},
        {"diffusers",
         "unet.attn.processor.to_q",
         {FACTORS("unet.attn.processor.to_q_lora.down.weight",
                  "unet.attn.processor.to_q_lora.up.weight")},
         NULL,
         NULL,
         NULL,
         1,
         "default: nothing says alpha",
         ""},
        {"diffusers",
         "unet.to_q",
         {FACTORS("unet.to_q.lora.down.weight", "unet.to_q.lora.up.weight"),
          {"unet.to_q.alpha", -1, 1, &two}},
         NULL,
         NULL,
         NULL,
         1,
         "tensor: alpha 2 / r 2",
         ""},
        {"loralib",
         "h.0.q",
         {FACTORS("transformer.h.0.q.lora_A", "transformer.h.0.q.lora_B")},
         NULL,
         NULL,
         NULL,
         1,
         "default: nothing says alpha",
         ""},
        {"MLX",
         "model.layers.0.q_proj",
         {TURNED("model.layers.0.q_proj.lora_a",
                 "model.layers.0.q_proj.lora_b")},
         MLX "}}",
         NULL,
         NULL,
         10,
         "lora_parameters scale 10",
         ""},
        {"MLX",
         "model.layers.0.q_proj",
         {TURNED("model.layers.0.q_proj.lora_a",
                 "model.layers.0.q_proj.lora_b")},
         MLX ", \"alpha\": 4}}",
         NULL,
         NULL,
         10,
         "lora_parameters scale 10",
         "also says alpha 4, which would be s = 2"},
        {"cloneofsimo",
         "unet:7",
         {FACTORS("unet:7:down", "unet:7:up")},
         NULL,
         NULL,
         NULL,
         1,
         "no alpha: s = 1",
         ""},
        {"cloneofsimo",
         "3",
         {FACTORS("7", "6")},
         NULL,
         NULL,
         NULL,
         1,
         "no alpha: s = 1",
         ""},
        {"SAM",
         "blocks.1.attn.v",
         {FACTORS("w_a_003", "w_b_003")},
         NULL,
         NULL,
         NULL,
         1,
         "no alpha: s = 1",
         ""},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct adapter_file *file = opened(write_file(
            want[i].piece, want[i].config, want[i].meta, want[i].value));
        const struct file_pair *pair = adapter_file_at(file, 0);
        assert_string_equal(adapter_file_dialect(file), want[i].dialect);
        assert_int_equal(adapter_file_count(file), 1);
        assert_int_equal(adapter_file_rest(file), 0);
        assert_string_equal(pair->name, want[i].name);
        assert_near(pair->scale.scale, want[i].scale, 1e-15);
        assert_non_null(strstr(pair->scale.from, want[i].from));
        if (want[i].warning[0])
            assert_non_null(strstr(pair->scale.warning, want[i].warning));
        else
            assert_string_equal(pair->scale.warning, "");
        check_product(pair);
        adapter_file_close(file);
    }
}

/* An embedding's A is (r, vocabulary): dW (vocabulary, width) = A^T B^T. */
static void an_embedding_is_turned(void **state)
{
    (void)state;
    const struct piece piece[] = {{"wte.lora_embedding_A", RANK, OUT, bt.at},
                                  {"wte.lora_embedding_B", IN, RANK, at.at},
                                  {NULL, 0, 0, NULL}};
    struct adapter_file *file = opened(write_file(piece, PEFT "}", NULL, NULL));
    assert_true(adapter_file_at(file, 0)->embedding);
    check_product(adapter_file_at(file, 0));
    adapter_file_close(file);
}

/* loralib's MergedLinear: A of q and v below one another, one B. */
static void groups_come_apart(void **state)
{
    (void)state;
    struct mat both_a = mat_new(2 * RANK, IN), both_b = mat_new(2 * OUT, RANK);
    mat_copy(mat_rows(both_a, RANK, RANK), a);
    mat_copy(mat_rows(both_b, OUT, OUT), b);
    const struct piece piece[] = {
        {"transformer.h.0.attn.c_attn.lora_A", 2 * RANK, IN, both_a.at},
        {"transformer.h.0.attn.c_attn.lora_B", 2 * OUT, RANK, both_b.at},
        {NULL, 0, 0, NULL}};
    struct adapter_file *file = opened(write_file(piece, NULL, NULL, NULL));
    assert_int_equal(adapter_file_count(file), 2);
    assert_string_equal(adapter_file_at(file, 1)->name, "h.0.attn.c_attn[1]");
    check_product(adapter_file_at(file, 1));
    adapter_file_close(file);
    mat_free(&both_a);
    mat_free(&both_b);
}

/* As written by hand: safetensors_out knows two dimensions only. */
static const char *write_kernel(void)
{
    static const char header[] =
        "{\"c.lora_down.weight\":{\"dtype\":\"F32\",\"shape\":[2,1,7,1],"
        "\"data_offsets\":[0,56]},\"c.lora_up.weight\":{\"dtype\":\"F32\","
        "\"shape\":[5,2,1,1],\"data_offsets\":[56,96]}}";
    const char *path = scratch_path(folder, "x.safetensors");
    FILE *to = fopen(path, "wb");
    uint64_t length = strlen(header);
    (void)unlink(scratch_path(folder, "adapter_config.json"));
    assert_non_null(to);
    fwrite(&length, 8, 1, to);
    fwrite(header, 1, (size_t)length, to);
    fwrite(a.at, sizeof(float), RANK * IN, to);
    fwrite(b.at, sizeof(float), OUT * RANK, to);
    assert_int_equal(fclose(to), 0);
    return path;
}

static void a_kernel_is_unfolded(void **state)
{
    (void)state;
    char text[64];
    struct adapter_file *file = opened(write_kernel());
    check_product(adapter_file_at(file, 0));
    adapter_file_unfolding(text, sizeof text, adapter_file_at(file, 0));
    assert_string_equal(text, "7x1 kernel as out x (in 7 1)");
    adapter_file_close(file);
}

static void modules_stand_in_their_order(void **state)
{
    (void)state;
    const struct piece piece[] = {
        FACTORS("h.10.q.lora_A.weight", "h.10.q.lora_B.weight"),
        FACTORS("h.9.q.lora_A.weight", "h.9.q.lora_B.weight"),
        {"score.weight", 1, IN, a.at},
        {NULL, 0, 0, NULL}};
    struct adapter_file *file = opened(write_file(piece, NULL, NULL, NULL));
    assert_string_equal(adapter_file_at(file, 0)->name, "h.9.q");
    assert_string_equal(adapter_file_at(file, 1)->name, "h.10.q");
    assert_string_equal(adapter_file_caveat(file, 0),
                        "1 tensor is no part of any pair: score.weight");
    assert_null(adapter_file_caveat(file, 1));
    adapter_file_close(file);
}

static void what_is_no_pair_is_refused(void **state)
{
    (void)state;
    static const float nan_a[RANK * IN] = {NAN};
    const struct {
        struct piece piece[4];
        const char *config, *words;
    } bad[] = {
        {{{"m.q.lora_A.weight", RANK, IN, a.at}},
         NULL,
         "tensor \"m.q.lora_A.weight\" has no B beside it"},
        {{{"m.q.lora_A.weight", 1, IN, a.at},
          {"m.q.lora_B.weight", OUT, RANK, b.at}},
         NULL,
         "\"m.q.lora_A.weight\" is (1, 7) and \"m.q.lora_B.weight\" is (5, 2)"},
        {{{"m.q.lora_A.weight", -1, IN, a.at},
          {"m.q.lora_B.weight", OUT, RANK, b.at}},
         NULL,
         "has 1 dimensions"},
        {{FACTORS("m.q.lora_A.weight", "m.q.lora_B.weight"),
          {PREFIX "m.q.lora_A.weight", RANK, IN, a.at}},
         NULL,
         "are the same part of one module"},
        {{FACTORS("m.q.lora_down.weight", "m.q.lora_up.weight"),
          {"m.q.lora_mid.weight", RANK, RANK, a.at}},
         NULL,
         "\"m.q.lora_mid.weight\" is of a Tucker"},
        {{{"m.q.hada_w1_a", RANK, IN, a.at}},
         NULL,
         "\"m.q.hada_w1_a\" is of LoHa"},
        {{{"m.q.weight", RANK, IN, a.at}},
         NULL,
         "no tensor of it is a factor of LoRA in a dialect known here"},
        {{{"prompt_embeddings", RANK, IN, a.at}},
         "{\"peft_type\": \"PROMPT_TUNING\"}",
         "peft_type is PROMPT_TUNING"},
        {{FACTORS("m.q.lora_down.weight", "m.q.lora_up.weight"),
          {"m.q.alpha", 1, 2, a.at}},
         NULL,
         "\"m.q.alpha\" is no single number"},
        {{{NULL, 0, 0, NULL}}, NULL, "holds no tensors"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(write_file(bad[i].piece, bad[i].config, NULL, NULL),
                bad[i].words);
    const struct piece not_finite[] = {{"m.q.lora_A.weight", RANK, IN, nan_a},
                                       {"m.q.lora_B.weight", OUT, RANK, b.at},
                                       {NULL, 0, 0, NULL}};
    struct adapter_file *file =
        opened(write_file(not_finite, NULL, NULL, NULL));
    struct err err = {""};
    struct mat x, y;
    assert_int_equal(adapter_file_read(&x, &y, adapter_file_at(file, 0), &err),
                     -1);
    assert_non_null(strstr(err.text, "m.q.lora_A.weight"));
    adapter_file_close(file);
    refused(scratch_path(folder, "nowhere"), "there is no ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_dialect_is_the_same_update),
        cmocka_unit_test(an_embedding_is_turned),
        cmocka_unit_test(groups_come_apart),
        cmocka_unit_test(a_kernel_is_unfolded),
        cmocka_unit_test(modules_stand_in_their_order),
        cmocka_unit_test(what_is_no_pair_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
