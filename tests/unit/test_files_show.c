/*
 * Files on show: where their sites stand in a map, and that what the thread
 * finds of an adapter is what its numbers say.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/io/safetensors.h"
#include "experiments/files.h"
#include "experiments/site_map.h"

/* --- maps -------------------------------------------------------------------
 */

static void names_become_layers_and_kinds(void **state)
{
    (void)state;
    static const char *const name[] = {"model.layers.0.self_attn.q_proj",
                                       "model.layers.0.mlp.up_proj",
                                       "model.layers.1.self_attn.q_proj",
                                       "model.layers.1.mlp.up_proj", "lm_head"};
    struct site_map *map = site_map_new(name, 5);
    assert_int_equal(map->rows, 3);
    assert_int_equal(map->cols, 3);
    assert_string_equal(map->row_name[1], "layers.1");
    assert_string_equal(map->row_name[2], "other");
    assert_string_equal(map->col_name[0], "q");
    assert_string_equal(map->col_name[1], "up");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(map->place[i].row, i / 2);
        assert_int_equal(map->place[i].col, i % 2);
    }
    site_map_free(map);
}

/* attn1.to_q and attn2.to_q are two columns, and both names tell which. */
static void columns_of_one_name_are_told_apart(void **state)
{
    (void)state;
    static const char *const name[] = {"down.0.attn1.to_q", "down.0.attn2.to_q",
                                       "down.1.attn1.to_q",
                                       "down.1.attn2.to_q"};
    struct site_map *map = site_map_new(name, 4);
    assert_int_equal(map->rows, 2);
    assert_int_equal(map->cols, 2);
    assert_string_equal(map->col_name[0], "a1.q");
    assert_string_equal(map->col_name[1], "a2.q");
    site_map_free(map);
}

/* Of two numbers the one that makes the smaller map. */
static void the_smaller_map_is_taken(void **state)
{
    enum { LAYERS = 3, HEADS = 4 };
    char text[LAYERS * HEADS][48];
    const char *name[LAYERS * HEADS];
    (void)state;
    for (int i = 0; i < LAYERS * HEADS; i++) {
        (void)snprintf(text[i], sizeof text[i], "stack.%d.heads.%d.key",
                       i / HEADS, i % HEADS);
        name[i] = text[i];
    }
    struct site_map *map = site_map_new(name, LAYERS * HEADS);
    assert_int_equal(map->rows * map->cols, LAYERS * HEADS);
    site_map_free(map);
}

static void names_without_layers_stand_in_rows_of_eight(void **state)
{
    enum { COUNT = 20 };
    char text[COUNT][16];
    const char *name[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text[i], sizeof text[i], "unet:%d", i);
        name[i] = text[i];
    }
    struct site_map *map = site_map_new(name, COUNT);
    assert_int_equal(map->rows, 3);
    assert_int_equal(map->cols, 8);
    assert_int_equal(map->place[19].row, 2);
    assert_int_equal(map->place[19].col, 3);
    site_map_free(map);
    map = site_map_new(name, 0);
    assert_int_equal(map->rows, 0);
    site_map_free(map);
}

/* --- files ------------------------------------------------------------------
 */

enum { OUT = 3, IN = 4 };

static void write_tensors(const char *path, const char *json,
                          const float *numbers, size_t count)
{
    FILE *to = fopen(path, "wb");
    uint64_t length = strlen(json);
    assert_non_null(to);
    assert_int_equal(fwrite(&length, 8, 1, to), 1); /* little-endian here */
    assert_int_equal(fwrite(json, 1, length, to), length);
    assert_int_equal(fwrite(numbers, sizeof *numbers, count, to), count);
    assert_int_equal(fclose(to), 0);
}

/* dW = 1 B A of rank 1: B = (0, 3, 4)^T, A = (0, 0, 2, 0): sigma_1 = 5 * 2. */
static void write_adapter(const char *path, float first)
{
    const float numbers[IN + OUT] = {0, 0, 2, 0, first, 3, 4};
    write_tensors(path,
                  "{\"h.0.q.lora_A.weight\":{\"dtype\":\"F32\",\"shape\":[1,4],"
                  "\"data_offsets\":[0,16]},"
                  "\"h.0.q.lora_B.weight\":{\"dtype\":\"F32\",\"shape\":[3,1],"
                  "\"data_offsets\":[16,28]}}",
                  numbers, IN + OUT);
}

static struct files *open_two(const char *one, const char *other)
{
    struct err err = {""};
    struct files_ask ask = {.path = {one, other}, .assets = ""};
    struct files *files = files_open(&ask, &err);
    if (!files)
        print_message("%s\n", err.text);
    assert_non_null(files);
    return files;
}

static char folder[] = "/tmp/rankscope-test-files-XXXXXX";

static const char *in_folder(char to[128], const char *name)
{
    (void)snprintf(to, 128, "%s/%s", folder, name);
    return to;
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const name[] = {"a.safetensors", "nan.safetensors",
                                       "wide.safetensors"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        (void)unlink(in_folder(path, name[i]));
    return rmdir(folder);
}

static void the_thread_finds_singular_values(void **state)
{
    const double rounding = 1e-12; /* exact from factors, in double */
    char path[128];
    struct err err = {""};
    (void)state;
    write_adapter(in_folder(path, "a.safetensors"), 0);
    assert_true(files_are(path));
    struct files *files = open_two(path, NULL);
    const struct snapshot *before = files_look(files);
    assert_int_equal(before->file->known, 0);
    assert_int_equal(before->run[0].site[0].sigma_count, 0);
    snapshot_release(before);
    assert_int_equal(files_start(files, &err), 0);
    files_wait(files);
    const struct snapshot *after = files_look(files);
    const struct site_view *view = &after->run[0].site[0];
    assert_int_equal(after->file->known, 1);
    assert_int_equal(view->sigma_count, 1);
    assert_true(fabs(view->sigma[0] - 10) < 10 * rounding);
    assert_int_equal(view->rank, 1);
    assert_string_equal(after->run[0].name, "a");
    snapshot_release(after);
    files_close(files);
}

/* The overlap of a file with itself is whole, beside its chance. */
static void two_files_are_compared_when_asked(void **state)
{
    const double rounding = 1e-9;
    char path[128];
    struct err err = {""};
    (void)state;
    write_adapter(in_folder(path, "a.safetensors"), 0);
    struct files *files = open_two(path, path);
    struct question question = {.kind = STUDY_OVERLAP,
                                .is_asked = true,
                                .site = 0,
                                .a = {OPERAND_RUN, 0, -1},
                                .b = {OPERAND_RUN, 1, -1}};
    files_ask(files, &question);
    assert_int_equal(files_start(files, &err), 0);
    files_wait(files);
    const struct snapshot *snapshot = files_look(files);
    const struct study *study = snapshot->study[STUDY_OVERLAP];
    assert_non_null(study);
    assert_string_equal(study->refusal, "");
    assert_int_equal(study->overlap.n, IN);
    assert_true(fabs(study->overlap.phi[0] - 1) < rounding);
    assert_true(fabs(study->overlap.cosine - 1) < rounding);
    snapshot_release(snapshot);
    files_close(files);
}

/* W0 is not known of an adapter alone: that is said, not computed. */
static void a_base_that_is_missing_is_said(void **state)
{
    char path[128];
    struct err err = {""};
    (void)state;
    write_adapter(in_folder(path, "a.safetensors"), 0);
    struct files *files = open_two(path, NULL);
    struct question question = {
        .kind = STUDY_BASE, .is_asked = true, .a = {OPERAND_RUN, 0, -1}};
    files_ask(files, &question);
    assert_int_equal(files_start(files, &err), 0);
    files_wait(files);
    const struct snapshot *snapshot = files_look(files);
    assert_non_null(strstr(snapshot->study[STUDY_BASE]->refusal, "--base"));
    snapshot_release(snapshot);
    files_close(files);
}

/* A site that cannot be read has a reason, and the others are shown. */
static void nan_is_refused_at_its_site(void **state)
{
    char path[128];
    struct err err = {""};
    (void)state;
    write_adapter(in_folder(path, "nan.safetensors"), NAN);
    struct files *files = open_two(path, NULL);
    assert_int_equal(files_start(files, &err), 0);
    files_wait(files);
    const struct snapshot *snapshot = files_look(files);
    assert_int_equal(snapshot->run[0].site[0].sigma_count, 0);
    assert_non_null(strstr(snapshot->file->site[0].trouble, "lora_B"));
    snapshot_release(snapshot);
    files_close(files);
}

static void files_of_other_shapes_are_refused(void **state)
{
    const float numbers[5 + OUT] = {1, 1, 1, 1, 1, 1, 1, 1};
    char one[128], other[128];
    struct err err = {""};
    (void)state;
    write_adapter(in_folder(one, "a.safetensors"), 0);
    write_tensors(in_folder(other, "wide.safetensors"),
                  "{\"h.0.q.lora_A.weight\":{\"dtype\":\"F32\",\"shape\":[1,5],"
                  "\"data_offsets\":[0,20]},"
                  "\"h.0.q.lora_B.weight\":{\"dtype\":\"F32\",\"shape\":[3,1],"
                  "\"data_offsets\":[20,32]}}",
                  numbers, 5 + OUT);
    struct files_ask ask = {.path = {one, other}, .assets = ""};
    assert_null(files_open(&ask, &err));
    assert_non_null(strstr(err.text, "one shape"));
    ask.path[1] = "/nowhere/b.safetensors";
    assert_null(files_open(&ask, &err));
    assert_non_null(strstr(err.text, "/nowhere/b.safetensors"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_layers_and_kinds),
        cmocka_unit_test(columns_of_one_name_are_told_apart),
        cmocka_unit_test(the_smaller_map_is_taken),
        cmocka_unit_test(names_without_layers_stand_in_rows_of_eight),
        cmocka_unit_test(the_thread_finds_singular_values),
        cmocka_unit_test(two_files_are_compared_when_asked),
        cmocka_unit_test(a_base_that_is_missing_is_said),
        cmocka_unit_test(nan_is_refused_at_its_site),
        cmocka_unit_test(files_of_other_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
