/*
 * Reference counting and storage of studies; each kind has a file of its own.
 */
#include "experiments/study_owned.h"

#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "core/base/mem.h"

enum { STUDY_PIECES = 32 };

struct study_owned {
    atomic_int holders;
    void *piece[STUDY_PIECES];
    int count;
    struct study study;
};

struct study *study_new(enum study_kind kind, const struct question *asked)
{
    struct study_owned *owned = xcalloc(1, sizeof *owned);
    atomic_init(&owned->holders, 1);
    owned->study = (struct study){
        .kind = kind, .asked = *asked, .step = -1, .owned = owned};
    return &owned->study;
}

void *study_take(struct study *study, size_t count, size_t size)
{
    struct study_owned *owned = study->owned;
    void *at = xcalloc(count ? count : 1, size);
    assert(owned->count < STUDY_PIECES);
    return owned->piece[owned->count++] = at;
}

const struct study *study_refuse(struct study *study, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(study->refusal, sizeof study->refusal, format, args);
    va_end(args);
    return study;
}

const struct study *study_hold(const struct study *study)
{
    atomic_fetch_add(&study->owned->holders, 1);
    return study;
}

void study_release(const struct study *study)
{
    struct study_owned *owned = study ? study->owned : NULL;
    if (!owned || atomic_fetch_sub(&owned->holders, 1) != 1)
        return;
    if (study->kind == STUDY_BASE)
        for (int side = 0; side < 2; side++)
            intruders_free(&owned->study.base.intruders[side]);
    for (int i = 0; i < owned->count; i++)
        mem_free(owned->piece[i]);
    mem_free(owned);
}

static bool same_operand(const struct operand *one, const struct operand *other)
{
    return one->kind == other->kind && one->run == other->run &&
           one->step == other->step;
}

bool question_same(const struct question *one, const struct question *other)
{
    return one->kind == other->kind && one->is_asked == other->is_asked &&
           one->run == other->run && one->site == other->site &&
           same_operand(&one->a, &other->a) &&
           same_operand(&one->b, &other->b) &&
           same_operand(&one->c, &other->c) && one->side == other->side &&
           one->of == other->of && one->epsilon == other->epsilon &&
           one->top == other->top &&
           talk_question_same(&one->talk, &other->talk);
}
