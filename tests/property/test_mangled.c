/* Every file of datasets/mangled ends as its README says. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "tests/support/csv_case.h"

static const char folder[] = "datasets/mangled";

typedef struct row {
    char file[64], options[128], message[160];
    int code;
} row;

/* The text of a table cell, without blanks and backquotes. */
static const char *take_cell(const char *line, char *out, size_t size)
{
    const char *end = strchr(line, '|');
    if (end == NULL)
        end = line + strlen(line);
    const char *last = end;
    while (line < last && strchr(" `", *line) != NULL)
        line++;
    while (last > line && strchr(" `\n", last[-1]) != NULL)
        last--;
    snprintf(out, size, "%.*s", (int)(last - line), line);
    return *end == 0 ? end : end + 1;
}

static size_t read_table(row *rows, size_t max)
{
    char path[128], line[1024], skipped[256], code[16];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/README.md", folder);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "| `", 3) != 0)
            continue;
        assert_true(n < max);
        row *r = &rows[n++];
        const char *at = take_cell(line + 1, r->file, sizeof r->file);
        at = take_cell(at, skipped, sizeof skipped);
        at = take_cell(at, r->options, sizeof r->options);
        at = take_cell(at, code, sizeof code);
        take_cell(at, r->message, sizeof r->message);
        r->code = code[0] - '0';
    }
    fclose(f);
    return n;
}

static void every_defect_ends_as_the_table_says(void **state)
{
    (void)state;
    static row rows[200];
    size_t n = read_table(rows, 200);
    assert_true(n > 25);
    for (size_t i = 0; i < n; i++) {
        csv_case c = { 0 };
        char path[256];
        snprintf(path, sizeof path, "%s/%.63s", folder, rows[i].file);
        csv_case_open_file(&c, path, rows[i].options);
        if ((int)c.status != rows[i].code || strstr(c.error.text, rows[i].message) == NULL)
            fail_msg("%s: exit %d: %s", rows[i].file, (int)c.status, c.error.text);
        if (rows[i].code != 0 && strstr(c.error.text, rows[i].file) == NULL
            && strstr(c.error.text, "column") == NULL)
            fail_msg("%s: the message does not name it: %s", rows[i].file, c.error.text);
        csv_case_close(&c);
        assert_int_equal(seg_alloc_live, 0);
    }
}

static void every_file_stands_in_the_table(void **state)
{
    (void)state;
    static row rows[200];
    size_t n = read_table(rows, 200);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        bool known = e->d_name[0] == '.' || strcmp(e->d_name, "README.md") == 0;
        for (size_t i = 0; i < n && !known; i++)
            known = strcmp(rows[i].file, e->d_name) == 0;
        if (!known)
            fail_msg("%s has no row", e->d_name);
    }
    closedir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_defect_ends_as_the_table_says),
        cmocka_unit_test(every_file_stands_in_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
