/* csv_transcript.h: everything that an import says and hands out, as one readable text, so
 * that two readings can be compared, by eye too. */
#ifndef TESTS_SUPPORT_CSV_TRANSCRIPT_H
#define TESTS_SUPPORT_CSV_TRANSCRIPT_H

#include <stddef.h>
#include "data/csv.h"
#include "tests/support/csv_random.h"

/* Options from their words; false with the reason in err. */
bool csv_random_options(const csv_random *csv, seg_import_options *options, seg_error *err);

/* Writes the text to csv->path in the current directory, imports it, and tells: the options,
 * the status and the message, the rejects file, the notes and the report, the schema with its
 * levels, each cell. Free it. Leaves no file. */
char *csv_transcript(const csv_random *csv, const seg_context *how, size_t *n_bytes);

/* The first line in which two transcripts differ, into `out`; false if they are equal. */
bool csv_transcripts_differ(const char *a, const char *b, char *out, size_t size);

#endif
