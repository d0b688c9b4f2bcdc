/* log.c: lines and one bar on stderr. Every line goes out by a single write(), so that
 * lines of parent and worker do not mix. */
#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/date.h"

/* Seconds between two drawings of the bar, and between two lines of a log. */
static const double draw_every = 0.1, line_every = 10;

typedef struct line {
    char bytes[4096];
    size_t n;
} line;

int seg_log_fd = STDERR_FILENO;

static void add(line *l, const char *s)
{
    size_t n = strlen(s), most = sizeof l->bytes - 2 - l->n;
    if (n > most)
        n = most;
    memcpy(l->bytes + l->n, s, n);
    l->n += n;
}

/* A lost line of a log is no reason to fail. */
static void put(line *l, const char *end)
{
    add(l, end);
    ssize_t written = write(seg_log_fd, l->bytes, l->n);
    (void)written;
}

static void erase_bar(seg_log *log)
{
    line l = { .n = 0 };
    if (log->drawn)
        put(&l, "\r\033[K");
    log->drawn = false;
}

/* A JSON string; control characters and bytes beyond ASCII's end stay valid because
 * names in notes are UTF-8 already. */
static void add_json(line *l, const char *s)
{
    add(l, "\"");
    for (; *s != 0; s++) {
        unsigned char c = (unsigned char)*s;
        char piece[8];
        if (c == '"' || c == '\\')
            snprintf(piece, sizeof piece, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            snprintf(piece, sizeof piece, "\\u%04x", c);
        else
            snprintf(piece, sizeof piece, "%c", c);
        if (l->n + 64 < sizeof l->bytes)
            add(l, piece);
    }
    add(l, "\"");
}

/* {"time": ..., "command": ..., "level": LEVEL, KEY: TEXT   without the end */
static void begin_json(line *l, const seg_log *log, const char *level, const char *key,
                       const char *text)
{
    char time[SEG_DATE_BYTES];
    seg_print_time(time, seg_clock_utc());
    add(l, "{\"time\":\"");
    add(l, time);
    add(l, "Z\",\"command\":");
    add_json(l, log->command);
    add(l, ",\"level\":\"");
    add(l, level);
    add(l, "\",\"");
    add(l, key);
    add(l, "\":");
    add_json(l, text);
}

void seg_log_begin(seg_log *log, seg_log_form form, bool quiet, const char *command)
{
    const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");
    bool dumb = kind == NULL || strcmp(kind, "dumb") == 0;
    *log = (seg_log){ .form = form, .quiet = quiet, .command = command };
    log->terminal = isatty(seg_log_fd) == 1 && !dumb;
    log->colour = log->terminal && (no_colour == NULL || no_colour[0] == 0);
    log->started = log->what_started = seg_clock_seconds();
}

void seg_log_end(seg_log *log)
{
    erase_bar(log);
}

/* ---- notes ---------------------------------------------------------------- */

void seg_log_note(void *user, seg_level level, const char *text)
{
    seg_log *log = user;
    bool warn = level == SEG_LEVEL_WARN, asked = log->form != SEG_LOG_AUTO;
    if (warn ? log->quiet && !asked : log->quiet || (!asked && !log->terminal))
        return;
    erase_bar(log);
    line l = { .n = 0 };
    if (log->form == SEG_LOG_JSON) {
        begin_json(&l, log, warn ? "warning" : "info", "text", text);
        put(&l, "}\n");
        return;
    }
    const char *on = log->colour && warn ? "\033[33m" : "";
    add(&l, "segmill ");
    add(&l, log->command);
    add(&l, ": ");
    add(&l, on);
    add(&l, warn ? "warning: " : "note: ");
    add(&l, on[0] != 0 ? "\033[0m" : "");
    add(&l, text);
    put(&l, "\n");
}

/* ---- progress ------------------------------------------------------------- */

/* "812", "1.2 k", "34.5 M" */
static void add_count(line *l, double value)
{
    static const char *const units[] = { "", " k", " M", " G", " T" };
    size_t unit = 0;
    char text[32];
    while (value >= 1000 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1000;
        unit++;
    }
    snprintf(text, sizeof text, unit == 0 ? "%.0f%s" : "%.1f%s", value, units[unit]);
    add(l, text);
}

/* "12 s", "3 min 20 s", "2 h 5 min" */
static void add_duration(line *l, double seconds)
{
    char text[48];
    long s = lround(seconds < 1e8 ? seconds : 1e8);
    if (s < 60)
        snprintf(text, sizeof text, "%ld s", s);
    else if (s < 3600)
        snprintf(text, sizeof text, "%ld min %ld s", s / 60, s % 60);
    else
        snprintf(text, sizeof text, "%ld h %ld min", s / 3600, s / 60 % 60);
    add(l, text);
}

/* "reading: 45 %, 1.2 M/s, 12 s left" */
static void add_progress(line *l, const char *what, uint64_t done, uint64_t total,
                         double seconds)
{
    char share[16];
    double rate = seconds > 0 ? (double)done / seconds : 0;
    add(l, what);
    add(l, ": ");
    if (total > 0) {
        double part = done < total ? (double)done / (double)total : 1;
        snprintf(share, sizeof share, "%.0f %%", floor(100 * part));
        add(l, share);
    } else {
        add_count(l, (double)done);
    }
    if (rate > 0) {
        add(l, ", ");
        add_count(l, rate);
        add(l, "/s");
    }
    if (rate > 0 && total > done) {
        add(l, ", ");
        add_duration(l, (double)(total - done) / rate);
        add(l, " left");
    }
}

static void draw_bar(seg_log *log, const char *what, uint64_t done, uint64_t total,
                     double seconds)
{
    enum { CELLS = 20 };
    line l = { .n = 0 };
    add(&l, "\r\033[K");
    if (total > 0) {
        char bar[CELLS + 4] = "[";
        size_t full = done < total ? (size_t)((double)done / (double)total * CELLS) : CELLS;
        memset(bar + 1, '#', full);
        memset(bar + 1 + full, '.', CELLS - full);
        memcpy(bar + 1 + CELLS, "] ", 3);
        add(&l, bar);
    }
    add_progress(&l, what, done, total, seconds);
    put(&l, "");
    log->drawn = true;
}

static void write_progress(const seg_log *log, const char *what, uint64_t done,
                           uint64_t total, double seconds)
{
    line l = { .n = 0 };
    if (log->form == SEG_LOG_JSON) {
        char numbers[128];
        begin_json(&l, log, "progress", "what", what);
        snprintf(numbers, sizeof numbers, ",\"done\":%llu,\"total\":%llu,\"seconds\":%.1f}",
                 (unsigned long long)done, (unsigned long long)total, seconds);
        add(&l, numbers);
    } else {
        add(&l, "segmill ");
        add(&l, log->command);
        add(&l, ": ");
        add_progress(&l, what, done, total, seconds);
    }
    put(&l, "\n");
}

void seg_log_progress(void *user, const char *what, uint64_t done, uint64_t total)
{
    seg_log *log = user;
    bool bar = log->form == SEG_LOG_AUTO;
    if (log->quiet || (bar && !log->terminal))
        return;
    double now = seg_clock_seconds();
    bool begins = log->what == NULL || strcmp(log->what, what) != 0;
    if (begins) {
        log->what = what;
        log->what_started = now;
    }
    if (now - log->last_drawn < (bar ? draw_every : line_every) && !(begins && !bar))
        return;
    log->last_drawn = now;
    if (bar)
        draw_bar(log, what, done, total, now - log->what_started);
    else
        write_progress(log, what, done, total, now - log->what_started);
}
