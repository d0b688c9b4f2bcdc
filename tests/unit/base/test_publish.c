#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/publish.h"

static seg_error err;

static int enter_empty_folder(void **state)
{
    static char folder[] = "/tmp/segmill-test-XXXXXX";
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    *state = mkdtemp(folder);
    return *state == NULL ? -1 : chdir(folder);
}

static int remove_folder(void **state)
{
    seg_remove_tree(*state);
    return chdir("/");
}

static seg_status put_in(const seg_publish *p, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", seg_publish_dir(p), name);
    char *slash = strrchr(path, '/');
    *slash = 0;
    seg_status st = seg_make_dirs(path, &err);
    *slash = '/';
    return st == SEG_OK ? seg_file_put(path, text, strlen(text), &err) : st;
}

/* One publication of two files under `id`. */
static seg_status publish(const char *id, const char *text, bool *existed)
{
    seg_publish *p = NULL;
    bool ignored;
    seg_status st = seg_publish_begin("out", 0, &p, &err);
    if (st == SEG_OK)
        st = put_in(p, "model.h5", text);
    if (st == SEG_OK)
        st = put_in(p, "lists/hubspot/members.csv", "id\n7\n");
    if (st == SEG_OK)
        st = seg_publish_commit(p, id, existed == NULL ? &ignored : existed, &err);
    seg_publish_close(p);
    return st;
}

static const char *current(void)
{
    static char run[256];
    ssize_t n = readlink("out/current", run, sizeof run - 1);
    run[n < 0 ? 0 : n] = 0;
    return run;
}

static unsigned mode_of(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 ? info.st_mode & 07777u : 0;
}

static bool shell(const char *command)
{
    return system(command) == 0;
}

static void a_published_run_is_complete_and_private(void **state)
{
    (void)state;
    umask(022);
    bool existed = true;
    assert_int_equal(publish("20111210-abc", "centres", &existed), SEG_OK);
    assert_false(existed);
    assert_string_equal(current(), "run-20111210-abc");
    assert_int_equal(mode_of("out/current/model.h5"), 0600);
    assert_int_equal(mode_of("out/current/MANIFEST"), 0600);
    assert_int_equal(mode_of("out/current/lists/hubspot"), 0700);
    assert_int_equal(mode_of("out/run-20111210-abc"), 0700);
    uint64_t n_files = 0;
    assert_int_equal(seg_manifest_verify("out/current", &n_files, &err), SEG_OK);
    assert_true(n_files == 2);
    assert_true(shell("test \"$(ls -A out)\" = \"$(printf '.lock\\ncurrent\\nrun-20111210-abc')\""));
}

static void sha256sum_agrees_with_the_manifest(void **state)
{
    (void)state;
    assert_int_equal(publish("a", "centres", NULL), SEG_OK);
    /* Another program computes the same hashes, of the files and of the lines. */
    assert_true(shell("cd out/current && sed '$d' MANIFEST | awk '{print $1 \"  \" $3}' |"
                      " sha256sum -c --quiet"));
    assert_true(shell("cd out/current && test \"$(sed '$d' MANIFEST | sha256sum | cut -c1-64)"
                      " end\" = \"$(tail -n 1 MANIFEST)\""));
    assert_true(shell("cd out/current && sed '$d' MANIFEST | awk '{print $3}' | LC_ALL=C sort -c"));
    assert_true(shell("cd out/current && sed '$d' MANIFEST | awk '{print $2, $3}' > ../is &&"
                      " printf '5 lists/hubspot/members.csv\\n7 model.h5\\n' | cmp - ../is"));
}

static void makes_foreign_files_private_too(void **state)
{
    (void)state;
    seg_publish *p = NULL;
    bool existed;
    char command[5000];
    assert_int_equal(seg_publish_begin("out", 0, &p, &err), SEG_OK);
    snprintf(command, sizeof command, "umask 022; mkdir %s/d; echo x > %s/d/f",
             seg_publish_dir(p), seg_publish_dir(p));
    assert_true(shell(command));
    assert_int_equal(seg_publish_commit(p, "a", &existed, &err), SEG_OK);
    seg_publish_close(p);
    assert_int_equal(mode_of("out/current/d"), 0700);
    assert_int_equal(mode_of("out/current/d/f"), 0600);
}

static void a_second_run_waits_or_goes_away(void **state)
{
    (void)state;
    seg_publish *first = NULL, *second = NULL;
    assert_int_equal(seg_publish_begin("out", 0, &first, &err), SEG_OK);
    assert_int_equal(seg_publish_begin("out", 0, &second, &err), SEG_E_AGAIN);
    assert_string_equal(err.text, "out: another run holds the lock");
    assert_null(second);
    assert_true(seg_path_exists(seg_publish_dir(first)));   /* not swept by the second */

    pid_t child = fork();
    if (child == 0)   /* releases the lock by its end, which is later than the wait's start */
        _exit(usleep(300000));
    seg_publish_close(first);
    assert_int_equal(seg_publish_begin("out", 5, &second, &err), SEG_OK);
    seg_publish_close(second);
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
}

static void without_a_commit_nothing_is_left(void **state)
{
    (void)state;
    assert_int_equal(publish("a", "one", NULL), SEG_OK);
    seg_publish *p = NULL;
    assert_int_equal(seg_publish_begin("out", 0, &p, &err), SEG_OK);
    assert_int_equal(put_in(p, "deep/er/f", "x"), SEG_OK);
    seg_publish_close(p);
    assert_string_equal(current(), "run-a");
    assert_true(shell("test \"$(ls -A out)\" = \"$(printf '.lock\\ncurrent\\nrun-a')\""));
}

static void the_next_run_sweeps_but_follows_no_link(void **state)
{
    (void)state;
    assert_true(shell("mkdir -p out/.tmp-1/d precious out/.del-run-x; echo x > precious/f;"
                      "ln -s ../precious out/.tmp-2; ln -s ../../../precious out/.tmp-1/d/l;"
                      "ln -s nowhere out/.current; echo y > out/.tmp-1/d/f; chmod 0 out/.tmp-1/d/f"));
    assert_int_equal(publish("a", "one", NULL), SEG_OK);
    assert_true(seg_path_exists("precious/f"));
    assert_true(shell("test \"$(ls -A out)\" = \"$(printf '.lock\\ncurrent\\nrun-a')\""));
}

static void the_same_results_are_published_once(void **state)
{
    (void)state;
    bool existed = true;
    assert_int_equal(publish("a", "one", NULL), SEG_OK);
    assert_int_equal(publish("b", "two", NULL), SEG_OK);
    assert_string_equal(current(), "run-b");
    assert_int_equal(publish("a", "one", &existed), SEG_OK);
    assert_true(existed);
    assert_string_equal(current(), "run-a");
    assert_int_equal(publish("a", "other", &existed), SEG_E_IO);
    assert_non_null(strstr(err.text, "run-a"));
    assert_false(existed);
    assert_true(shell("grep -q one out/run-a/model.h5"));
    assert_true(shell("echo x >> out/run-a/model.h5"));
    assert_int_equal(publish("a", "one", &existed), SEG_E_IO);
    assert_non_null(strstr(err.text, "damaged"));
    assert_true(shell("test \"$(ls -A out | wc -l)\" = 4"));
}

static void an_earlier_run_becomes_current_again(void **state)
{
    (void)state;
    bool existed = true;
    seg_publish *p = NULL;
    assert_int_equal(publish("a", "one", NULL), SEG_OK);
    assert_int_equal(publish("b", "two", NULL), SEG_OK);
    assert_int_equal(seg_publish_begin("out", 0, &p, &err), SEG_OK);
    assert_int_equal(put_in(p, "model.h5", "other"), SEG_OK);
    assert_int_equal(seg_publish_adopt(p, "c", &existed, &err), SEG_OK);
    assert_false(existed);
    assert_true(seg_path_exists(seg_publish_dir(p)));   /* still to be committed */
    assert_int_equal(seg_publish_adopt(p, "a", &existed, &err), SEG_OK);
    assert_true(existed);
    assert_string_equal(current(), "run-a");
    assert_true(shell("rm out/run-b/model.h5"));
    assert_int_equal(seg_publish_adopt(p, "b", &existed, &err), SEG_E_IO);
    assert_string_equal(current(), "run-a");
    seg_publish_close(p);
    assert_true(shell("test \"$(ls -A out)\" = \"$(printf '.lock\\ncurrent\\nrun-a\\nrun-b')\""));
}

static seg_status publish_with_record(const char *clock, const char *list, bool *existed)
{
    seg_publish *p = NULL;
    seg_status st = seg_publish_begin("out", 0, &p, &err);
    if (st == SEG_OK)
        st = put_in(p, "run.json", clock);
    if (st == SEG_OK)
        st = put_in(p, "z.csv", list);
    if (st == SEG_OK)
        st = seg_publish_commit(p, "a", existed, &err);
    seg_publish_close(p);
    return st;
}

static void the_record_of_the_run_may_differ(void **state)
{
    (void)state;
    bool existed = false;
    assert_int_equal(publish_with_record("{monday}", "1", &existed), SEG_OK);
    assert_int_equal(publish_with_record("{tuesday}", "1", &existed), SEG_OK);
    assert_true(existed);
    assert_int_equal(publish_with_record("{tuesday}", "2", &existed), SEG_E_IO);
}

static void refuses_names_and_entries_that_do_not_belong(void **state)
{
    (void)state;
    seg_publish *p = NULL;
    bool existed;
    char path[4096];
    assert_int_equal(seg_publish_begin("out", 0, &p, &err), SEG_OK);
    assert_int_equal(seg_publish_commit(p, "../x", &existed, &err), SEG_E_USAGE);
    assert_int_equal(seg_publish_commit(p, "", &existed, &err), SEG_E_USAGE);
    assert_int_equal(seg_publish_commit(p, ".x", &existed, &err), SEG_E_USAGE);
    snprintf(path, sizeof path, "%s/link", seg_publish_dir(p));
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(seg_publish_commit(p, "x", &existed, &err), SEG_E_IO);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(put_in(p, ".f.tmp-1-2", "half"), SEG_OK);
    assert_int_equal(seg_publish_commit(p, "x", &existed, &err), SEG_E_IO);
    assert_non_null(strstr(err.text, "was not finished"));
    seg_publish_close(p);
    assert_string_equal(current(), "");

    assert_true(shell("mkdir out/current"));
    assert_int_equal(seg_publish_begin("out", 0, &p, &err), SEG_E_IO);
    assert_null(p);
}

static void prunes_the_oldest_but_never_the_current_run(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        char id[8];
        snprintf(id, sizeof id, "%d", 9 - i);   /* names do not say which is older */
        assert_int_equal(publish(id, "x", NULL), SEG_OK);
    }
    assert_true(shell("mkdir out/run-foreign out/other"));
    assert_int_equal(publish("9", "x", NULL), SEG_OK);   /* the oldest is current again */
    seg_publish *p = NULL;
    assert_int_equal(seg_publish_begin("out", 0, &p, &err), SEG_OK);
    assert_int_equal(seg_publish_prune(p, 3, &err), SEG_OK);
    assert_true(shell("test \"$(cd out; echo run-*)\" = 'run-5 run-6 run-9 run-foreign'"));
    assert_int_equal(seg_publish_prune(p, 0, &err), SEG_OK);
    assert_true(shell("test \"$(cd out; echo run-*)\" = 'run-9 run-foreign'"));
    seg_publish_close(p);
    assert_string_equal(current(), "run-9");
}

static void verification_finds(const char *damage, const char *words)
{
    uint64_t n_files = 0;
    seg_remove_tree("out");
    assert_int_equal(publish("a", "centres", NULL), SEG_OK);
    assert_int_equal(seg_manifest_verify("out/run-a", &n_files, &err), SEG_OK);
    assert_true(shell(damage));
    assert_int_equal(seg_manifest_verify("out/run-a", &n_files, &err), SEG_E_VERIFY);
    if (strstr(err.text, words) == NULL)
        fail_msg("after '%s': '%s' does not say '%s'", damage, err.text, words);
}

static void verification_names_what_is_wrong(void **state)
{
    (void)state;
    verification_finds("printf CENTRES > out/run-a/model.h5", "model.h5: its SHA-256");
    verification_finds("echo >> out/run-a/model.h5", "model.h5: has 8 bytes; the MANIFEST says 7");
    verification_finds("rm out/run-a/lists/hubspot/members.csv", "members.csv: is missing");
    verification_finds("echo > out/run-a/z", "z: is not in the MANIFEST");
    verification_finds("echo > out/run-a/a", "a: is not in the MANIFEST");
    verification_finds("rm out/run-a/MANIFEST", "has no MANIFEST");
    verification_finds("truncate -s -1 out/run-a/MANIFEST", "cut off");
    verification_finds("truncate -s 0 out/run-a/MANIFEST", "cut off");
    verification_finds("sed -i '1d' out/run-a/MANIFEST", "cut off");
    verification_finds("sed -i 's/^./0/;1s/^0/1/' out/run-a/MANIFEST", "cut off");
    verification_finds("rm out/run-a/model.h5; mkfifo out/run-a/model.h5", "not a regular file");
    verification_finds("mv out/run-a/model.h5 m; ln -s ../../m out/run-a/model.h5",
                       "not a regular file");
}

/* A manifest with the right last line but hostile lines. */
static void hostile_lines_are_malformed(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "x", "%064d 7 ../secret", "%064d 7 /etc/passwd", "%064d 7 a//b", "%064d 7 .hidden",
        "%064d -1 f", "%064d 99999999999999999999999 f", "%064d 7 ", "%064d  f", "%064d 7 a/../f",
    };
    uint64_t n_files;
    assert_true(shell("mkdir dir; echo x > dir/f"));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char command[512];
        snprintf(command, sizeof command,
                 "cd dir; printf '%s\\n' 0 > MANIFEST;"
                 "h=$(sha256sum < MANIFEST | cut -c1-64); echo \"$h end\" >> MANIFEST", lines[i]);
        assert_true(shell(command));
        assert_int_equal(seg_manifest_verify("dir", &n_files, &err), SEG_E_VERIFY);
        if (strstr(err.text, "line 1 is malformed") == NULL)
            fail_msg("'%s' gives '%s'", lines[i], err.text);
    }
}

static void lists_a_directory_made_elsewhere(void **state)
{
    (void)state;
    uint64_t n_files = 9;
    assert_true(shell("mkdir -p dir/empty; echo x > dir/f; echo h > dir/.hidden"));
    assert_int_equal(seg_manifest_write("dir", &err), SEG_OK);
    assert_int_equal(seg_manifest_write("dir", &err), SEG_OK);   /* not of itself */
    assert_int_equal(seg_manifest_verify("dir", &n_files, &err), SEG_OK);
    assert_true(n_files == 1);
    assert_int_equal(seg_manifest_verify("none", &n_files, &err), SEG_E_IO);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    uint64_t n_files;
    seg_status st = SEG_E_AGAIN;
    long n = 0;
    assert_int_equal(publish("a", "one", NULL), SEG_OK);
    for (; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = publish("b", "two", NULL);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
        assert_string_equal(current(), st == SEG_OK ? "run-b" : "run-a");
        assert_int_equal(seg_manifest_verify("out/current", &n_files, &err), SEG_OK);
    }
    assert_int_equal(st, SEG_OK);
    assert_true(n > 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_empty_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_published_run_is_complete_and_private),
        TEST(sha256sum_agrees_with_the_manifest),
        TEST(makes_foreign_files_private_too),
        TEST(a_second_run_waits_or_goes_away),
        TEST(without_a_commit_nothing_is_left),
        TEST(the_next_run_sweeps_but_follows_no_link),
        TEST(the_same_results_are_published_once),
        TEST(an_earlier_run_becomes_current_again),
        TEST(the_record_of_the_run_may_differ),
        TEST(refuses_names_and_entries_that_do_not_belong),
        TEST(prunes_the_oldest_but_never_the_current_run),
        TEST(verification_names_what_is_wrong),
        TEST(hostile_lines_are_malformed),
        TEST(lists_a_directory_made_elsewhere),
        TEST(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
