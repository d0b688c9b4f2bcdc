/* Random CSVs (tests/support/csv_random.c) are read as the plain import of csv_plain.h reads
 * them, whatever the threads, the blocks and the places where the text is cut for them; and
 * as tests/golden/csv_random.txt says, which holds a digest of the whole transcript of each:
 * messages, notes, types, levels, cells.
 *
 *   SEGMILL_CSV_COUNT=N    so many texts against the plain import (5000)
 *   SEGMILL_CSV_SEED=N     only this one, with its text and transcript
 *   SEGMILL_CSV_GOLDEN=1   write the digests anew */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "data/csv_import.h"
#include "tests/support/csv_plain.h"
#include "tests/support/csv_transcript.h"
#include "tests/support/files.h"

enum { N_GOLDEN = 8000, N_PLAIN = 5000, A_LINE = 16, MASK = 0xffffff, SHRINK_TRIES = 20000 };

static char golden_path[4096];

static seg_context plain_context(void)
{
    seg_context how = seg_context_defaults();
    how.n_threads = 1;
    how.block_rows = SEG_CHUNK_ROWS;
    how.memory_bytes = 1u << 30;
    return how;
}

static void show(const csv_random *csv, const char *transcript)
{
    fprintf(stderr, "seed %llu:", (unsigned long long)csv->seed);
    for (size_t i = 0; i < csv->n_words; i++)
        fprintf(stderr, " --%.300s", csv->words[i]);
    fprintf(stderr, " (%zu bytes)\n%.*s\n-----\n%.3000s=====\n", csv->n,
            (int)(csv->n < 3000 ? csv->n : 3000), csv->text == NULL ? "" : csv->text, transcript);
}

/* ---- against the plain import ----------------------------------------------------------- */

static seg_context odd_context(uint64_t seed)
{
    seg_context how = plain_context();
    how.n_threads = 1 + (uint32_t)(seed % 3);
    how.block_rows = SEG_CHUNK_ROWS * (1 + seed / 3 % 2);
    return how;
}

/* Where the plain import does not know the kind: one thread, whole text. */
static bool differs(const csv_random *csv, char *difference, size_t size)
{
    size_t n;
    seg_context odd = odd_context(csv->seed), plain = plain_context();
    seg_csv_chunk_bytes = csv->seed / 6 % 4 == 0 ? 0 : 1 + csv->seed / 24 % 100;
    char *got = csv_transcript(csv, &odd, &n);
    seg_csv_chunk_bytes = 0;
    char *expected = csv_plain_transcript(csv, &n);
    if (expected == NULL)
        expected = csv_transcript(csv, &plain, &n);
    bool differ = csv_transcripts_differ(got, expected, difference, size);
    free(got);
    free(expected);
    assert_int_equal(seg_alloc_live, 0);
    return differ;
}

/* Take out what does not matter, in ever smaller pieces. */
static void shrink(csv_random *csv)
{
    char difference[1024], *kept = malloc(csv->n + 1);
    assert_non_null(kept);
    size_t tries = 0;
    for (size_t piece = csv->n / 2; piece > 0 && tries < SHRINK_TRIES; piece /= 2)
        for (size_t at = 0; at < csv->n && tries < SHRINK_TRIES; tries++) {
            size_t n = csv->n, cut = piece < n - at ? piece : n - at;
            memcpy(kept, csv->text, n);
            memmove(csv->text + at, csv->text + at + cut, n - at - cut);
            csv->n -= cut;
            if (differs(csv, difference, sizeof difference))
                continue;
            memcpy(csv->text, kept, n);
            csv->n = n;
            at += piece;
        }
    free(kept);
}

static void fail_shrunk(csv_random *csv)
{
    char difference[1024];
    shrink(csv);
    differs(csv, difference, sizeof difference);
    show(csv, "");
    fail_msg("seed %llu: here and in the plain import: %s", (unsigned long long)csv->seed,
             difference);
}

static void random_texts_are_read_as_by_the_plain_import(void **state)
{
    (void)state;
    const char *count = getenv("SEGMILL_CSV_COUNT");
    uint64_t n = count == NULL ? N_PLAIN : strtoull(count, NULL, 10);
    for (uint64_t seed = N_GOLDEN; seed < N_GOLDEN + n; seed++) {
        csv_random csv;
        char difference[1024];
        csv_random_make(seed, &csv);
        if (differs(&csv, difference, sizeof difference))
            fail_shrunk(&csv);
        csv_random_free(&csv);
    }
}

/* ---- digests ---------------------------------------------------------------------------- */

static unsigned digest(uint64_t seed, bool shown)
{
    csv_random csv;
    size_t n;
    seg_context how = plain_context();
    csv_random_make(seed, &csv);
    char *transcript = csv_transcript(&csv, &how, &n);
    unsigned result = (unsigned)(seg_xxh3(transcript, n) & MASK);
    if (shown)
        show(&csv, transcript);
    free(transcript);
    csv_random_free(&csv);
    assert_int_equal(seg_alloc_live, 0);
    return result;
}

static uint64_t hash_of_texts(void)
{
    uint64_t hash = 0;
    for (uint64_t seed = 0; seed < N_GOLDEN; seed++) {
        csv_random csv;
        csv_random_make(seed, &csv);
        hash = hash * 31 + seg_xxh3(csv.text, csv.n);
        csv_random_free(&csv);
    }
    return hash;
}

static void write_golden(void)
{
    FILE *f = fopen(golden_path, "w");
    assert_non_null(f);
    fprintf(f, "texts %016llx\n", (unsigned long long)hash_of_texts());
    for (uint64_t seed = 0; seed < N_GOLDEN; seed++)
        fprintf(f, "%06x%c", digest(seed, false), seed % A_LINE == A_LINE - 1 ? '\n' : ' ');
    assert_int_equal(fclose(f), 0);
}

static void read_golden(unsigned *digests)
{
    unsigned long long texts;
    FILE *f = fopen(golden_path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "texts %llx", &texts), 1);
    if (texts != hash_of_texts())
        fail_msg("the texts are others than those of the digests: csv_random.c was changed");
    for (size_t i = 0; i < N_GOLDEN; i++)
        assert_int_equal(fscanf(f, "%x", &digests[i]), 1);
    fclose(f);
}

static void random_texts_are_read_as_the_digests_say(void **state)
{
    (void)state;
    static unsigned digests[N_GOLDEN];
    size_t n_other = 0;
    if (getenv("SEGMILL_CSV_GOLDEN") != NULL)
        write_golden();
    read_golden(digests);
    for (uint64_t seed = 0; seed < N_GOLDEN; seed++)
        if (digest(seed, false) != digests[seed] && n_other++ < 3)
            digest(seed, true);
    if (n_other > 0)
        fail_msg("%zu of %d are read differently", n_other, N_GOLDEN);
}

/* ---- the current directory: of the test; the digests lie in the tree --------------------- */

static int enter(void **state)
{
    char here[4000];
    if (getcwd(here, sizeof here) == NULL)
        return -1;
    snprintf(golden_path, sizeof golden_path, "%s/tests/golden/csv_random.txt", here);
    return enter_memory(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_texts_are_read_as_by_the_plain_import),
        cmocka_unit_test(random_texts_are_read_as_the_digests_say),
    };
    const char *seed = getenv("SEGMILL_CSV_SEED");
    if (seed != NULL)
        return (int)(digest(strtoull(seed, NULL, 10), true) & 0);
    return cmocka_run_group_tests(tests, enter, leave_directory);
}
