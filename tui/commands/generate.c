/* rankscope generate: a base, with or without an adapter, goes on with a
 * prompt. */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/model/decode.h"
#include "tui/commands/commands.h"
#include "tui/commands/language_model.h"
#include "tui/commands/options.h"
#include "tui/commands/subcommand.h"

struct request {
    const char *prompt, *adapter;
    double strength, temperature, length_penalty;
    int tokens, seed, beam, no_repeat;
};

/* The prompt's ids, with room for what is written; NULL: there are none. */
static int32_t *read_prompt(const struct request *r,
                            const struct language_model *lm,
                            struct decode_text *text, struct err *err)
{
    int room = 1 + (int)strlen(r->prompt) + TOKENIZER_MORE + r->tokens;
    int32_t *ids = xcalloc((size_t)room, sizeof *ids);
    int begin = tokenizer_begin(lm->tokenizer), count = 0;
    if (begin >= 0)
        ids[count++] = begin; /* a document begins */
    count += tokenizer_encode_marked(lm->tokenizer, ids + count, room - count,
                                     r->prompt, strlen(r->prompt));
    *text = (struct decode_text){.ids = ids, .count = count, .room = room};
    if (count > 0)
        return ids;
    err_set(err, "--prompt is empty and this tokenizer has no token that "
                 "begins a text");
    mem_free(ids);
    return NULL;
}

static int write_on(const struct request *r, const struct language_model *lm,
                    struct decode_text *text, struct err *err)
{
    int end = tokenizer_end(lm->tokenizer);
    struct decode_conf conf = {.tokens = r->tokens,
                               .end = end,
                               .temperature = r->temperature,
                               .seed = (uint64_t)r->seed,
                               .beam = r->beam,
                               .length_penalty = r->length_penalty,
                               .no_repeat = r->no_repeat};
    struct decoder *decoder =
        decoder_new(lm->model, &lm->weights, decode_lanes(&conf, 1),
                    text->count + r->tokens, err);
    if (!decoder)
        return -1;
    int status = decoder_insert(decoder, language_model_beside(lm), err);
    if (status == 0)
        decode(decoder, text, 1, 0, &conf);
    decoder_free(decoder);
    if (status != 0)
        return -1;
    int from = tokenizer_begin(lm->tokenizer) >= 0;
    char *all = tokenizer_decode(lm->tokenizer, text->ids + from,
                                 text->count - from - text->ended);
    /* A space that the tokenizer has put before the prompt is not its. */
    bool led = tokenizer_leads(lm->tokenizer, r->prompt, strlen(r->prompt));
    printf("%s\n", all + (led && all[0] == ' '));
    mem_free(all);
    return 0;
}

static int write_text(const struct request *r, const char *base,
                      struct err *err)
{
    struct language_model lm;
    struct decode_text text;
    if (language_model_open(&lm, base, r->adapter, r->strength, ADAPTER_MERGED,
                            err) != 0)
        return -1;
    int32_t *ids = read_prompt(r, &lm, &text, err);
    int status = ids ? write_on(r, &lm, &text, err) : -1;
    mem_free(ids);
    language_model_close(&lm);
    return status;
}

int command_generate(int argc, char **argv)
{
    struct request r = {
        .prompt = "", .strength = 1, .tokens = 64, .seed = 1, .beam = 1};
    const struct option_row table[] = {
        {"prompt", OPTION_TEXT, &r.prompt, "TEXT", "what to go on with", 0, 0},
        {"adapter", OPTION_TEXT, &r.adapter, "DIR",
         "an adapter, or a run's method folder", 0, 0},
        {"scale", OPTION_REAL, &r.strength, "S",
         "strength of the adapter's update (1)", -100, 100},
        {"tokens", OPTION_INT, &r.tokens, "N", "at most so many new ones (64)",
         1, 100000},
        {"temperature", OPTION_REAL, &r.temperature, "T", "0 is greedy (0)", 0,
         100},
        {"seed", OPTION_INT, &r.seed, "N", "of the sampling (1)", 0,
         2147483647},
        {"beam", OPTION_INT, &r.beam, "N", "hypotheses of a beam search (1)", 1,
         DECODE_BEAM_MOST},
        {"length-penalty", OPTION_REAL, &r.length_penalty, "A",
         "a beam's log p is divided by ((5 + n) / 6)^A (0)", 0, 10},
        {"no-repeat", OPTION_INT, &r.no_repeat, "N",
         "write no N tokens in a row twice; 0: may (0)", 0, 1000},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv,
                       "generate BASE --prompt TEXT [options]",
                       "Goes on with a text.  BASE is a Hugging Face "
                       "folder, or \"bundled\".",
                       table, 1, 1))
        return status;
    if (r.beam > 1 && r.temperature > 0) {
        fprintf(stderr, "rankscope: a beam search draws nothing; use --beam "
                        "or --temperature\n");
        return EXIT_USAGE;
    }
    struct err err = {""};
    return write_text(&r, arguments.at[0], &err) == 0 ? EXIT_DONE : fail(&err);
}
