/* report_parts.h: the sections of the page, for report_page.c. Each writes one element of
 * the array of its name in the facts (see report.h); n counts them, for ids. */
#ifndef SEGMILL_RENDER_REPORT_PARTS_H
#define SEGMILL_RENDER_REPORT_PARTS_H

#include <stdbool.h>
#include "base/text.h"
#include "segmill/doc.h"

void seg_report_segments(seg_text *out, const seg_node *group, size_t n);
void seg_report_grid(seg_text *out, const seg_node *group, size_t n);
/* sizes: with those of the training, where no scores say more. */
void seg_report_profile(seg_text *out, const seg_node *profile, bool sizes);
/* Each segment in sentences, and what became of the segments before: if the profile has them. */
void seg_report_portraits(seg_text *out, const seg_node *profile);
void seg_report_migration(seg_text *out, const seg_node *profile);
/* How many segments, where a range of numbers was tried. */
void seg_report_scan(seg_text *out, const seg_node *profile, size_t n);
void seg_report_risk(seg_text *out, const seg_node *risk, size_t n);
/* What was measured of a model's probabilities: nothing if it was not. */
void seg_report_quality(seg_text *out, const seg_node *quality, size_t n);
void seg_report_tree(seg_text *out, const seg_node *tree, size_t n);
void seg_report_rules(seg_text *out, const seg_node *rules, size_t n);
void seg_report_offers(seg_text *out, const seg_node *offers, size_t n);
void seg_report_lists(seg_text *out, const seg_node *lists);
/* The facts worth a line at the top, as items of a list. */
void seg_report_glance(seg_text *out, const seg_node *facts);

/* The sentences under a heading: see, what is written next, act, what is written next, end. */
void seg_report_see(seg_text *out);
void seg_report_act(seg_text *out);
void seg_report_words_end(seg_text *out);
/* <h3>HEADING <small>from SOURCE</small></h3>; the source is escaped. */
void seg_report_heading(seg_text *out, const char *heading, const char *source);
/* A name inside a sentence: escaped, cut, bold. */
void seg_report_name(seg_text *out, const char *name);
/* "and 12 more" under a table that was cut; nothing for 0. */
void seg_report_more(seg_text *out, size_t n_more, const char *what);
/* Row of the group with the most of `member` (an integer); null if there is none. */
const seg_node *seg_report_largest(const seg_node *rows, const char *member);
/* The member of that name: a number or NaN, a whole number or 0, a text or "". */
double seg_report_real(const seg_node *node, const char *name);
int64_t seg_report_int(const seg_node *node, const char *name);
const char *seg_report_string(const seg_node *node, const char *name);

#endif
