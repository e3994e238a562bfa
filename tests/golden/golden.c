/*
 * Comparing frames; see golden.h.
 */
#include "tests/golden/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The program may be started from anywhere. */
static void golden_path(char *path, size_t size, const char *name)
{
    const char *root = getenv("RANKSCOPE_ROOT");
    snprintf(path, size, "%s/tests/golden/%s.txt", root ? root : ".", name);
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "rb");
    enum { MOST = 1 << 20 };
    char *text = calloc(MOST + 1, 1);
    if (file && text)
        text[fread(text, 1, MOST, file)] = '\0';
    if (file)
        fclose(file);
    return text;
}

void golden_compare(const char *name, const char *frame)
{
    char path[512];
    golden_path(path, sizeof path, name);
    if (getenv("UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs(frame, file);
        assert_int_equal(fclose(file), 0);
        return;
    }
    char *stored = read_all(path);
    if (strcmp(stored, frame) != 0)
        print_error("%s differs; it is now:\n%s", path, frame);
    assert_string_equal(frame, stored);
    free(stored);
}
