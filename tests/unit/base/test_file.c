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

static unsigned mode_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_mode & 07777u : 0;
}

/* The content of a small file, read by plain calls. */
static const char *content(const char *path)
{
    static char text[256];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = 0;
    return text;
}

static void appears_only_at_commit(void **state)
{
    (void)state;
    seg_file *file = NULL;
    char temp[4096];
    assert_int_equal(seg_file_create("a.txt", &file, &err), SEG_OK);
    snprintf(temp, sizeof temp, "%s", seg_file_temp_path(file));
    assert_int_equal(seg_file_write(file, "hello ", 6, &err), SEG_OK);
    assert_int_equal(seg_file_write(file, "world", 5, &err), SEG_OK);
    assert_false(seg_path_exists("a.txt"));
    assert_true(seg_path_exists(temp));
    assert_int_equal(seg_file_commit(file, &err), SEG_OK);
    seg_file_close(file);
    assert_false(seg_path_exists(temp));
    assert_string_equal(content("a.txt"), "hello world");
    assert_int_equal(mode_of("a.txt"), 0600);
}

static void leaves_the_old_file_without_a_commit(void **state)
{
    (void)state;
    assert_int_equal(seg_file_put("a.txt", "old", 3, &err), SEG_OK);
    seg_file *file = NULL;
    assert_int_equal(seg_file_create("a.txt", &file, &err), SEG_OK);
    char temp[4096];
    snprintf(temp, sizeof temp, "%s", seg_file_temp_path(file));
    assert_int_equal(seg_file_write(file, "new", 3, &err), SEG_OK);
    seg_file_close(file);
    assert_string_equal(content("a.txt"), "old");
    assert_false(seg_path_exists(temp));
}

static void keeps_the_order_of_small_and_large_pieces(void **state)
{
    (void)state;
    enum { LARGE = 700000 };
    char *piece = malloc(LARGE);
    uint64_t total = 0;
    seg_file *file = NULL;
    assert_non_null(piece);
    assert_int_equal(seg_file_create("big", &file, &err), SEG_OK);
    for (size_t i = 0; i < 40; i++) {
        size_t n = i % 3 == 0 ? LARGE / (i + 1) : i * 977;
        for (size_t j = 0; j < n; j++)
            piece[j] = (char)((total + j) % 251);
        assert_int_equal(seg_file_write(file, piece, n, &err), SEG_OK);
        total += n;
    }
    assert_int_equal(seg_file_pwrite(file, "\xff", 1, 5, &err), SEG_OK);
    assert_int_equal(seg_file_commit(file, &err), SEG_OK);
    seg_file_close(file);
    free(piece);

    char *bytes = NULL;
    size_t n = 0;
    assert_int_equal(seg_file_get("big", SIZE_MAX, &bytes, &n, &err), SEG_OK);
    assert_true(n == total);
    for (size_t i = 0; i < n; i++)
        assert_int_equal((unsigned char)bytes[i], i == 5 ? 255 : i % 251);
    seg_free(bytes);
}

static void says_why_it_could_not_open(void **state)
{
    (void)state;
    int fd;
    uint64_t size;
    assert_int_equal(seg_open_read("none.csv", &fd, &size, &err), SEG_E_IO);
    assert_string_equal(err.text, "none.csv: could not open: no such file or directory");
    assert_int_equal(fd, -1);
    assert_int_equal(seg_open_read(".", &fd, &size, &err), SEG_E_IO);
    assert_non_null(strstr(err.text, "a directory"));
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(seg_open_read("pipe", &fd, &size, &err), SEG_E_IO);
    assert_non_null(strstr(err.text, "a pipe"));
    assert_int_equal(seg_open_read("/dev/null", &fd, &size, &err), SEG_E_IO);
    assert_non_null(strstr(err.text, "a device"));
}

static void does_not_replace_devices_and_directories(void **state)
{
    (void)state;
    seg_file *file = NULL;
    assert_int_equal(seg_file_create("/dev/null", &file, &err), SEG_E_IO);
    assert_null(file);
    assert_int_equal(seg_file_create(".", &file, &err), SEG_E_IO);
    assert_int_equal(seg_file_create("", &file, &err), SEG_E_USAGE);
    assert_int_equal(seg_file_create("x/", &file, &err), SEG_E_USAGE);
    assert_int_equal(seg_file_create("no/such/folder", &file, &err), SEG_E_IO);
    assert_string_equal(err.text, "no/such/folder: could not create: no such file or directory");
    assert_int_equal(seg_alloc_live, 0);
}

static void replaces_a_link_and_not_what_it_points_to(void **state)
{
    (void)state;
    assert_int_equal(seg_file_put("secret", "kept", 4, &err), SEG_OK);
    assert_int_equal(symlink("secret", "out"), 0);
    assert_int_equal(seg_file_put("out", "new", 3, &err), SEG_OK);
    assert_string_equal(content("secret"), "kept");
    assert_string_equal(content("out"), "new");
}

static void takes_the_longest_file_names(void **state)
{
    (void)state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = 0;
    assert_int_equal(seg_file_put(name, "x", 1, &err), SEG_OK);
    assert_string_equal(content(name), "x");
    char longer[9000];
    memset(longer, 'n', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    assert_int_equal(seg_file_put(longer, "x", 1, &err), SEG_E_IO);
}

static void names_where_a_short_file_ends(void **state)
{
    (void)state;
    char bytes[16];
    int fd;
    uint64_t size;
    assert_int_equal(seg_file_put("f", "0123456789", 10, &err), SEG_OK);
    assert_int_equal(seg_open_read("f", &fd, &size, &err), SEG_OK);
    assert_true(size == 10);
    assert_int_equal(seg_pread_all(fd, bytes, 4, 6, "f", &err), SEG_OK);
    assert_memory_equal(bytes, "6789", 4);
    assert_int_equal(seg_pread_all(fd, bytes, 8, 6, "f", &err), SEG_E_DATA);
    assert_string_equal(err.text, "f: ends after 10 bytes; 14 are needed");
    assert_int_equal(seg_pread_all(fd, bytes, 8, UINT64_MAX - 3, "f", &err), SEG_E_DATA);
    close(fd);
}

static void reads_no_more_than_allowed(void **state)
{
    (void)state;
    char *bytes = NULL;
    size_t n;
    assert_int_equal(seg_file_put("f", "0123456789", 10, &err), SEG_OK);
    assert_int_equal(seg_file_get("f", 9, &bytes, &n, &err), SEG_E_DATA);
    assert_null(bytes);
    assert_int_equal(seg_file_get("f", 10, &bytes, &n, &err), SEG_OK);
    assert_int_equal(n, 10);
    assert_string_equal(bytes, "0123456789");
    seg_free(bytes);
}

static void makes_private_directories_with_their_parents(void **state)
{
    (void)state;
    assert_int_equal(seg_make_dirs("a/b//c/", &err), SEG_OK);
    assert_int_equal(mode_of("a"), 0700);
    assert_int_equal(mode_of("a/b/c"), 0700);
    assert_int_equal(seg_make_dirs("a/b/c", &err), SEG_OK);
    assert_int_equal(seg_make_dirs("/", &err), SEG_OK);
    assert_int_equal(seg_file_put("a/file", "", 0, &err), SEG_OK);
    assert_int_equal(seg_make_dirs("a/file/d", &err), SEG_E_IO);
    assert_int_equal(seg_make_dirs("a/file", &err), SEG_E_IO);
    assert_non_null(strstr(err.text, "not a directory"));
}

static void full_disks_may_be_tried_again(void **state)
{
    (void)state;
    assert_int_equal(seg_errno(&err, ENOSPC, "out.h5", "write"), SEG_E_AGAIN);
    assert_string_equal(err.text, "out.h5: could not write: no space left on device");
    assert_int_equal(seg_errno(&err, EMFILE, "x", "open"), SEG_E_AGAIN);
    assert_int_equal(seg_errno(&err, EACCES, "x", "open"), SEG_E_IO);
    assert_int_equal(seg_errno(&err, 99999, "x", "open"), SEG_E_IO);
}

/* A worker makes a file, a directory with content and a committed file, and dies. */
static void dying_worker(void)
{
    seg_file *file = NULL, *done = NULL;
    char directory[4096];
    int slot;
    int ok = seg_file_create("lost", &file, &err) == SEG_OK &&
             seg_file_create("done", &done, &err) == SEG_OK &&
             seg_file_commit(done, &err) == SEG_OK &&
             seg_path_absolute("tmpdir", directory, &err) == SEG_OK &&
             seg_temp_add(directory, &slot, &err) == SEG_OK &&
             seg_make_dirs("tmpdir/deep", &err) == SEG_OK &&
             seg_file_put("tmpdir/deep/f", "x", 1, &err) == SEG_OK &&
             symlink("../kept", "tmpdir/link") == 0;
    _exit(ok ? 0 : 1);
}

static int entries_in(const char *folder)
{
    int n = 0;
    char command[64], line[256];
    snprintf(command, sizeof command, "ls -A %s", folder);
    FILE *list = popen(command, "r");
    assert_non_null(list);
    while (fgets(line, sizeof line, list) != NULL)
        n++;
    pclose(list);
    return n;
}

static void sweeps_what_a_dead_process_left(void **state)
{
    (void)state;
    assert_int_equal(seg_temp_share(&err), SEG_OK);
    assert_int_equal(seg_make_dirs("kept", &err), SEG_OK);
    assert_int_equal(seg_file_put("kept/f", "x", 1, &err), SEG_OK);
    seg_file *mine = NULL;
    assert_int_equal(seg_file_create("mine", &mine, &err), SEG_OK);

    pid_t child = fork();
    if (child == 0)
        dying_worker();
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    assert_int_equal(entries_in("."), 5);   /* kept, mine, lost, done, tmpdir */
    seg_temp_sweep(child);
    assert_int_equal(entries_in("."), 3);
    assert_true(seg_path_exists("kept/f"));
    assert_true(seg_path_exists("done"));
    assert_int_equal(seg_file_commit(mine, &err), SEG_OK);
    seg_file_close(mine);
    assert_true(seg_path_exists("mine"));
}

static void sweeps_what_killed_processes_left_under_the_same_name(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    char dead[64], alive[64];
    snprintf(dead, sizeof dead, ".a.csv.tmp-%ld-0", (long)child);
    snprintf(alive, sizeof alive, ".a.csv.tmp-%ld-99", (long)getppid());
    const char *const kept[] = {alive, ".b.csv.tmp-1-0", ".a.csv.tmp-", ".a.csv.tmp-x-1", "a.csv"};
    for (size_t i = 0; i < 5; i++)
        fclose(fopen(kept[i], "w"));
    fclose(fopen(dead, "w"));
    assert_int_equal(seg_file_put("a.csv", "x", 1, &err), SEG_OK);
    assert_false(seg_path_exists(dead));
    for (size_t i = 0; i < 5; i++)
        assert_true(seg_path_exists(kept[i]));
}

static void many_files_at_once_are_refused_not_lost(void **state)
{
    (void)state;
    seg_file *files[600];
    size_t n = 0;
    seg_status st = SEG_OK;
    while (n < 600 && st == SEG_OK) {
        char name[16];
        snprintf(name, sizeof name, "f%zu", n);
        st = seg_file_create(name, &files[n], &err);
        n += st == SEG_OK;
    }
    assert_int_equal(st, SEG_E_AGAIN);
    assert_true(n >= 200);
    while (n > 0)
        seg_file_close(files[--n]);
    assert_int_equal(entries_in("."), 0);
    assert_int_equal(seg_file_put("again", "x", 1, &err), SEG_OK);
}

static seg_status write_and_read(void)
{
    char *bytes = NULL;
    size_t n = 0;
    seg_status st = seg_file_put("f", "0123456789", 10, &err);
    if (st == SEG_OK)
        st = seg_file_get("f", 100, &bytes, &n, &err);
    seg_free(bytes);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    long n = 0;
    for (; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = write_and_read();
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
        assert_int_equal(entries_in("."), seg_path_exists("f"));   /* no temporary file */
    }
    assert_int_equal(st, SEG_OK);
    assert_true(n > 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_empty_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(appears_only_at_commit),
        TEST(leaves_the_old_file_without_a_commit),
        TEST(keeps_the_order_of_small_and_large_pieces),
        TEST(says_why_it_could_not_open),
        TEST(does_not_replace_devices_and_directories),
        TEST(replaces_a_link_and_not_what_it_points_to),
        TEST(takes_the_longest_file_names),
        TEST(names_where_a_short_file_ends),
        TEST(reads_no_more_than_allowed),
        TEST(makes_private_directories_with_their_parents),
        TEST(full_disks_may_be_tried_again),
        TEST(sweeps_what_a_dead_process_left),
        TEST(sweeps_what_killed_processes_left_under_the_same_name),
        TEST(many_files_at_once_are_refused_not_lost),
        TEST(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
