/*
 * One target under libFuzzer: compiled once for each, with its name.
 * FUZZ_SAY=1 prints what an input said: fuzz_torch tests/fuzz/corpus/torch/x.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {""};
    int status = FUZZ_TARGET(data, size, &err);
    fuzz_law(status == 0 || err.text[0], "a refusal has words");
    if (getenv("FUZZ_SAY"))
        (void)fprintf(stderr, "%s\n", status == 0 ? "opened" : err.text);
    return 0;
}
