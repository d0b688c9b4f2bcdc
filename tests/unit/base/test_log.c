/* What stands on stderr: when nobody asked, with --log, and on a terminal (a pseudo one). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>
#include "base/log.h"

static char said[20000];

/* Runs `talk` with stderr at `fd`, then reads what came out of `from`. */
static const char *listen(int fd, int from, void (*talk)(void))
{
    int saved = dup(STDERR_FILENO);
    dup2(fd, STDERR_FILENO);
    talk();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fd);                        /* the last writer: reading ends after its last byte */
    size_t n = 0;
    ssize_t got;
    while ((got = read(from, said + n, sizeof said - 1 - n)) > 0)
        n += (size_t)got;
    said[n] = 0;
    close(from);
    return said;
}

static const char *through_a_pipe(void (*talk)(void))
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    return listen(ends[1], ends[0], talk);
}

static const char *on_a_terminal(void (*talk)(void))
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        skip();
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave < 0)
        skip();
    return listen(slave, master, talk);
}

static void talk_as(seg_log_form form, bool quiet)
{
    seg_log log;
    seg_log_begin(&log, form, quiet, "train");
    seg_log_progress(&log, "reading", 512, 1024);
    seg_log_note(&log, SEG_LEVEL_INFO, "8 clusters");
    seg_log_note(&log, SEG_LEVEL_WARN, "column 'ag\"e' is \x01 empty");
    seg_log_end(&log);
}

static void talk_auto(void) { talk_as(SEG_LOG_AUTO, false); }
static void talk_auto_quiet(void) { talk_as(SEG_LOG_AUTO, true); }
static void talk_text(void) { talk_as(SEG_LOG_TEXT, false); }
static void talk_text_quiet(void) { talk_as(SEG_LOG_TEXT, true); }
static void talk_json(void) { talk_as(SEG_LOG_JSON, false); }

static void without_a_terminal_only_warnings_are_said(void **state)
{
    (void)state;
    assert_string_equal(through_a_pipe(talk_auto),
                        "segmill train: warning: column 'ag\"e' is \x01 empty\n");
    assert_string_equal(through_a_pipe(talk_auto_quiet), "");
}

static void a_text_log_has_a_line_for_everything(void **state)
{
    (void)state;
    const char *text = through_a_pipe(talk_text);
    assert_int_equal(strncmp(text, "segmill train: reading: 50 %", 28), 0);
    assert_non_null(strstr(text, "\nsegmill train: note: 8 clusters\n"));
    assert_non_null(strstr(text, "\nsegmill train: warning: column"));
    assert_int_equal(strncmp(through_a_pipe(talk_text_quiet), "segmill train: warning: ", 24), 0);
}

static void a_json_log_is_escaped(void **state)
{
    (void)state;
    const char *text = through_a_pipe(talk_json);
    assert_int_equal(strncmp(text, "{\"time\":\"20", 11), 0);
    assert_non_null(strstr(text, "\"level\":\"progress\",\"what\":\"reading\",\"done\":512,"
                                 "\"total\":1024,\"seconds\":"));
    assert_non_null(strstr(text, "\"command\":\"train\",\"level\":\"info\",\"text\":"
                                 "\"8 clusters\"}\n"));
    assert_non_null(strstr(text, "\"level\":\"warning\",\"text\":"
                                 "\"column 'ag\\\"e' is \\u0001 empty\"}\n"));
}

static void a_terminal_gets_a_bar_that_makes_room_for_notes(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    const char *text = on_a_terminal(talk_auto);
    assert_int_equal(strncmp(text, "\r\033[K[##########..........] reading: 50 %", 39), 0);
    assert_non_null(strstr(text, "\r\033[Ksegmill train: note: 8 clusters\r\n"));
    assert_null(strstr(text, "\033[33m"));
    unsetenv("NO_COLOR");
    assert_non_null(strstr(on_a_terminal(talk_auto), "\033[33mwarning: \033[0m"));
    setenv("TERM", "dumb", 1);
    assert_null(strstr(on_a_terminal(talk_auto), "\033"));
}

static void talk_much(void)
{
    seg_log log;
    static char text[10000];
    memset(text, '"', sizeof text - 1);
    seg_log_begin(&log, SEG_LOG_JSON, false, "train");
    for (uint64_t i = 0; i < 1000; i++)
        seg_log_progress(&log, "reading", i, 0);
    seg_log_note(&log, SEG_LEVEL_INFO, text);
}

static void many_steps_are_few_lines_and_long_notes_stay_valid(void **state)
{
    (void)state;
    const char *text = through_a_pipe(talk_much);
    size_t lines = 0;
    for (const char *s = text; (s = strchr(s, '\n')) != NULL; s++)
        lines++;
    assert_int_equal(lines, 2);
    assert_string_equal(text + strlen(text) - 5, "\\\"\"}\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_terminal_only_warnings_are_said),
        cmocka_unit_test(a_text_log_has_a_line_for_everything),
        cmocka_unit_test(a_json_log_is_escaped),
        cmocka_unit_test(a_terminal_gets_a_bar_that_makes_room_for_notes),
        cmocka_unit_test(many_steps_are_few_lines_and_long_notes_stay_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
