/* supervise.c: one fork, one answer.
 *
 * The child writes its status and message into a page shared with the parent, as the last
 * thing it does; a child that ends without it died in somebody else's code. Signals are
 * blocked in the parent and read from a descriptor, so that no moment is left in which one
 * could end the parent and leave files behind. */
#include "base/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/try.h"

static const double GRACE_SECONDS = 5;   /* from the polite signal to SIGKILL */

/* What the child says at its end. */
typedef struct answer {
    _Atomic int given;
    int status;
    char text[sizeof((seg_error *)0)->text];
} answer;

typedef struct watch {
    pid_t child;
    int signals;        /* descriptor */
    int stop_signal;    /* that we were asked to stop with, or 0 */
    bool late;          /* the deadline has passed */
    bool killed;        /* by us */
    double late_at, kill_at;   /* on the monotonic clock; 0: never */
    int words[2];       /* pipe of what libraries say; -1: none */
} watch;

/* ---- the child ---- */

/* A limit of 1, not 0: the kernel then does not start a core-dump helper either
 * (Linux fs/coredump.c), and no file can be that short. Cores hold customer data. */
static void limit_child(const seg_supervise_options *options)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){1, 1});
    if (options->memory_bytes != 0)
        setrlimit(RLIMIT_AS, &(struct rlimit){options->memory_bytes, options->memory_bytes});
    if (options->cpu_seconds != 0)
        setrlimit(RLIMIT_CPU, &(struct rlimit){options->cpu_seconds, RLIM_INFINITY});
}

/* If the system must kill one of the two, then the one whose parent tells of it: a tenth of
 * the memory there is counts as in use more than is. */
static void offer_to_be_killed(void)
{
    static const char tenth[] = "100";
    int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    char now[16] = "";
    if (fd < 0)
        return;
    bool usual = pread(fd, now, sizeof now - 1, 0) == 2 && now[0] == '0';
    if (usual)
        (void)!pwrite(fd, tenth, sizeof tenth - 1, 0);   /* or it stays as it is */
    close(fd);
}

_Noreturn static void leave(int code)
{
    fflush(NULL);
#if defined(__SANITIZE_ADDRESS__) || defined(SEG_COVERAGE)
    exit(code);    /* leak check and coverage counts are written at exit */
#else
    _exit(code);   /* no library gets a chance to fail at exit */
#endif
}

static answer *child_says;   /* in the child */

/* In a signal handler. */
static void give_up(const char *line)
{
    size_t n = strnlen(line, sizeof child_says->text - 1);
    memcpy(child_says->text, line, n);
    child_says->text[n] = 0;
    child_says->status = SEG_E_IO;
    atomic_store(&child_says->given, 1);
    _exit(SEG_E_IO);
}

/* The C library tells of a damaged heap on descriptor 2, whatever stderr is: that becomes
 * the pipe, and our own lines go on to the terminal. A full pipe loses what follows. */
static void hush_libraries(const int words[2])
{
    int own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (own < 0 || words[1] < 0 || dup2(words[1], STDERR_FILENO) < 0)
        return;
    seg_log_fd = own;
}

_Noreturn static void run_child(seg_status (*work)(void *arg, seg_error *err), void *arg,
                                   const seg_supervise_options *options, answer *said,
                                   pid_t parent, const sigset_t *mask, const int words[2])
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(SEG_E_IO);   /* it died before the line above */
    umask(077);
    limit_child(options);
    offer_to_be_killed();
    hush_libraries(words);
    child_says = said;
    seg_guard_enable(give_up);
    sigprocmask(SIG_SETMASK, mask, NULL);

    seg_error err = {0};
    seg_status st = work(arg, &err);
    said->status = (int)st;
    memcpy(said->text, err.text, sizeof said->text);
    atomic_store(&said->given, 1);
    leave((int)st);
}

/* ---- the parent ---- */

static void read_signals(watch *w)
{
    struct signalfd_siginfo info;
    while (read(w->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD || w->stop_signal != 0)
            continue;
        w->stop_signal = (int)info.ssi_signo;
        w->kill_at = seg_clock_seconds() + GRACE_SECONDS;
        if (info.ssi_code != SI_KERNEL)   /* from a terminal the child has it already */
            kill(w->child, w->stop_signal);
    }
}

static void check_clock(watch *w)
{
    double now = seg_clock_seconds();
    if (w->late_at > 0 && now >= w->late_at && !w->late && w->stop_signal == 0) {
        w->late = true;
        w->kill_at = now + GRACE_SECONDS;
        kill(w->child, SIGTERM);
    }
    if (w->kill_at > 0 && now >= w->kill_at && !w->killed) {
        w->killed = true;
        kill(w->child, SIGKILL);
    }
}

static int pause_ms(const watch *w)
{
    double next = w->kill_at > 0 ? w->kill_at : w->late_at;
    if (next <= 0 || w->killed)
        return 1000;   /* a lost SIGCHLD costs a second, not the run */
    double left = next - seg_clock_seconds();
    return left <= 0 ? 1 : left >= 1 ? 1000 : (int)(left * 1000) + 1;
}

/* Until the child is gone; its wait status, or -1. */
static int wait_for(watch *w)
{
    for (;;) {
        int how;
        pid_t gone = waitpid(w->child, &how, WNOHANG);
        if (gone == w->child)
            return how;
        if (gone < 0 && errno != EINTR)
            return -1;
        struct pollfd wake = {.fd = w->signals, .events = POLLIN};
        poll(&wake, 1, pause_ms(w));
        read_signals(w);
        check_clock(w);
    }
}

static bool known_status(int status)
{
    switch (status) {
    case SEG_OK: case SEG_E_IO: case SEG_E_USAGE: case SEG_E_DATA: case SEG_E_GATE:
    case SEG_E_VERIFY: case SEG_E_AGAIN: case SEG_E_INTERRUPTED: case SEG_E_TERMINATED:
        return true;
    }
    return false;
}

static void open_words(watch *w, bool hush)
{
    w->words[0] = w->words[1] = -1;
#ifndef __SANITIZE_ADDRESS__   /* it writes there, too */
    if (hush && pipe2(w->words, O_CLOEXEC | O_NONBLOCK) != 0)
        w->words[0] = w->words[1] = -1;
#else
    (void)hush;
#endif
}

static void close_words(watch *w)
{
    for (int i = 0; i < 2; i++)
        if (w->words[i] >= 0)
            close(w->words[i]);
}

/* ": " and the last line that libraries wrote, or "". */
static const char *last_words(const watch *w, char out[256])
{
    char bytes[4096];
    ssize_t n, got = 0;
    while (w->words[0] >= 0 && (n = read(w->words[0], bytes, sizeof bytes - 1)) > 0)
        got = n;
    while (got > 0 && (bytes[got - 1] == '\n' || bytes[got - 1] == '\r'))
        got--;
    bytes[got] = 0;
    const char *line = strrchr(bytes, '\n');
    snprintf(out, 256, "%s%.240s", got > 0 ? ": " : "", line == NULL ? bytes : line + 1);
    return out;
}

static seg_status killed_by(const watch *w, int number, const seg_supervise_options *options,
                            seg_error *err)
{
    char said[256];
    const char *name = sigdescr_np(number);
    if (name == NULL)
        name = "unknown";
    switch (number) {
    case SIGXCPU:
        return seg_fail(err, SEG_E_GATE, "the limit of %u seconds of processor time was reached",
                        options->cpu_seconds);
    case SIGKILL:
        return seg_fail(err, SEG_E_AGAIN, "the worker was killed, most likely because the machine"
                        " or its memory cgroup is out of memory; give it more, or the command"
                        " less with --memory");
    case SIGPIPE:
        return seg_fail(err, SEG_E_IO, "could not write: the reader of the output went away");
    default:
        return seg_fail(err, SEG_E_IO, "a library ended the run: signal %d (%s), from damaged"
                        " input or a bug%s", number, name, last_words(w, said));
    }
}

static seg_status stopped_by(int number, seg_error *err)
{
    return seg_fail(err, number == SIGINT ? SEG_E_INTERRUPTED : SEG_E_TERMINATED,
                    "stopped by SIG%s", sigabbrev_np(number));
}

static seg_status judge(const watch *w, int how, answer *said,
                        const seg_supervise_options *options, seg_error *err)
{
    bool given = atomic_load(&said->given) == 1 && known_status(said->status) &&
                 (!WIFEXITED(how) || WEXITSTATUS(how) == said->status);
    if (given && said->status == SEG_OK)
        return SEG_OK;   /* it was done before the signal or the deadline reached it */
    if (w->stop_signal != 0)
        return stopped_by(w->stop_signal, err);
    if (w->late)
        return seg_fail(err, SEG_E_GATE, "the time limit of %g seconds was reached",
                        options->deadline_seconds);
    if (given) {
        said->text[sizeof said->text - 1] = 0;
        return seg_fail(err, (seg_status)said->status, "%s",
                        said->text[0] == 0 ? "failed without saying why" : said->text);
    }
    if (WIFSIGNALED(how))
        return killed_by(w, WTERMSIG(how), options, err);
    char words[256];
    return seg_fail(err, SEG_E_IO, "a library ended the run (exit code %d)%s",
                    WIFEXITED(how) ? WEXITSTATUS(how) : -1, last_words(w, words));
}

static seg_status run(seg_status (*work)(void *arg, seg_error *err), void *arg,
                      const seg_supervise_options *options, int signals, const sigset_t *mask,
                      seg_error *err)
{
    answer *said = mmap(NULL, sizeof *said, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0);
    if (said == MAP_FAILED)
        return seg_fail(err, SEG_E_AGAIN, "could not start a worker: out of memory");
    watch w = {.signals = signals};
    if (options->deadline_seconds > 0)
        w.late_at = seg_clock_seconds() + options->deadline_seconds;

    open_words(&w, options->hush);
    pid_t parent = getpid();
    fflush(NULL);   /* or the child would write it again */
    w.child = fork();
    if (w.child == 0) {
        close(signals);
        run_child(work, arg, options, said, parent, mask, w.words);
    }
    seg_status st;
    if (w.child < 0) {
        st = seg_errno(err, errno, "worker", "start");
    } else {
        int how = wait_for(&w);
        seg_temp_sweep(w.child);
        st = judge(&w, how, said, options, err);
    }
    close_words(&w);
    munmap(said, sizeof *said);
    return st;
}

seg_status seg_supervise(seg_status (*work)(void *arg, seg_error *err), void *arg,
                         const seg_supervise_options *options, seg_error *err)
{
    static const seg_supervise_options none;
    sigset_t set, mask;
    struct sigaction as_before;
    int signals = -1;
    seg_status st = seg_temp_share(err);
    if (st != SEG_OK)
        return st;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &mask);
    /* A scheduler may have us ignore it; then no child could be waited for. */
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &as_before);

    if (seg_stop_signal() != 0) {
        st = stopped_by(seg_stop_signal(), err);
        goto done;
    }
    signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) {
        st = seg_errno(err, errno, "worker", "watch");
        goto done;
    }
    TRY(run(work, arg, options == NULL ? &none : options, signals, &mask, err));

done:
    if (signals >= 0)
        close(signals);
    sigaction(SIGCHLD, &as_before, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return st;
}
