/* See base.h. */
#include "experiments/base.h"

#include <stdio.h>
#include <string.h>

#include "core/io/file.h"
#include "experiments/recipe_field.h"

char *base_folder(char *to, size_t size, const char *name, const char *assets)
{
    if (strcmp(name, "bundled") == 0)
        return file_join(to, size, assets, "base");
    (void)snprintf(to, size, "%s", name);
    return to;
}

/* false: no name of a base is so long. */
static bool find(char *folder, size_t size, const char *name,
                 const char *assets, struct err *err)
{
    enum { MOST = 900 }; /* a file's name is put behind it */
    bool fits = strlen(name) <= MOST && strlen(assets) <= MOST;
    if (fits)
        (void)base_folder(folder, size, name, assets);
    else
        err_set(err, "%.60s...: a base's name has at most %d bytes", name,
                MOST);
    return fits;
}

struct model *base_open(const char *name, const char *assets, struct err *err)
{
    char folder[1024];
    return find(folder, sizeof folder, name, assets, err)
               ? model_open(folder, err)
               : NULL;
}

struct model *base_look(const char *name, const char *assets, struct err *err)
{
    char folder[1024];
    return find(folder, sizeof folder, name, assets, err)
               ? model_look(folder, err)
               : NULL;
}

struct model *base_fresh(const struct recipe *recipe, struct err *err)
{
    const struct fresh_base *fresh = &recipe->fresh;
    struct model_conf conf = {.family = "gpt2",
                              .layers = fresh->layers,
                              .width = fresh->width,
                              .heads = fresh->heads,
                              .inner = fresh->inner,
                              .vocab = fresh->vocab,
                              .context = fresh->context,
                              .activation = GELU_TANH,
                              .norm_eps = 1e-5F,
                              .tied = true};
    if (base_use(fresh->family) == BASE_DENSE) {
        conf = (struct model_conf){.family = fresh->family};
        memcpy(conf.size, fresh->size, sizeof conf.size);
    }
    struct model *model = model_new(&conf, err);
    if (model && model_init(model, recipe->seed) == 0)
        return model;
    if (model && base_use(fresh->family) == BASE_DENSE)
        err_set(err,
                "a %s base of %ld weights does not fit into memory; make it "
                "smaller",
                fresh->family, model_parameters(model));
    else if (model)
        err_set(err,
                "a base of %d layers, width %d and %d tokens does not "
                "fit into memory; make it smaller",
                conf.layers, conf.width, conf.vocab);
    model_free(model);
    return NULL;
}
