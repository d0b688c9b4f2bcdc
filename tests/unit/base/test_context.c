/* The context and what hangs on it: notes, progress, signals, clock, processor level, the
 * communicator of one process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <signal.h>
#include "base/clock.h"
#include "base/comm.h"
#include "base/cpu.h"
#include "base/stop.h"
#include "segmill/context.h"

typedef struct heard {
    seg_level level;
    char text[2000];
    uint64_t done, total;
    int calls;
} heard;

static void hear_note(void *user, seg_level level, const char *text)
{
    heard *h = user;
    h->level = level;
    h->calls++;
    snprintf(h->text, sizeof h->text, "%s", text);
}

static void hear_progress(void *user, const char *what, uint64_t done, uint64_t total)
{
    heard *h = user;
    h->done = done;
    h->total = total;
    h->calls++;
    snprintf(h->text, sizeof h->text, "%s", what);
}

static void the_defaults_are_those_of_the_header(void **state)
{
    (void)state;
    seg_context ctx = seg_context_defaults();
    assert_true(ctx.seed == 1 && ctx.n_threads == 0 && ctx.memory_bytes == 0);
    assert_true(ctx.block_rows == 0 && ctx.progress == NULL && ctx.note == NULL);
}

static void notes_are_one_line(void **state)
{
    (void)state;
    heard h = { 0 };
    seg_context ctx = seg_context_defaults();
    seg_note(NULL, SEG_LEVEL_INFO, "nobody listens");
    seg_note(&ctx, SEG_LEVEL_INFO, "nobody listens");
    ctx.user = &h;
    ctx.note = hear_note;
    seg_note(&ctx, SEG_LEVEL_WARN, "column '%s'\n\x1b[2J is empty", "age");
    assert_int_equal(h.level, SEG_LEVEL_WARN);
    assert_string_equal(h.text, "column 'age'??[2J is empty");
    char longer[3000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    seg_note(&ctx, SEG_LEVEL_INFO, "%s", longer);
    assert_int_equal(strlen(h.text), 1023);
}

static void a_step_reports_progress(void **state)
{
    (void)state;
    heard h = { 0 };
    seg_error err;
    seg_context ctx = seg_context_defaults();
    assert_int_equal(seg_step(NULL, "reading", 1, 2, &err), SEG_OK);
    ctx.user = &h;
    ctx.progress = hear_progress;
    assert_int_equal(seg_step(&ctx, "reading", 3, 7, &err), SEG_OK);
    assert_true(h.calls == 1 && h.done == 3 && h.total == 7);
    assert_string_equal(h.text, "reading");
}

static void a_signal_stops_at_the_next_step(void **state)
{
    (void)state;
    static const struct {
        int number;
        seg_status expected;
    } cases[] = { { SIGINT, SEG_E_INTERRUPTED }, { SIGTERM, SEG_E_TERMINATED },
                  { SIGHUP, SEG_E_TERMINATED } };
    seg_error err;
    seg_stop_on_signals();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(seg_stop_signal(), 0);
        assert_int_equal(raise(cases[i].number), 0);
        raise(SIGTERM);                         /* the first one counts */
        assert_int_equal(seg_stop_signal(), cases[i].number);
        assert_int_equal(seg_step(NULL, "training", 1, 2, &err), cases[i].expected);
        assert_non_null(strstr(err.text, "while training"));
        seg_stop_clear();
    }
    assert_int_equal(seg_step(NULL, "training", 1, 2, &err), SEG_OK);
}

static void clocks_go_forward(void **state)
{
    (void)state;
    double wall = seg_clock_seconds(), cpu = seg_clock_cpu_seconds();
    for (volatile int i = 0; i < 3000000; i++)
        ;
    assert_true(seg_clock_seconds() > wall && seg_clock_cpu_seconds() > cpu);
    assert_true(seg_clock_utc() > 1700000000);
}

static void the_environment_lowers_the_level_but_never_raises_it(void **state)
{
    (void)state;
    seg_isa best = seg_cpu_best_isa();
    for (int isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++) {
        setenv("SEGMILL_ISA", seg_isa_name((seg_isa)isa), 1);
        assert_int_equal(seg_cpu_isa(), isa < (int)best ? isa : (int)best);
    }
    setenv("SEGMILL_ISA", "v9", 1);
    assert_int_equal(seg_cpu_isa(), best);
    unsetenv("SEGMILL_ISA");
    assert_int_equal(seg_cpu_isa(), best);
    assert_string_equal(seg_isa_name(SEG_ISA_V3), "v3");
}

static void one_process_gathers_what_it_gave(void **state)
{
    (void)state;
    seg_comm *comm = seg_comm_self();
    seg_error err;
    double in[3] = { 1, 2, 3 }, out[3] = { 0 };
    int64_t sums[2] = { 5, -7 };
    assert_true(comm->rank == 0 && comm->size == 1);
    assert_int_equal(comm->gather_f64(comm, in, 3, out, &err), SEG_OK);
    assert_memory_equal(in, out, sizeof in);
    assert_int_equal(comm->sum_i64(comm, sums, 2, &err), SEG_OK);
    assert_true(sums[0] == 5 && sums[1] == -7);
    assert_int_equal(comm->broadcast(comm, sums, sizeof sums, &err), SEG_OK);
    assert_true(sums[0] == 5 && sums[1] == -7);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_header),
        cmocka_unit_test(notes_are_one_line),
        cmocka_unit_test(a_step_reports_progress),
        cmocka_unit_test(a_signal_stops_at_the_next_step),
        cmocka_unit_test(clocks_go_forward),
        cmocka_unit_test(the_environment_lowers_the_level_but_never_raises_it),
        cmocka_unit_test(one_process_gathers_what_it_gave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
