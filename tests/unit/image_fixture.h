/*
 * A folder as MNIST's, with three images in each set: image i has ink i + 1
 * at every pixel and label i.
 */
#ifndef TESTS_UNIT_IMAGE_FIXTURE_H
#define TESTS_UNIT_IMAGE_FIXTURE_H

#include <stdint.h>

#include "core/task/digit.h"
#include "tests/unit/session_fixture.h"

enum { IMAGE_FIXTURE_COUNT = 3 };

static inline void image_fixture_put(const char *name, const uint8_t *bytes,
                                     size_t count)
{
    struct err err = {""};
    assert_int_equal(
        file_write(fixture_path(name), (const char *)bytes, count, &err), 0);
}

/* Returns the folder. */
static inline const char *image_fixture(void)
{
    enum { COUNT = IMAGE_FIXTURE_COUNT };
    static uint8_t image[16 + COUNT * DIGIT_PIXELS] = {
        0, 0, 8, 3, 0, 0, 0, COUNT, 0, 0, 0, DIGIT_SIDE, 0, 0, 0, DIGIT_SIDE};
    static const uint8_t label[] = {0, 0, 8, 1, 0, 0, 0, COUNT, 0, 1, 2};
    for (int i = 0; i < COUNT * DIGIT_PIXELS; i++)
        image[16 + i] = (uint8_t)(i / DIGIT_PIXELS + 1);
    image_fixture_put("train-images-idx3-ubyte", image, sizeof image);
    image_fixture_put("t10k-images-idx3-ubyte", image, sizeof image);
    image_fixture_put("train-labels-idx1-ubyte", label, sizeof label);
    image_fixture_put("t10k-labels-idx1-ubyte", label, sizeof label);
    return fixture_folder;
}

#endif
