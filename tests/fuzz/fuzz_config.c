/*
 * config.json of a model, beside small weights of each family: names and
 * shapes are made of it, and either they are the weights', and a text runs
 * through, or it is refused.  The same bytes are read as adapter_config.json
 * beside a pair of factors, and as the index of shards.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/shards.h"
#include "core/model/parts.h"
#include "core/model/transformer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/small_files.h"

/* Weights that a config of this text may fit, one folder a family. */
static const char *folder_for(const char *text, size_t size)
{
    static char name[32];
    int which = 0;
    for (int i = 0; i < SMALL_MODELS; i++) {
        const char *sign = small_model_sign(i);
        for (size_t at = 0; at + strlen(sign) <= size; at++)
            if (memcmp(text + at, sign, strlen(sign)) == 0)
                which = i;
    }
    (void)snprintf(name, sizeof name, "model%d", which);
    return name;
}

static void make_folders(void)
{
    static bool made;
    struct err err = {""};
    for (int i = 0; i < SMALL_MODELS && !made; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "model%d", i);
        fuzz_law(small_model_write(i, fuzz_folder(name), &err) == 0, err.text);
    }
    if (!made)
        fuzz_law(small_adapter_write(fuzz_folder("adapter"), &err) == 0,
                 err.text);
    if (!made)
        fuzz_law(small_shards_write(fuzz_folder("shards"), &err) == 0,
                 err.text);
    made = true;
}

static void run_text(const struct model *model)
{
    enum { TOKENS = 3 };
    int32_t id[TOKENS] = {0}, target[TOKENS] = {-1, -1, -1}, type[TOKENS] = {0};
    int start[] = {0, TOKENS}, last = model->conf.vocab - 1;
    id[1] = last < 7 ? last : 7;
    struct batch batch = {.sequences = 1,
                          .tokens = TOKENS,
                          .start = start,
                          .id = id,
                          .target = target,
                          .type = model->conf.types ? type : NULL};
    if (model->conf.context < TOKENS)
        return;
    struct pass *pass = pass_new(model);
    struct mat logits = mat_new(TOKENS, conf_head_width(&model->conf));
    pass_logits(pass, &model->base, &batch, logits);
    mat_free(&logits);
    pass_free(pass);
}

static int look_at_model(const char *folder, struct err *err)
{
    struct err why = {""};
    struct model *model = model_open(folder, err);
    struct model *looked = model_look(folder, &why);
    fuzz_law(looked || why.text[0], "a refusal has words");
    fuzz_law(!model || looked, "what opens can be looked at");
    model_free(looked);
    if (!model)
        return -1;
    fuzz_law(model_parameters(model) > 0, "a model has parameters");
    for (int i = 0; i < model->site_count; i++)
        fuzz_law(model->base.site[i].at != NULL &&
                     model->base.site[i].rows == model->site[i].out &&
                     model->base.site[i].cols == model->site[i].in,
                 "a site has its values");
    for (int i = 0; i < model->other_count; i++)
        fuzz_law(model->base.other[i] != NULL, "an other has its values");
    if (model->conf.reads == EXAMPLE_TEXT)
        run_text(model);
    model_free(model);
    return 0;
}

static int look_at_shards(const char *folder, struct err *err)
{
    struct shards *shards = shards_open(folder, err);
    if (!shards)
        return -1;
    for (int i = 0; i < shards_count(shards); i++) {
        const struct tensor *tensor = shards_at(shards, i);
        fuzz_law(shards_find(shards, tensor->name) == tensor,
                 "a tensor is found by its name");
        fuzz_tensor(tensor);
    }
    shards_close(shards);
    return 0;
}

int fuzz_config(const uint8_t *data, size_t size, struct err *err)
{
    char name[64];
    struct err why[2] = {{""}, {""}};
    make_folders();
    const char *folder = folder_for((const char *)data, size);
    (void)snprintf(name, sizeof name, "%s/config.json", folder);
    (void)fuzz_write(name, data, size);
    (void)fuzz_write("adapter/adapter_config.json", data, size);
    (void)fuzz_write("shards/model.safetensors.index.json", data, size);
    int model = look_at_model(fuzz_path(folder), err);
    int adapter = fuzz_adapter(fuzz_path("adapter"), &why[0]);
    struct err peft = {""};
    fuzz_law(fuzz_peft(fuzz_path("adapter"), &peft) == 0 || peft.text[0],
             "a refusal has words");
    int shards = look_at_shards(fuzz_path("shards"), &why[1]);
    fuzz_law(adapter == 0 || why[0].text[0], "a refusal has words");
    fuzz_law(shards == 0 || why[1].text[0], "a refusal has words");
    return model && adapter && shards ? -1 : 0;
}
