/* Whole or not there: what is left on disk after success, failure and a disk
 * that is full. */
#include "core/io/file.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/near.h"

static char folder[256]; /* fresh for each test */

static int make_folder(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.200s/test_file_XXXXXX",
             base ? base : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static int entries(void)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static char *in_folder(char path[1024], const char *name)
{
    return file_join(path, 1024, folder, name);
}

static void assert_holds(const char *path, const char *want, size_t length)
{
    struct err err = {""};
    char *text;
    size_t size;
    assert_int_equal(file_read(&text, &size, path, 1 << 20, &err), 0);
    assert_int_equal(size, length);
    assert_memory_equal(text, want, length);
    assert_int_equal(text[size], '\0');
    mem_free(text);
}

static void joins(void **state)
{
    (void)state;
    char out[1024];
    assert_string_equal(file_join(out, sizeof out, "a/b", "c"), "a/b/c");
    assert_string_equal(file_join(out, sizeof out, "a/", "c"), "a/c");
    assert_string_equal(file_join(out, sizeof out, "/", "c"), "/c");
    assert_string_equal(file_join(out, sizeof out, "", "c"), "c");
}

static void written_and_read(void **state)
{
    (void)state;
    struct err err = {""};
    char path[1024];
    in_folder(path, "a.txt");
    assert_false(file_exists(path));
    assert_int_equal(file_write(path, "x\0y\n", 4, &err), 0);
    assert_true(file_exists(path));
    assert_holds(path, "x\0y\n", 4);
    assert_int_equal(file_write(path, "", 0, &err), 0); /* replaced */
    assert_holds(path, "", 0);
    assert_int_equal(entries(), 1);

    static char large[300001];
    memset(large, 'q', sizeof large);
    assert_int_equal(file_write(path, large, sizeof large, &err), 0);
    assert_holds(path, large, sizeof large);
}

static void abandoned(void **state)
{
    (void)state;
    struct err err = {""};
    char path[1024];
    in_folder(path, "a.txt");
    assert_int_equal(file_write(path, "old", 3, &err), 0);
    struct file_out out;
    assert_int_equal(file_out_open(&out, path, &err), 0);
    fputs("new", out.to);
    assert_int_equal(fflush(out.to), 0);
    assert_int_equal(entries(), 2);
    assert_holds(path, "old", 3); /* still, while the new one grows */
    file_out_abandon(&out);
    file_out_abandon(&out); /* twice does no harm */
    assert_int_equal(entries(), 1);
    assert_holds(path, "old", 3);
}

static void assert_refused(const char *path, const char *reason)
{
    struct err err = {""};
    assert_int_equal(file_write(path, "new", 3, &err), -1);
    if (!strstr(err.text, reason))
        fail_msg("'%s' does not say '%s'", err.text, reason);
}

static void names_that_cannot_be(void **state)
{
    (void)state;
    char path[1024], longer[3000];
    assert_refused(in_folder(path, "no/such/a.txt"), "No such file");
    assert_refused(folder, "not an ordinary file");
    assert_refused("/dev/null", "not an ordinary file");
    assert_refused("", "1 to");
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_refused(longer, "1 to");
    assert_int_equal(entries(), 0);
}

/* A limit on file size stands for the full disk: write(2) fails the same
 * way, for large files already inside fwrite, for small ones in fflush. */
static void full_disk(void **state)
{
    (void)state;
    char path[1024];
    in_folder(path, "a.txt");
    static char large[200000];
    static const size_t sizes[] = {5000, sizeof large};
    for (int i = 0; i < 2; i++) {
        struct err err = {""};
        assert_int_equal(file_write(path, "old", 3, &err), 0);
        struct rlimit before, small = {4096, 4096};
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        small.rlim_max = before.rlim_max;
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        int result = file_write(path, large, sizes[i], &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        signal(SIGXFSZ, SIG_DFL);
        assert_int_equal(result, -1);
        assert_non_null(strstr(err.text, "File too large"));
        assert_non_null(strstr(err.text, "a.txt"));
        assert_holds(path, "old", 3);
        assert_int_equal(entries(), 1);
    }
}

static void read_only_folder(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        print_message("root may write into a read-only folder\n");
        skip();
    }
    char path[1024];
    assert_int_equal(chmod(folder, 0555), 0);
    assert_refused(in_folder(path, "a.txt"), "Permission denied");
    assert_int_equal(chmod(folder, 0755), 0);
}

static void read_refusals(void **state)
{
    (void)state;
    struct err err = {""};
    char path[1024], *text;
    size_t size;
    in_folder(path, "a.txt");
    assert_int_equal(file_read(&text, &size, path, 10, &err), -1);
    assert_null(text);
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(file_write(path, "0123456789", 10, &err), 0);
    assert_int_equal(file_read(&text, &size, path, 10, &err), 0);
    mem_free(text);
    assert_int_equal(file_read(&text, &size, path, 9, &err), -1);
    assert_null(text);
    assert_non_null(strstr(err.text, "larger than the 9"));
    assert_int_equal(file_read(&text, &size, folder, 9, &err), -1);
    assert_non_null(strstr(err.text, "directory"));
    /* No size to ask for beforehand: must stop at the limit all the same. */
    assert_int_equal(file_read(&text, &size, "/dev/zero", 100000, &err), -1);
    assert_non_null(strstr(err.text, "larger than"));
    assert_int_equal(file_read(&text, &size, "/dev/null", 0, &err), 0);
    assert_int_equal(size, 0);
    mem_free(text);
}

static void folders(void **state)
{
    (void)state;
    struct err err = {""};
    char path[1024];
    in_folder(path, "a/b//c/");
    assert_int_equal(file_make_folder(path, &err), 0);
    assert_int_equal(file_make_folder(path, &err), 0); /* there already */
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_true(S_ISDIR(about.st_mode));
    in_folder(path, "a/file");
    assert_int_equal(file_write(path, "x", 1, &err), 0);
    assert_int_equal(file_make_folder(path, &err), -1);
    assert_non_null(strstr(err.text, "a/file"));
    in_folder(path, "a/file/below");
    assert_int_equal(file_make_folder(path, &err), -1);
    assert_int_equal(file_make_folder("", &err), -1);
    assert_int_equal(file_make_folder("/", &err), 0);
}

#define WITH_FOLDER(test)                                                      \
    cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins),    WITH_FOLDER(written_and_read),
        WITH_FOLDER(abandoned),     WITH_FOLDER(names_that_cannot_be),
        WITH_FOLDER(full_disk),     WITH_FOLDER(read_only_folder),
        WITH_FOLDER(read_refusals), WITH_FOLDER(folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
