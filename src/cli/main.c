/* main.c: finds the command, runs it, reports. Nothing else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/words.h"
#include "segmill.h"

enum { JSON_SCHEMA = 1 };   /* of what --json prints; a member is never renamed within it */

/* A full disk shows up here at the latest. */
static seg_status flush_output(seg_error *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return SEG_OK;
    if (errno == ENOSPC || errno == EDQUOT)
        return seg_fail(err, SEG_E_AGAIN,
                        "could not write the standard output: no space left on device");
    return seg_fail(err, SEG_E_IO, "could not write the standard output");
}

/* UTF-8 by the locale's name: the program itself never leaves the C locale. */
static bool is_utf8(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return false;
}

/* Width of the terminal; COLUMNS says otherwise; 100 where there is none. */
static seg_screen find_screen(void)
{
    seg_screen screen = { .width = 100, .utf8 = is_utf8() };
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    char *end = NULL;
    unsigned long wanted = columns == NULL ? 0 : strtoul(columns, &end, 10);
    if (wanted >= 20 && wanted <= 10000 && *end == '\0')
        screen.width = (unsigned)wanted;
    else if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0
             && size.ws_col > 0)
        screen.width = size.ws_col;
    return screen;
}

/* In the process that made the result. A document is text of its own. */
static seg_status print_result(seg_doc *result, void *user, seg_error *err)
{
    const words *w = user;
    if (w->common.json)
        seg_put_int(seg_doc_root(result), "schema", JSON_SCHEMA);
    const char *document =
        seg_node_text(seg_node_get(seg_doc_root(result), "document"), NULL);
    seg_screen screen = find_screen();
    const char *text = document != NULL ? document
                       : w->common.json ? seg_doc_json(result, 2)
                       : w->command->show != NULL
                             ? w->command->show(result, w->options, &screen)
                             : seg_doc_plain(result);
    if (text == NULL)
        return seg_doc_status(result, err);
    fputs(text, stdout);
    if (document == NULL && w->common.json)
        fputc('\n', stdout);
    return flush_output(err);
}

/* The words as they came, for the record of a run; a very long line is cut. */
static const char *join_words(int argc, char **argv)
{
    static char line[8192];
    size_t n = 0;
    for (int i = 0; i < argc && n < sizeof line; i++) {
        int more = snprintf(line + n, sizeof line - n, "%s%s", i == 0 ? "" : " ", argv[i]);
        n += more > 0 ? (size_t)more : 0;
    }
    return line;
}

static seg_status run_command(const seg_command *command, int argc, char **argv, seg_error *err)
{
    static words w;
    seg_status st = words_parse(command, argc - 2, argv + 2, &w, err);
    if (st == SEG_OK && w.common.help) {
        help_command(stdout, command, w.method);
        st = flush_output(err);
    } else if (st == SEG_OK) {
        w.call.command_line = join_words(argc, argv);
        st = seg_command_run(command, &w.call, &w.common, print_result, &w, err);
    }
    return st;
}

static seg_status run_help(int argc, char **argv, seg_error *err)
{
    if (argc < 3)
        help_overview(stdout);
    else if (strcmp(argv[2], "--man") == 0)
        help_man(stdout);
    else if (!help_topic(stdout, argv[2]))
        return seg_fail(err, SEG_E_USAGE, "no help on '%.40s'; see 'segmill help'", argv[2]);
    return flush_output(err);
}

static seg_status run_version(seg_error *err)
{
    puts("segmill " SEGMILL_VERSION);
    return flush_output(err);
}

static seg_status unknown_command(const char *name, seg_error *err)
{
    enum { MOST = 64 };
    seg_option names[MOST] = { { .name = NULL } };
    for (size_t i = 0; seg_command_at(i) != NULL && i < MOST - 1; i++)
        names[i].name = seg_command_at(i)->name;
    const char *nearest = seg_option_nearest(names, name);
    if (nearest == NULL)
        return seg_fail(err, SEG_E_USAGE, "unknown command; see 'segmill help'");
    return seg_fail(err, SEG_E_USAGE, "unknown command; did you mean '%s'? see 'segmill help'",
                    nearest);
}

int main(int argc, char **argv)
{
    seg_error err = { .text = "" };
    seg_status st;
    if (argc < 2) {
        help_overview(stderr);
        return SEG_E_USAGE;
    }
    const char *name = argv[1];
    const seg_command *command = seg_command_find(name);
    if (command != NULL)
        st = run_command(command, argc, argv, &err);
    else if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        st = run_help(argc, argv, &err);
    else if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0)
        st = run_version(&err);
    else
        st = unknown_command(name, &err);
    if (st != SEG_OK) {
        seg_error_context(&err, "segmill %.40s", name);   /* one line, whatever the name holds */
        fprintf(stderr, "%s\n", err.text);
    }
    return (int)st;
}
