/*
 * A network is what a model consists of and how it computes: the transformer,
 * whose sizes and files have families of their own (hf_family.h), and the models
 * that are none.  One of these costs one file and one line in the table of
 * network.c; methods, tasks and analysis see sites and others, and nothing of
 * what is in here.
 */
#ifndef CORE_MODEL_NETWORK_H
#define CORE_MODEL_NETWORK_H

#include "core/io/json.h"
#include "core/model/transformer.h"

struct network {
    const char *family;  /* in recipes and config.json; NULL: the transformer */
    const char *summary; /* one line, for lists and help */
    /* Refuses sizes that cannot be; fills in what follows from others. */
    int (*check)(struct model_conf *conf, struct err *err);
    /* Adds the sites and others of its config, in order. */
    void (*describe)(struct model *model);
    /* Its files; both NULL: a matter of families. */
    struct model *(*open)(const struct network *network,
                          const struct json *config, const char *folder,
                          struct err *err);
    int (*save)(const struct model *model, const struct weights *weights,
                const char *folder, struct err *err);
    /* What pass_new() and the like do (transformer.h). */
    void (*begin)(struct pass *pass);
    size_t (*bytes)(const struct model *model, const struct insert_shape *shape,
                    int sequences, int length);
    /* Rows of x that a site sees at once in a slice of so many; NULL: as many.
     */
    int (*rows_at)(const struct model *model, int site, int rows);
    struct score (*score)(struct pass *pass, const struct weights *weights,
                          const struct batch *slice);
    struct score (*learn)(struct pass *pass, const struct weights *weights,
                          const struct batch *slice, float scale,
                          const struct sink *sink);
    void (*logits)(struct pass *pass, const struct weights *weights,
                   const struct batch *slice, struct mat logits);
};

/* Those that are no transformer; ends with NULL. */
extern const struct network *const network_table[];
extern const struct network network_transformer, network_linear, network_mlp,
    network_lenet;

/* The transformer unless the family is in the table. */
const struct network *network_of(const char *family);

/* The transformer's, whatever its family. */
void transformer_begin(struct pass *pass);
size_t transformer_bytes(const struct model *model,
                         const struct insert_shape *shape, int sequences,
                         int length);
struct score transformer_score(struct pass *pass, const struct weights *weights,
                               const struct batch *slice);
struct score transformer_learn(struct pass *pass, const struct weights *weights,
                               const struct batch *slice, float scale,
                               const struct sink *sink);
void transformer_logits(struct pass *pass, const struct weights *weights,
                        const struct batch *slice, struct mat logits);

#endif
