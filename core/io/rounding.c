/* See rounding.h. */
#include "core/io/rounding.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    size_t size;
    float unit;  /* the distance from 1 to the next number */
    float least; /* the smallest number above 0 */
} types[] = {[TENSOR_F32] = {"F32", 4, 0x1p-23f, 0x1p-149f},
             [TENSOR_F16] = {"F16", 2, 0x1p-10f, 0x1p-24f},
             [TENSOR_BF16] = {"BF16", 2, 0x1p-7f, 0x1p-133f},
             [TENSOR_F64] = {"F64", 8, 0x1p-52f, 0x1p-149f},
             [TENSOR_OTHER] = {"other", 0, 0, 0}};

size_t tensor_type_size(enum tensor_type type)
{
    return types[type].size;
}

const char *tensor_type_name(enum tensor_type type)
{
    return types[type].name;
}

bool tensor_type_find(enum tensor_type *to, const char *name)
{
    static const enum tensor_type known[] = {TENSOR_F32, TENSOR_F16,
                                             TENSOR_BF16};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(name, types[known[i]].name) == 0) {
            *to = known[i];
            return true;
        }
    return false;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A carry out of the significand makes the exponent one larger, which is
 * right, up to infinity. */
static uint16_t bf16_of(float value)
{
    uint32_t bits = bits_of(value);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static uint16_t half_of(float value)
{
    uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000;
    uint32_t size = bits & 0x7FFFFFFF;
    if (size >= 0x477FF000) /* 65520 and more round to infinity */
        return (uint16_t)(sign | 0x7C00);
    if (size < 0x38800000) /* below 2^-14: a multiple of 2^-24 */
        return (uint16_t)(sign | (uint32_t)lrintf(fabsf(value) * 0x1p24f));
    size += 0xFFF + (size >> 13 & 1);
    return (uint16_t)(sign | (size - 0x38000000) >> 13);
}

int64_t round_floats(void *to, enum tensor_type type, const float *from,
                     size_t n)
{
    uint16_t *half = to;
    uint16_t infinity = type == TENSOR_F16 ? 0x7C00 : 0x7F80;
    assert(type == TENSOR_F32 || type == TENSOR_F16 || type == TENSOR_BF16);
    if (type == TENSOR_F32) {
        memcpy(to, from, n * sizeof *from);
        return -1;
    }
    for (size_t i = 0; i < n; i++)
        half[i] = type == TENSOR_F16 ? half_of(from[i]) : bf16_of(from[i]);
    for (size_t i = 0; i < n; i++)
        if ((half[i] & 0x7FFF) == infinity)
            return (int64_t)i;
    return -1;
}

float round_float(float value, enum tensor_type type)
{
    if (type == TENSOR_BF16)
        return float_of((uint32_t)bf16_of(value) << 16);
    if (type != TENSOR_F16)
        return value;
    uint32_t half = half_of(value);
    if ((half & 0x7C00) == 0x7C00)
        return copysignf(INFINITY, value);
    /* As in tensor.c: the exponent is 112 too small. */
    return float_of((half & 0x8000) << 16 | (half & 0x7FFF) << 13) * 0x1p112f;
}

/* |value| without its significand is the power of two below it. */
float round_unit(float value, enum tensor_type type)
{
    float power = float_of(bits_of(value) & 0x7F800000);
    float unit = power * types[type].unit;
    return unit > types[type].least ? unit : types[type].least;
}
