/* Model files that lie: cut off, or with one byte changed. Each is loaded, described,
 * exported and scored in a process of its own, which must end by itself, with a message. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/commands.h"

enum { MAX_FILE = 1 << 17 };

static char whole[MAX_FILE];
static size_t n_whole;

static void make_inputs(void)
{
    FILE *people = fopen("c.csv", "w"), *orders = fopen("o.csv", "w");
    fputs("id,age,spend,plan,churned\n", people);
    fputs("customer,time,order,item,quantity,price\n", orders);
    for (int i = 0; i < 60; i++) {
        fprintf(people, "c%d,%d,%d.5,%s,%s\n", i, 20 + i * 7 % 50, i * i % 97,
                i % 3 == 0 ? "gold" : i % 3 == 1 ? "silver" : "", i * 7 % 50 > 24 ? "yes" : "no");
        fprintf(orders, "c%d,2024-02-%02d,o%d,i%d,1,%d\n", i % 20, i % 28 + 1, i / 2, i % 5, i);
    }
    fclose(people);
    fclose(orders);
}

/* A process of its own: threads do not survive a fork, and cmocka's handlers would make a
 * crash look like a failed test. */
static pid_t start_child(void)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    alarm(20);
    return 0;
}

static void run(const char *line)
{
    seg_error err = { .text = "" };
    int status = 0;
    pid_t child = start_child();
    if (child == 0) {
        if (command_line(line, NULL, &err) != SEG_OK)
            fprintf(stderr, "%s: %s\n", line, err.text);
        _exit(err.text[0] != '\0');
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    n_whole = fread(whole, 1, sizeof whole, file);
    fclose(file);
    assert_true(n_whole > 0 && n_whole < sizeof whole);
}

static void write_n(size_t n)
{
    FILE *file = fopen("bad.model", "wb");
    assert_int_equal(fwrite(whole, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static bool said_why(seg_status st, const seg_error *err)
{
    bool known = st == SEG_OK || st == SEG_E_DATA || st == SEG_E_IO || st == SEG_E_AGAIN
                 || st == SEG_E_USAGE || st == SEG_E_VERIFY;
    return known && (st == SEG_OK || err->text[0] != '\0');
}

/* In the child: everything that reads a model. */
static void use_model(const char *data)
{
    char line[256];
    seg_error err = { .text = "" };
    snprintf(line, sizeof line, "score bad.model %s --output=s.csv", data);
    seg_status score = command_line(line, NULL, &err);
    if (!said_why(score, &err))
        _exit(1);
    seg_status st = command_line("export bad.model --to=json --output=e.json", NULL, &err);
    if (!said_why(st, &err))
        _exit(2);
    _exit(score == SEG_OK ? 0 : 3);
}

static bool is_one_line(const char *path)
{
    char text[4096];
    FILE *file = fopen(path, "r");
    size_t n = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    if (file != NULL)
        fclose(file);
    text[n] = '\0';
    const char *end = strchr(text, '\n');
    return end != NULL && end[1] == '\0';
}

/* libhdf5 died of it. Then the program's worker dies alone, and the user gets one line. */
static bool program_survives(const char *data)
{
    char line[512];
    const char *program = getenv("SEGMILL");
    if (program == NULL)
        return false;
    snprintf(line, sizeof line, "'%s' score bad.model %s -o s.csv >/dev/null 2>said.txt",
             program, data);
    int status = system(line), code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return code == 0 || ((code == 1 || code == 3 || code == 5) && is_one_line("said.txt"));
}

/* 0: scored; 3: refused. */
static int try_model(const char *what, size_t at, const char *data)
{
    int status = 0;
    pid_t child = start_child();
    if (child == 0)
        use_model(data);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status) && program_survives(data))
        return 3;
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 3))
        fail_msg("%s %zu: status %x", what, at, (unsigned)status);
    return WEXITSTATUS(status);
}

static void damage(const char *train, const char *data)
{
#ifdef __SANITIZE_ADDRESS__
    /* libhdf5 reads beyond its own heap on damaged attributes (H5HG_read). The program's
     * worker survives that or dies alone; under the sanitizer nobody can. */
    skip();
#endif
    char line[256];
    size_t refused = 0, tries = 0;
    snprintf(line, sizeof line, "train %s --output=good.model", train);
    run(line);
    read_whole("good.model");
    write_n(n_whole);
    assert_int_equal(try_model("whole", n_whole, data), 0);
    for (size_t i = 0; i < 10; i++) {
        write_n(n_whole * i / 10);
        assert_int_equal(try_model("cut at", n_whole * i / 10, data), 3);
    }
    /* A stride that is prime to the sizes of records meets every kind of field. */
    for (size_t i = 0; i < n_whole; i += n_whole / 40 | 1, tries++) {
        char was = whole[i];
        whole[i] = (char)~was;
        write_n(n_whole);
        refused += try_model("changed at", i, data) == 3;
        whole[i] = was;
    }
    assert_true(refused > 0 && refused <= tries);
}

static void kmeans(void **state)
{
    (void)state;
    damage("kmeans c.csv --k=3", "c.csv");
}

static void kmeans_of_categories(void **state)
{
    (void)state;
    damage("kmeans c.csv --k=3 --categories=plan,churned", "c.csv");
}

static void tree(void **state)
{
    (void)state;
    damage("tree c.csv --label=churned --drop=id", "c.csv");
}

static void forest(void **state)
{
    (void)state;
    damage("forest c.csv --label=churned --drop=id --trees=3", "c.csv");
}

static void boost(void **state)
{
    (void)state;
    damage("boost c.csv --label=churned --drop=id --trees=3 --max-leaves=4", "c.csv");
}

static void rules(void **state)
{
    (void)state;
    damage("rules o.h5 --min-support=1 --min-confidence=0.1", "o.h5");
}

static void rfm(void **state)
{
    (void)state;
    damage("rfm o.h5", "o.h5");
}

static int set_up(void **state)
{
    if (enter_directory(state) != 0)
        return -1;
    make_inputs();
    run("import o.csv --kind=transactions --customer=customer --time=time --order=order"
        " --item=item --quantity=quantity --price=price --output=o.h5");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kmeans),
        cmocka_unit_test(kmeans_of_categories),
        cmocka_unit_test(tree),
        cmocka_unit_test(forest),
        cmocka_unit_test(boost),
        cmocka_unit_test(rules),
        cmocka_unit_test(rfm),
    };
    return cmocka_run_group_tests_name("a damaged model is refused or used, never fatal", tests,
                                       set_up, leave_directory);
}
