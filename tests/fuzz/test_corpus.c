/* The inputs that fuzzers found, and the files that people mangled, once more. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/fuzz/fuzz.h"
#include "tests/support/files.h"

typedef int fuzz_target(const uint8_t *data, size_t n);

static size_t run_folder(const char *folder, fuzz_target *target, const char *options)
{
    size_t n_files = 0, m = strlen(options);
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        char path[512];
        size_t n;
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%.255s", folder, e->d_name);
        char *bytes = read_bytes(path, &n), *input = malloc(n + m + 1);
        assert_non_null(input);
        memcpy(input, options, m);
        memcpy(input + m, bytes, n);
        target((const uint8_t *)input, n + m);
        free(input);
        free(bytes);
        n_files++;
    }
    if (dir != NULL)
        closedir(dir);
    return n_files;
}

static void texts_of_the_corpus(void **state)
{
    (void)state;
    assert_true(run_folder("tests/fuzz/corpus/csv", fuzz_csv, "") > 0);
}

static void mangled_texts(void **state)
{
    (void)state;
    assert_true(run_folder("datasets/mangled", fuzz_csv, "aaaa") > 25);
    assert_true(run_folder("datasets/mangled", fuzz_csv, "\x04\x40\x10\x04") > 25);
}

static void files_of_the_corpus(void **state)
{
    (void)state;
    assert_true(run_folder("tests/fuzz/corpus/h5", fuzz_h5, "") > 0);
    run_folder("models/reference", fuzz_h5, "");
    fuzz_h5_summary();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_the_corpus),
        cmocka_unit_test(mangled_texts),
        cmocka_unit_test(files_of_the_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
