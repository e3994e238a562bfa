/* See choose.h. */
#include "core/model/choose.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

/* The example with another answer: " label" and the end token. */
static void put_answer(struct example *to, const struct task *task,
                       const struct example *example, const char *label)
{
    const struct tokenizer *tokenizer = task->conf.tokenizer;
    char text[64];
    int32_t ids[64];
    (void)snprintf(text, sizeof text, " %s", label);
    int count = tokenizer_encode_more(tokenizer, ids, 64, text, strlen(text));
    assert(count <= 64); /* a token has at least one byte */
    /* A longer label than the right one may need room: from the prompt. */
    int prompt = example->answer, room = task->conf.context - count - 1;
    int cut = prompt > room ? prompt - room : 0;
    to->ids[0] = example->ids[0];
    memcpy(to->ids + 1, example->ids + 1 + cut,
           (size_t)(prompt - cut - 1) * sizeof *to->ids);
    to->answer = prompt - cut;
    memcpy(to->ids + to->answer, ids, (size_t)count * sizeof *to->ids);
    to->count = to->answer + count + 1;
    to->ids[to->count - 1] = tokenizer_end(tokenizer);
}

int choose_label(double *nats, struct pass *pass, const struct weights *weights,
                 const struct task *task, const struct example *example,
                 const char *const *labels)
{
    struct example other = {
        .ids = xcalloc((size_t)task->conf.context + 66, sizeof *other.ids)};
    struct batch batch = {0};
    int best = 0;
    double least = 0;
    for (int i = 0; labels[i]; i++) {
        put_answer(&other, task, example, labels[i]);
        batch_clear(&batch);
        batch_add(&batch, &other);
        double sum = pass_score(pass, weights, &batch).loss;
        if (nats)
            nats[i] = sum;
        if (i == 0 || sum < least) {
            best = i;
            least = sum;
        }
    }
    batch_free(&batch);
    mem_free(other.ids);
    return best;
}

int choose_right(const struct task *task, const struct example *example,
                 const char *const *labels)
{
    char *answer =
        tokenizer_decode(task->conf.tokenizer, example->ids + example->answer,
                         example->count - 1 - example->answer);
    int right = -1;
    for (int i = 0; labels[i] && right < 0; i++)
        if (answer[0] == ' ' && strcmp(answer + 1, labels[i]) == 0)
            right = i;
    mem_free(answer);
    return right;
}
