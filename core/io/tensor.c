/*
 * The numbers of one tensor; declared in safetensors.h.  F16, BF16 and F64
 * become float; what does not fit a float is refused like NaN and Inf.
 */
#include "core/io/safetensors.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE half.  Its exponent is biased by 15, float's by 127: shifted into
 * place it is 2^-112 too small, subnormals included. */
static float float_of_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t rest = (uint32_t)(half & 0x7FFF) << 13;
    if ((half & 0x7C00) == 0x7C00) /* Inf and NaN keep their meaning */
        return float_of_bits(sign | rest | 0x7F800000);
    return float_of_bits(sign | rest) * 0x1p112f;
}

/* data may stand at any byte: everything goes through memcpy. */
static void convert(float *to, const struct tensor *tensor, size_t first,
                    size_t n)
{
    const unsigned char *from = tensor->data;
    switch (tensor->type) {
    case TENSOR_F32:
        if (n)
            memcpy(to, from + 4 * first, n * sizeof *to);
        return;
    case TENSOR_F16:
    case TENSOR_BF16:
        for (size_t i = 0; i < n; i++) {
            uint16_t half;
            memcpy(&half, from + 2 * (first + i), sizeof half);
            to[i] = tensor->type == TENSOR_F16
                        ? float_of_half(half)
                        : float_of_bits((uint32_t)half << 16);
        }
        return;
    case TENSOR_F64:
        for (size_t i = 0; i < n; i++) {
            double wide;
            memcpy(&wide, from + 8 * (first + i), sizeof wide);
            to[i] = (float)wide;
        }
        return;
    case TENSOR_OTHER:
        return;
    }
}

int tensor_read_part(float *to, const struct tensor *tensor, int64_t first,
                     int64_t count, struct err *err)
{
    if (tensor->type == TENSOR_OTHER)
        return err_set(err,
                       "tensor \"%.200s\" holds %s; only F32, F16, BF16 and "
                       "F64 can be read as numbers",
                       tensor->name, tensor->type_name);
    convert(to, tensor, (size_t)first, (size_t)count);
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(to[i]))
            return err_set(err,
                           "tensor \"%.200s\": element %" PRId64
                           " is NaN, infinite or too large for a float",
                           tensor->name, first + i);
    return 0;
}

int tensor_read(float *to, const struct tensor *tensor, struct err *err)
{
    return tensor_read_part(to, tensor, 0, tensor->count, err);
}

const float *tensor_view(const struct tensor *tensor)
{
    bool aligned = (uintptr_t)tensor->data % _Alignof(float) == 0;
    return tensor->type == TENSOR_F32 && aligned ? tensor->data : NULL;
}
