/*
 * Tokens a second that the bundled base writes: with the whole text again for
 * every token, and through the cache; in pairs, one after the other, so that
 * what else the machine does hits both.  Run from the tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/model/decode.h"

enum { PAIRS = 7, PROMPT = 8, TOKENS = 240, TOGETHER = 8, BEAM = 10 };

/* Of this one thread, which waits for nothing: others may use the machine. */
static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void prompt(int32_t *ids)
{
    for (int i = 0; i < PROMPT; i++)
        ids[i] = 300 + 7 * i;
}

static double plain(const struct model *model, int tokens)
{
    int32_t ids[PROMPT + TOKENS], target[PROMPT + TOKENS];
    struct mat logits = mat_new(PROMPT + TOKENS, model->conf.vocab);
    struct pass *pass = pass_new(model);
    prompt(ids);
    double start = now();
    for (int n = PROMPT; n < PROMPT + tokens; n++) {
        int starts[] = {0, n};
        for (int t = 0; t < n; t++)
            target[t] = -1;
        struct batch batch = {.sequences = 1,
                              .tokens = n,
                              .start = starts,
                              .id = ids,
                              .target = target};
        pass_logits(pass, &model->base, &batch, mat_rows(logits, 0, n));
        const float *last = mat_row(logits, n - 1);
        int best = 0;
        for (int i = 1; i < model->conf.vocab; i++)
            if (last[i] > last[best])
                best = i;
        ids[n] = best;
    }
    double rate = tokens / (now() - start);
    pass_free(pass);
    mat_free(&logits);
    return rate;
}

static double cached(const struct model *model, int tokens, int texts, int beam)
{
    struct err err = {""};
    int room = PROMPT + tokens;
    int32_t *ids = xcalloc((size_t)texts * (size_t)room, sizeof *ids);
    struct decode_text text[TOGETHER];
    struct decode_conf conf = {.tokens = tokens, .end = -1, .beam = beam};
    for (int k = 0; k < texts; k++) {
        text[k] = (struct decode_text){
            .ids = ids + k * room, .count = PROMPT, .room = room};
        prompt(text[k].ids);
    }
    double start = now();
    struct decoder *decoder = decoder_new(
        model, &model->base, decode_lanes(&conf, texts), room, &err);
    if (!decoder)
        exit(1);
    decode(decoder, text, texts, 0, &conf);
    decoder_free(decoder);
    double rate = texts * tokens / (now() - start);
    mem_free(ids);
    return rate;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *x)
{
    qsort(x, PAIRS, sizeof *x, by_value);
    return x[PAIRS / 2];
}

static void compare(const char *what, const struct model *model, int tokens,
                    int texts, int beam)
{
    double before[PAIRS], after[PAIRS], gain[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        before[i] = plain(model, tokens);
        after[i] = cached(model, tokens, texts, beam);
        gain[i] = after[i] / before[i];
    }
    double least = gain[0], most = gain[0];
    for (int i = 1; i < PAIRS; i++) {
        least = gain[i] < least ? gain[i] : least;
        most = gain[i] > most ? gain[i] : most;
    }
    printf("%-24s %8.0f %8.0f tokens/s, %5.1fx (%.1f to %.1f)\n", what,
           median(before), median(after), median(gain), least, most);
}

int main(void)
{
    linalg_thread_init();
    struct err err = {""};
    struct model *model = model_open("assets/base", &err);
    if (!model) {
        fprintf(stderr, "decode: %s\n", err.text);
        return 1;
    }
    printf("writing, bundled base, prompt %d   plain   cached\n", PROMPT);
    compare("32 tokens", model, 32, 1, 0);
    compare("240 tokens", model, TOKENS, 1, 0);
    compare("240 tokens, 8 together", model, TOKENS, TOGETHER, 0);
    compare("240 tokens, beam 10", model, TOKENS, 1, BEAM);
    model_free(model);
    return 0;
}
