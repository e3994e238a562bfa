/*
 * A torch archive: every tensor, and what it is as an adapter.  Bytes that are
 * no archive are the pickle of one, whose sum is then right: changes of a
 * whole archive hardly ever come as far as the pickle.
 */
#include <string.h>

#include "core/io/tensor_file.h"
#include "core/io/zip.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/torch_writer.h"

enum { FLOATS = 32, PICKLE_MOST = 1 << 16 };

static const char *write_pickle(const uint8_t *data, size_t size)
{
    static struct archive archive;
    float number[FLOATS];
    for (int i = 0; i < FLOATS; i++)
        number[i] = 0.5F * (float)i - 3;
    archive.body.size = archive.directory.size = 0;
    archive.count = 0;
    archive_add(&archive, "x/data.pkl", data,
                size < PICKLE_MOST ? size : PICKLE_MOST);
    archive_add(&archive, "x/data/0", number, sizeof number);
    archive.deflate = 6;
    archive_add(&archive, "x/data/1", number, sizeof number);
    archive.deflate = 0;
    archive_end(&archive);
    return fuzz_write("x.bin", archive.body.at, archive.body.size);
}

int fuzz_torch(const uint8_t *data, size_t size, struct err *err)
{
    const char *path = zip_is(data, size) ? fuzz_write("x.bin", data, size)
                                          : write_pickle(data, size);
    struct tensor_file *file = tensor_file_open(path, err);
    if (!file)
        return -1;
    for (int i = 0; i < tensor_file_count(file); i++) {
        const struct tensor *tensor = tensor_file_at(file, i);
        fuzz_law(tensor_file_find(file, tensor->name) == tensor,
                 "a tensor is found by its name");
        fuzz_tensor(tensor);
        tensor_file_forget(file, tensor);
        fuzz_tensor(tensor);
    }
    tensor_file_close(file);
    struct err why = {""};
    fuzz_law(fuzz_adapter(path, &why) == 0 || why.text[0],
             "a refusal has words");
    return 0;
}
