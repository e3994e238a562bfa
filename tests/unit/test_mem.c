/* Sizes that wrap are refused; memory is zeroed and aligned; the arena is a
 * stack. */
#include "core/base/mem.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/near.h"

static void zeroed_and_aligned(void **state)
{
    (void)state;
    for (size_t n = 0; n < 300; n += 7) {
        unsigned char *at = mem_try(n, 3);
        assert_non_null(at);
        assert_int_equal((uintptr_t)at % 64, 0);
        for (size_t i = 0; i < 3 * n; i++)
            assert_int_equal(at[i], 0);
        memset(at, 0xA5, 3 * n); /* so that reuse would show */
        mem_free(at);
    }
}

static void overflow_is_refused(void **state)
{
    (void)state;
    assert_null(mem_try(SIZE_MAX, 1));
    assert_null(mem_try(SIZE_MAX - 10, 1)); /* wraps when rounded to 64 */
    assert_null(mem_try(SIZE_MAX / 2, 3));
    assert_null(mem_try((size_t)1 << 32, (size_t)1 << 32)); /* product 0 */
    assert_null(mem_try(3, SIZE_MAX / 2));
    /* Promised by an operating system that overcommits, but not there. */
    assert_true(mem_machine() > (size_t)1 << 20);
    assert_null(mem_try(mem_machine(), 2));
    struct arena arena;
    assert_int_equal(arena_init(&arena, SIZE_MAX / 2), -1);
    assert_null(arena.base);
    arena_free(&arena);
}

static void exhaustion_ends_the_program(void **state)
{
    (void)state;
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipe_ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL); /* cmocka's handler is not wanted here */
        xcalloc(SIZE_MAX / 2, 4);
        _exit(0);
    }
    close(pipe_ends[1]);
    char line[256] = "";
    size_t got = 0;
    ssize_t n;
    while ((n = read(pipe_ends[0], line + got, sizeof line - 1 - got)) > 0)
        got += (size_t)n;
    close(pipe_ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(line, "out of memory"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void grow_keeps_and_zeroes(void **state)
{
    (void)state;
    int *at = xgrow(NULL, 0, 5, sizeof *at);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(at[i], 0);
        at[i] = i + 1;
    }
    at = xgrow(at, 5, 1000, sizeof *at);
    assert_int_equal((uintptr_t)at % 64, 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(at[i], i < 5 ? i + 1 : 0);
    mem_free(at);
}

static void text_is_copied(void **state)
{
    (void)state;
    char text[] = "rank";
    char *copy = xstrdup(text);
    text[0] = 'b';
    assert_string_equal(copy, "rank");
    mem_free(copy);
    mem_free(NULL);
}

static void arena_is_a_stack(void **state)
{
    (void)state;
    struct arena arena;
    assert_int_equal(arena_init(&arena, 100), 0);
    float *a = arena_take(&arena, 60);
    assert_ptr_equal(a, arena.base);
    size_t mark = arena_mark(&arena);
    float *b = arena_take(&arena, 40); /* to the last float */
    assert_ptr_equal(b, a + 60);
    b[39] = 1;
    arena_back(&arena, mark);
    assert_ptr_equal(arena_take(&arena, 1), b);
    arena_free(&arena);
    assert_null(arena.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_and_aligned),
        cmocka_unit_test(overflow_is_refused),
        cmocka_unit_test(exhaustion_ends_the_program),
        cmocka_unit_test(grow_keeps_and_zeroes),
        cmocka_unit_test(text_is_copied),
        cmocka_unit_test(arena_is_a_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
