/* rankscope generate: a base, with or without an adapter, goes on with a
 * prompt. */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/model/generate.h"
#include "tui/commands/commands.h"
#include "tui/commands/language_model.h"
#include "tui/commands/options.h"
#include "tui/commands/subcommand.h"

struct request {
    const char *prompt, *adapter;
    double strength, temperature;
    int tokens, seed;
};

static int write_text(const struct request *r, const char *base,
                      struct err *err)
{
    struct language_model lm;
    if (language_model_open(&lm, base, r->adapter, r->strength, ADAPTER_MERGED,
                            err) != 0)
        return -1;
    int room = 1 + (int)strlen(r->prompt) + r->tokens;
    int32_t *ids = xcalloc((size_t)room, sizeof *ids);
    int end = tokenizer_end(lm.tokenizer), count = 0;
    if (end >= 0)
        ids[count++] = end; /* a document begins */
    count += tokenizer_encode(lm.tokenizer, ids + count, room - count,
                              r->prompt, strlen(r->prompt));
    int status = 0;
    if (count == 0)
        status = err_set(err, "--prompt is empty and this tokenizer has no "
                              "token that begins a text");
    if (status == 0) {
        int from = end >= 0;
        struct generate_conf conf = {r->tokens, r->temperature, end,
                                     (uint64_t)r->seed};
        count = generate(lm.model, &lm.weights, ids, count, room, &conf);
        if (count > from && ids[count - 1] == end)
            count--;
        char *text = tokenizer_decode(lm.tokenizer, ids + from, count - from);
        printf("%s\n", text);
        mem_free(text);
    }
    mem_free(ids);
    language_model_close(&lm);
    return status;
}

int command_generate(int argc, char **argv)
{
    struct request r = {.prompt = "", .strength = 1, .tokens = 64, .seed = 1};
    const struct option_row table[] = {
        {"prompt", OPTION_TEXT, &r.prompt, "TEXT", "what to go on with", 0, 0},
        {"adapter", OPTION_TEXT, &r.adapter, "DIR", "PEFT adapter to add", 0,
         0},
        {"scale", OPTION_REAL, &r.strength, "S",
         "strength of the adapter's update (1)", -100, 100},
        {"tokens", OPTION_INT, &r.tokens, "N", "at most so many new ones (64)",
         1, 100000},
        {"temperature", OPTION_REAL, &r.temperature, "T", "0 is greedy (0)", 0,
         100},
        {"seed", OPTION_INT, &r.seed, "N", "of the sampling (1)", 0,
         2147483647},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv,
                       "generate BASE --prompt TEXT [options]",
                       "Goes on with a text.  BASE is a Hugging Face "
                       "folder, or \"bundled\".",
                       table, 1, 1))
        return status;
    struct err err = {""};
    return write_text(&r, arguments.at[0], &err) == 0 ? EXIT_DONE : fail(&err);
}
