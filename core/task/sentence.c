/* See sentence.h. */
#include "core/task/sentence.h"

#include <string.h>

#include "core/base/mem.h"

int sentence_draw(int32_t *ids, int most, const struct world *world,
                  const struct tokenizer *tokenizer, struct rng *rng)
{
    char *text = world_expand(world, "<document>", rng);
    size_t bytes = strcspn(text, ".!?\n");
    bytes += text[bytes] != '\0' && text[bytes] != '\n';
    int count = tokenizer_encode(tokenizer, ids, most, text, bytes);
    mem_free(text);
    return count < most ? count : most;
}

uint64_t sentence_hash(const int32_t *ids, int count)
{
    return rng_hash(ids, (uint64_t)count * sizeof *ids);
}
