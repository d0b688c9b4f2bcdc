/* Files made to harm a reader: every one is read or refused with a line, none crashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "data/h5.h"
#include "tests/support/tables.h"

static char dir[] = "/tmp/test-h5-hostile-XXXXXX";
static seg_error err;

/* The corpus is about a reader of /X with limits of its own. What it calls bad and we
 * read: a missing value, a table of numbers, the array beside a link, a well packed file. */
static bool is_fine_for_us(const char *name)
{
    static const char *const fine[] = { "nan.h5", "compound.h5", "softlink.h5",
                                        "bomb_512mb.h5" };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        if (strcmp(name, fine[i]) == 0)
            return true;
    return false;
}

static void hostile_files_are_read_or_refused(void **state)
{
    (void)state;
    char command[512], line[512], name[128], verdict[16], path[256];
    const char *data = getenv("SEGMILL_DATA");
    assert_non_null(mkdtemp(dir));
    snprintf(command, sizeof command, "%s/../tools/hostile_h5.py",
             data == NULL ? "../shared/data" : data);
    if (access(command, R_OK) != 0)
        skip();
    snprintf(command, sizeof command, "/usr/bin/python3 %s/../tools/hostile_h5.py %s >/dev/null",
             data == NULL ? "../shared/data" : data, dir);
    if (system(command) != 0)
        skip();
    snprintf(path, sizeof path, "%s/index.tsv", dir);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    int n = 0;
    while (fgets(line, sizeof line, list) != NULL) {
        assert_int_equal(sscanf(line, "%127[^\t]\t%15[^\t]", name, verdict), 2);
        snprintf(path, sizeof path, "%s/%s", dir, name);
        seg_status st = table_read(path, &err);
        assert_int_equal(seg_alloc_live, 0);
        bool refused = st == SEG_E_DATA && err.text[0] != 0;
        bool right = strcmp(verdict, "ok") == 0       ? st == SEG_OK
                     : strcmp(verdict, "either") == 0 ? st == SEG_OK || refused
                                                      : refused || is_fine_for_us(name);
        if (!right)
            fail_msg("%s (%s): %s: %s", name, verdict, seg_status_name(st), err.text);
        if (getenv("SHOW") != NULL)
            fprintf(stderr, "%s (%s): %s: %s\n", name, verdict, seg_status_name(st), err.text);
        n++;
    }
    fclose(list);
    assert_true(n > 40);
}

static int remove_files(void **state)
{
    (void)state;
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_files_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, remove_files);
}
