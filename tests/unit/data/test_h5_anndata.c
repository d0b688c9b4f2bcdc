/* Our files in the hands of anndata, pandas and h5py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "tests/support/tables.h"

static void opens_in_anndata_without_a_warning(void **state)
{
    (void)state;
    char dir[] = "/tmp/test-h5-anndata-XXXXXX", command[512], path[64];
    static const struct { const char *name; seg_kind kind; bool with_ids; } files[] = {
        { "features", SEG_KIND_FEATURES, true },  { "numbered", SEG_KIND_FEATURES, false },
        { "baskets", SEG_KIND_BASKETS, true },    { "scores", SEG_KIND_SCORES, true },
        { "transactions", SEG_KIND_TRANSACTIONS, false },
    };
    seg_error err;
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s.h5", dir, files[i].name);
        if (table_write(files[i].kind, files[i].with_ids, 3000, 0, path, &err) != SEG_OK)
            fail_msg("%s", err.text);
    }
    const char *tree = getenv("TREE");
    snprintf(command, sizeof command, "/usr/bin/python3 %s/tests/support/h5_readers.py %s >&2",
             tree == NULL ? "." : tree, dir);
    int code = system(command);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
    if (WEXITSTATUS(code) == 77)
        skip();
    assert_int_equal(code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_in_anndata_without_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
