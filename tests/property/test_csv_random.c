/* Random CSVs (tests/support/csv_random.c): read as tests/golden/csv_random.txt says, which
 * holds a digest of the whole transcript of each: messages, notes, types, levels, cells.
 *
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
#include "tests/support/csv_transcript.h"
#include "tests/support/files.h"

enum { N_GOLDEN = 8000, A_LINE = 16, MASK = 0xffffff };

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

/* ---- digests ------------------------------------------------------------------------------ */

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

/* ---- the current directory: of the test; the digests lie in the tree ------------------------ */

static int enter(void **state)
{
    char here[4000];
    if (getcwd(here, sizeof here) == NULL)
        return -1;
    snprintf(golden_path, sizeof golden_path, "%s/tests/golden/csv_random.txt", here);
    return enter_directory(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_texts_are_read_as_the_digests_say),
    };
    const char *seed = getenv("SEGMILL_CSV_SEED");
    if (seed != NULL)
        return (int)(digest(strtoull(seed, NULL, 10), true) & 0);
    return cmocka_run_group_tests(tests, enter, leave_directory);
}
