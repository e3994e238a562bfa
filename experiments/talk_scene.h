/*
 * The prompt of a talk: ids, what they say, and the answer wanted; and from
 * ids that were written back to a line of text.
 */
#ifndef EXPERIMENTS_TALK_SCENE_H
#define EXPERIMENTS_TALK_SCENE_H

#include "core/model/decode.h"
#include "core/task/task.h"
#include "experiments/study_owned.h"

struct scene {
    const struct tokenizer *tokenizer;
    int begin, end;     /* the tokens around a text, or -1 */
    int32_t *ids;       /* the prompt, then the answer wanted */
    int count, wanted;  /* of the prompt; behind it, the end included */
    int tokens;         /* written at most */
    struct batch batch; /* the example alone; empty for a typed prompt */
};

/* prompt, wanted and examples of to are set.  -1: this task has no text, or
 * the typed prompt fills the context. */
int scene_open(struct scene *scene, struct talk_study *to,
               const struct task *task, const struct model *model,
               const struct talk_question *question, struct err *err);
void scene_close(struct scene *scene);

/* The prompt with room for what is written; ids are returned, the caller's. */
int32_t *scene_text(struct decode_text *text, const struct scene *scene);
/* text, ended and exact of what was written. */
void scene_take(struct talk_line *line, const struct scene *scene,
                const struct decode_text *text);

#endif
