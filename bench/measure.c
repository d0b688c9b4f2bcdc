/* measure.c: time whole programs, taking turns, so that a machine that slows down slows
 * all of them:
 *
 *   measure --kind K --name N --shape S --amount A --unit U [--limit L] [--repeats R] [--threads T]
 *           [--clock wall|cpu] -- PROGRAM_NAME COMMAND [--threads T ...] -- PROGRAM_NAME COMMAND ...
 *
 * Options hold for the programs behind them; L is the most that the machine can do, in units a
 * second. A COMMAND is one word for the shell. The last line it prints that starts with "check="
 * is kept as the check of its result line: equal work should have equal checks. If it
 * prints "seconds=X", X is the duration instead of that of the whole process, which --clock cpu
 * takes in seconds of the processor. */
#include "bench/bench.h"
#include "base/clock.h"
#include "base/number.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_PROGRAMS = 8, MAX_REPEATS = 100 };

typedef struct program {
    const char *command;
    bench_line line;
    bool cpu;                /* durations are those of the processor */
    double seconds[MAX_REPEATS];
    double cpu_seconds;
    double peak_mib;
    char check[256];
} program;

static _Noreturn void fail(const char *what, const char *which)
{
    fprintf(stderr, "measure: %s '%s'\n", what, which);
    exit(1);
}

/* Reads what the command prints, line by line, to its end. */
static void read_answer(int fd, program *p, double *seconds)
{
    char line[4096];
    FILE *from = fdopen(fd, "r");
    while (from && fgets(line, sizeof line, from)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "check=", 6) == 0)
            snprintf(p->check, sizeof p->check, "%.255s", line + 6);
        if (strncmp(line, "seconds=", 8) == 0 &&
            !seg_parse_f64(line + 8, strlen(line + 8), '.', seconds))
            fail("cannot read the seconds of", p->line.program);
    }
    if (from)
        fclose(from);
}

static void run_once(program *p, size_t repeat)
{
    int ends[2];
    if (pipe(ends) != 0)
        fail("could not make a pipe for", p->line.program);
    double began = seg_clock_seconds();
    pid_t pid = fork();
    if (pid < 0)
        fail("could not start", p->line.program);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl("/bin/sh", "sh", "-c", p->command, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    double told = NAN;
    read_answer(ends[0], p, &told);
    int status = 0;
    struct rusage use;
    if (wait4(pid, &status, 0, &use) != pid || status != 0)
        fail("a failure of", p->command);
    double wall = seg_clock_seconds() - began;
    double cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                 1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    p->seconds[repeat] = !isnan(told) ? told : p->cpu ? cpu : wall;
    p->cpu_seconds += cpu;
    p->peak_mib = fmax(p->peak_mib, (double)use.ru_maxrss / 1024);
}

typedef struct arguments {
    bench_line line;   /* for the programs that follow */
    bool cpu;
    size_t repeats, n_programs;
    program programs[MAX_PROGRAMS];
} arguments;

static uint64_t whole_number(const char *text, uint64_t most)
{
    uint64_t value = 0;
    if (!seg_parse_u64(text, strlen(text), &value) || value < 1 || value > most)
        fail("not a number that is allowed:", text);
    return value;
}

static double real_number(const char *text)
{
    double value = 0;
    if (!seg_parse_f64(text, strlen(text), '.', &value) || !(value > 0))
        fail("not a number that is allowed:", text);
    return value;
}

static void read_option(arguments *a, const char *name, const char *value)
{
    if (strcmp(name, "--kind") == 0)
        a->line.kind = value;
    else if (strcmp(name, "--name") == 0)
        a->line.name = value;
    else if (strcmp(name, "--shape") == 0)
        a->line.shape = value;
    else if (strcmp(name, "--unit") == 0)
        a->line.unit = value;
    else if (strcmp(name, "--amount") == 0)
        a->line.amount = (double)whole_number(value, UINT64_MAX);
    else if (strcmp(name, "--limit") == 0)
        a->line.limit = real_number(value);
    else if (strcmp(name, "--repeats") == 0)
        a->repeats = whole_number(value, MAX_REPEATS);
    else if (strcmp(name, "--threads") == 0)
        a->line.n_threads = (int)whole_number(value, 4096);
    else if (strcmp(name, "--clock") == 0)
        a->cpu = strcmp(value, "cpu") == 0;
    else
        fail("unknown option", name);
}

static void read_arguments(int argc, char **argv, arguments *a)
{
    int i = 1;
    while (i + 1 < argc && a->n_programs < MAX_PROGRAMS) {
        if (strcmp(argv[i], "--") != 0) {
            read_option(a, argv[i], argv[i + 1]);
            i += 2;
        } else if (i + 2 < argc) {
            program *p = &a->programs[a->n_programs++];
            p->line = a->line;
            p->cpu = a->cpu;
            p->line.program = argv[i + 1];
            p->command = argv[i + 2];
            i += 3;
        } else {
            break;
        }
    }
    if (i != argc || a->n_programs == 0 || !a->line.name)
        fail("cannot understand the arguments; see", "bench/measure.c");
}

int main(int argc, char **argv)
{
    static arguments a = { .line = { .kind = "job", .unit = "rows", .amount = NAN, .limit = NAN,
                                     .n_threads = 1 },
                           .repeats = 5 };
    read_arguments(argc, argv, &a);
    for (size_t r = 0; r < a.repeats; r++)
        for (size_t i = 0; i < a.n_programs; i++)
            run_once(&a.programs[i], r);
    for (size_t i = 0; i < a.n_programs; i++) {
        program *p = &a.programs[i];
        p->line.check = p->check;
        p->line.peak_mib = p->peak_mib;
        p->line.timing = bench_summary(p->seconds, a.repeats);
        p->line.timing.cpu = p->cpu_seconds / (double)a.repeats;
        bench_print(&p->line);
    }
    return 0;
}
