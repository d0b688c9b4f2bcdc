/* report_scores.c: scores as counts: one pass, memory for categories and not for rows.
 *
 * Money is whole numbers; probabilities are added in units of 1e-9, so that every sum is
 * exact and the page does not depend on blocks. */
#include "jobs/report_facts.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "data/dictionary.h"
#include "data/h5.h"
#include "jobs/pipe.h"
#include "segmill/stream.h"

enum { MAX_SEGMENT_COLUMNS = 8, LEVELS = 10, DECILES = 10, MAX_REASONS = 4096 };
#define NONE SIZE_MAX
#define RISK_UNIT 1e9

typedef struct tally {
    int64_t customers, money, with_money, risk, with_risk;
} tally;

typedef struct scan {
    const seg_schema *schema;
    const char *name;            /* of the file */
    size_t segment[MAX_SEGMENT_COLUMNS], n_segments;
    tally *tallies[MAX_SEGMENT_COLUMNS];          /* n_levels + 1: the last has no segment */
    size_t r, f, money, probability, decile, band, reason, offer;
    tally grid[LEVELS][LEVELS], deciles[DECILES + 1], all;
    int64_t *bands, *offers;     /* n_levels + 1 */
    seg_dictionary *reasons;
    int64_t *reason_counts;
    size_t reasons_cap;
} scan;

/* ---- columns --------------------------------------------------------------------------- */

/* "segment_name", and "rfm_segment_name" where several models were scored at once. */
static bool is_called(const char *name, const char *wanted)
{
    size_t n = strlen(name), m = strlen(wanted);
    return seg_ends_with(name, wanted) && (n == m || name[n - m - 1] == '_');
}

static size_t find_column(const seg_schema *schema, const char *wanted, seg_type type)
{
    for (size_t c = 0; c < schema->n_columns; c++)
        if (schema->columns[c].type == type && is_called(schema->columns[c].name, wanted))
            return c;
    return NONE;
}

static void find_columns(scan *s)
{
    const seg_schema *schema = s->schema;
    s->r = find_column(schema, "r", SEG_TYPE_I64);
    s->f = find_column(schema, "f", SEG_TYPE_I64);
    s->money = find_column(schema, "monetary", SEG_TYPE_I64);
    s->probability = find_column(schema, "probability", SEG_TYPE_F32);
    s->decile = find_column(schema, "churn_decile", SEG_TYPE_I64);
    s->band = find_column(schema, "band", SEG_TYPE_CODE);
    s->reason = find_column(schema, "reason_1", SEG_TYPE_TEXT);
    s->offer = find_column(schema, "offer_1", SEG_TYPE_CODE);
    for (size_t c = 0; c < schema->n_columns && s->n_segments < MAX_SEGMENT_COLUMNS; c++)
        if (schema->columns[c].type == SEG_TYPE_CODE
            && is_called(schema->columns[c].name, "segment_name"))
            s->segment[s->n_segments++] = c;
}

static seg_status scan_begin(scan *s, const seg_source *source, const char *path, seg_error *err)
{
    seg_status st = SEG_OK;
    s->schema = source->schema;
    s->name = path;
    find_columns(s);
    for (size_t i = 0; i < s->n_segments; i++)
        TRY(SEG_ALLOC(&s->tallies[i], s->schema->columns[s->segment[i]].n_levels + 1,
                      "the counts", err));
    if (s->band != NONE)
        TRY(SEG_ALLOC(&s->bands, s->schema->columns[s->band].n_levels + 1, "the counts", err));
    if (s->offer != NONE)
        TRY(SEG_ALLOC(&s->offers, s->schema->columns[s->offer].n_levels + 1, "the counts", err));
    if (s->reason != NONE)
        TRY(seg_dictionary_new(&s->reasons, err));
done:
    return st;
}

static void scan_free(scan *s)
{
    for (size_t i = 0; i < s->n_segments; i++)
        seg_free(s->tallies[i]);
    seg_free(s->bands);
    seg_free(s->offers);
    seg_free(s->reason_counts);
    seg_dictionary_free(s->reasons);
}

/* ---- rows ------------------------------------------------------------------------------ */

typedef struct worth {
    int64_t money;    /* SEG_MISSING_I64 if not known */
    int64_t risk;     /* in RISK_UNIT; -1 if not known */
} worth;

static seg_status tally_add(const scan *s, tally *t, const worth *one, seg_error *err)
{
    bool over = false;
    t->customers++;
    if (one->money != SEG_MISSING_I64) {
        over |= __builtin_add_overflow(t->money, one->money, &t->money);
        t->with_money++;
    }
    if (one->risk >= 0) {
        over |= __builtin_add_overflow(t->risk, one->risk, &t->risk);
        t->with_risk++;
    }
    return over ? seg_fail(err, SEG_E_DATA, "%s: the sum of a column does not fit 64 bits", s->name)
                : SEG_OK;
}

static seg_status read_row(const scan *s, const seg_block *block, size_t i, worth *out,
                           seg_error *err)
{
    *out = (worth){ SEG_MISSING_I64, -1 };
    if (s->money != NONE)
        out->money = ((const int64_t *)block->columns[s->money])[i];
    if (s->probability == NONE)
        return SEG_OK;
    float p = ((const float *)block->columns[s->probability])[i];
    if (isnan(p))
        return SEG_OK;
    if (!(p >= 0 && p <= 1))
        return seg_fail(err, SEG_E_DATA, "%s: row %llu: column '%s' is no probability (0 .. 1)",
                        s->name, (unsigned long long)(block->first_row + i + 1),
                        s->schema->columns[s->probability].name);
    out->risk = (int64_t)((double)p * RISK_UNIT + 0.5);
    return SEG_OK;
}

static int64_t whole_at(const seg_block *block, size_t column, size_t i)
{
    return ((const int64_t *)block->columns[column])[i];
}

/* The level's place, or the one after the last for a missing value. */
static seg_status level_at(const scan *s, const seg_block *block, size_t column, size_t i,
                           size_t *out, seg_error *err)
{
    const seg_column *c = &s->schema->columns[column];
    int32_t code = ((const int32_t *)block->columns[column])[i];
    if (code >= 0 && (size_t)code >= c->n_levels)
        return seg_fail(err, SEG_E_DATA, "%s: row %llu: column '%s' has the code %d of %zu"
                        " categories", s->name, (unsigned long long)(block->first_row + i + 1),
                        c->name, code, c->n_levels);
    *out = code < 0 ? c->n_levels : (size_t)code;
    return SEG_OK;
}

static seg_status add_reason(scan *s, const seg_block *block, size_t i, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t width = s->schema->columns[s->reason].width;
    const char *cell = (const char *)block->columns[s->reason] + i * width;
    size_t n = seg_cell_length(cell, width);
    int32_t code = n == 0 ? -1 : seg_dictionary_find(s->reasons, cell, n);
    if (n == 0 || (code < 0 && seg_dictionary_size(s->reasons) >= MAX_REASONS))
        return SEG_OK;
    if (code < 0) {
        TRY(seg_dictionary_add(s->reasons, cell, n, &code, err));
        TRY(SEG_GROW(&s->reason_counts, &s->reasons_cap, seg_dictionary_size(s->reasons),
                     "the counts", err));
    }
    s->reason_counts[code]++;
done:
    return st;
}

static seg_status add_decile(scan *s, const seg_block *block, size_t i, const worth *one,
                             seg_error *err)
{
    int64_t decile = whole_at(block, s->decile, i);
    if (decile < 1 || decile > DECILES)
        return SEG_OK;
    if (decile <= 2 && s->reason != NONE) {
        seg_status st = add_reason(s, block, i, err);
        if (st != SEG_OK)
            return st;
    }
    return tally_add(s, &s->deciles[decile], one, err);
}

static seg_status add_row(scan *s, const seg_block *block, size_t i, seg_error *err)
{
    seg_status st = SEG_OK;
    worth one;
    size_t level = 0;
    TRY(read_row(s, block, i, &one, err));
    TRY(tally_add(s, &s->all, &one, err));
    for (size_t g = 0; g < s->n_segments; g++) {
        TRY(level_at(s, block, s->segment[g], i, &level, err));
        TRY(tally_add(s, &s->tallies[g][level], &one, err));
    }
    if (s->r != NONE && s->f != NONE) {
        int64_t r = whole_at(block, s->r, i), f = whole_at(block, s->f, i);
        if (r >= 1 && r <= LEVELS && f >= 1 && f <= LEVELS)
            TRY(tally_add(s, &s->grid[r - 1][f - 1], &one, err));
    }
    if (s->decile != NONE)
        TRY(add_decile(s, block, i, &one, err));
    if (s->band != NONE) {
        TRY(level_at(s, block, s->band, i, &level, err));
        s->bands[level]++;
    }
    if (s->offer != NONE) {
        TRY(level_at(s, block, s->offer, i, &level, err));
        s->offers[level]++;
    }
done:
    return st;
}

static seg_status read_rows(scan *s, const seg_context *ctx, seg_source *source, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    for (;;) {
        TRY(source->next(source, &block, err));
        if (block.n_rows == 0)
            break;
        for (size_t i = 0; i < block.n_rows; i++)
            TRY(add_row(s, &block, i, err));
        TRY(seg_step(ctx, "reading scores", block.first_row + block.n_rows, source->n_rows, err));
    }
done:
    return st;
}

/* ---- facts ----------------------------------------------------------------------------- */

static double mean_risk(const tally *t)
{
    return t->with_risk > 0 ? (double)t->risk / RISK_UNIT / (double)t->with_risk : (double)NAN;
}

static void put_money(seg_node *into, const tally *t)
{
    if (t->with_money > 0)
        seg_put_int(into, "money", t->money);
    else
        seg_put_null(into, "money");
}

/* The profile of a k-means model with exactly these segment names, or null. */
static const seg_node *find_profile(const seg_report_facts *facts, const seg_column *column)
{
    for (size_t p = 0; p < seg_node_count(facts->profiles); p++) {
        const seg_node *profile = seg_node_at(facts->profiles, p);
        const seg_node *rows = seg_node_get(profile, "segments");
        bool same = seg_node_count(rows) == column->n_levels;
        for (size_t j = 0; same && j < column->n_levels; j++)
            same = strcmp(seg_node_text(seg_node_get(seg_node_at(rows, j), "name"), ""),
                          column->levels[j]) == 0;
        if (same)
            return profile;
    }
    return NULL;
}

static double share_in_training(const seg_node *profile, size_t j)
{
    int64_t all = seg_node_int(seg_node_get(profile, "rows"), 0);
    const seg_node *segment = seg_node_at(seg_node_get(profile, "segments"), j);
    return all > 0 ? (double)seg_node_int(seg_node_get(segment, "rows"), 0) / (double)all
                   : (double)NAN;
}

static void put_grid(const scan *s, seg_node *into)
{
    int64_t levels = 0;
    seg_node *cells = seg_put_array(into, "cells");
    for (int64_t r = 0; r < LEVELS; r++)
        for (int64_t f = 0; f < LEVELS; f++) {
            const tally *t = &s->grid[r][f];
            if (t->customers == 0)
                continue;
            seg_node *cell = seg_put_object(cells, NULL);
            seg_put_int(cell, "r", r + 1);
            seg_put_int(cell, "f", f + 1);
            seg_put_int(cell, "customers", t->customers);
            put_money(cell, t);
            levels = r + 1 > levels ? r + 1 : levels;
            levels = f + 1 > levels ? f + 1 : levels;
        }
    seg_put_int(into, "levels", levels);
}

static void put_segments(const seg_report_facts *facts, const scan *s, size_t g)
{
    const seg_column *column = &s->schema->columns[s->segment[g]];
    const tally *tallies = s->tallies[g];
    const seg_node *profile = find_profile(facts, column);
    size_t before = s->segment[g] - 1;   /* RFM writes the digits, then the name */
    bool rfm = s->segment[g] > 0 && is_called(s->schema->columns[before].name, "rfm");
    seg_node *group = seg_put_object(facts->segments, NULL);
    seg_put_text(group, "source", seg_report_base_name(s->name));
    seg_put_text(group, "method", rfm ? "rfm" : profile != NULL ? "kmeans" : "");
    if (profile != NULL)
        seg_put_node(group, "model", seg_node_get(profile, "source"));
    seg_put_int(group, "unnamed", tallies[column->n_levels].customers);
    if (s->money != NONE)
        seg_put_int(group, "scale", s->schema->columns[s->money].scale);
    seg_put_text(group, "currency", s->schema->currency);
    seg_node *rows = seg_put_array(group, "segments");
    for (size_t j = 0; j < column->n_levels; j++) {
        seg_node *row = seg_put_object(rows, NULL);
        seg_put_text(row, "name", column->levels[j]);
        seg_put_int(row, "customers", tallies[j].customers);
        put_money(row, &tallies[j]);
        seg_put_real(row, "risk", mean_risk(&tallies[j]));
        if (profile != NULL)
            seg_put_real(row, "trained", share_in_training(profile, j));
    }
    if (rfm && s->r != NONE && s->f != NONE)
        put_grid(s, seg_put_object(group, "grid"));
}

/* Places of the largest counts, at most n_most, each at least `least`; ties to the lowest. */
static size_t choose_largest(const int64_t *counts, size_t n, size_t n_most, int64_t least,
                             size_t *chosen)
{
    size_t n_chosen = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = n_chosen;
        while (at > 0 && counts[i] > counts[chosen[at - 1]])
            at--;
        if (counts[i] < least || at == n_most)
            continue;
        n_chosen += n_chosen < n_most;
        memmove(chosen + at + 1, chosen + at, (n_chosen - 1 - at) * sizeof *chosen);
        chosen[at] = i;
    }
    return n_chosen;
}

/* A reason is shown when it holds for at least so many: it is about a group, not a person. */
static void put_reasons(const scan *s, seg_node *into)
{
    enum { SHOWN = 8, LEAST = 5 };
    size_t chosen[SHOWN];
    size_t n = choose_largest(s->reason_counts, seg_dictionary_size(s->reasons), SHOWN, LEAST,
                              chosen);
    for (size_t i = 0; i < n; i++) {
        seg_node *row = seg_put_object(into, NULL);
        seg_put_text(row, "reason", seg_dictionary_texts(s->reasons)[chosen[i]]);
        seg_put_int(row, "customers", s->reason_counts[chosen[i]]);
    }
}

static seg_status put_risk(const seg_report_facts *facts, const scan *s, seg_error *err)
{
    const char *column = s->schema->columns[s->probability].name;
    seg_text what = { 0 };
    seg_node *risk = seg_put_object(facts->risks, NULL);
    static const char end[] = "_probability";
    size_t n_what = seg_ends_with(column, end) ? strlen(column) - strlen(end) : 0;
    seg_text_add_n(&what, column, n_what > 0 ? n_what : strlen(column));
    seg_put_text(risk, "source", seg_report_base_name(s->name));
    seg_put_text(risk, "what", what.failed ? "" : what.bytes);
    seg_status st = seg_text_status(&what, err);
    seg_text_free(&what);
    seg_put_int(risk, "customers", s->all.with_risk);
    seg_put_real(risk, "mean", mean_risk(&s->all));
    seg_put_int(risk, "high", s->deciles[1].customers + s->deciles[2].customers);
    seg_node *deciles = seg_put_array(risk, "deciles");
    for (int64_t d = 1; d <= DECILES; d++) {
        seg_node *row = seg_put_object(deciles, NULL);
        seg_put_int(row, "decile", d);
        seg_put_int(row, "customers", s->deciles[d].customers);
        seg_put_real(row, "mean", mean_risk(&s->deciles[d]));
    }
    seg_node *bands = seg_put_array(risk, "bands");
    for (size_t b = 0; s->band != NONE && b < s->schema->columns[s->band].n_levels; b++) {
        seg_node *row = seg_put_object(bands, NULL);
        seg_put_text(row, "name", s->schema->columns[s->band].levels[b]);
        seg_put_int(row, "customers", s->bands[b]);
    }
    if (s->reason != NONE)
        put_reasons(s, seg_put_array(risk, "reasons"));
    return st;
}

static void put_offers(const seg_report_facts *facts, const scan *s)
{
    enum { SHOWN = 15 };
    const seg_column *column = &s->schema->columns[s->offer];
    size_t chosen[SHOWN];
    size_t n = choose_largest(s->offers, column->n_levels, SHOWN, 1, chosen);
    int64_t n_items = 0;
    for (size_t i = 0; i < column->n_levels; i++)
        n_items += s->offers[i] > 0;
    seg_node *offers = seg_put_object(facts->offers, NULL);
    seg_put_text(offers, "source", seg_report_base_name(s->name));
    seg_put_int(offers, "customers", s->all.customers);
    seg_put_int(offers, "without", s->offers[column->n_levels]);
    seg_put_int(offers, "n_items", n_items);
    seg_node *items = seg_put_array(offers, "items");
    for (size_t i = 0; i < n; i++) {
        seg_node *row = seg_put_object(items, NULL);
        seg_put_text(row, "item", column->levels[chosen[i]]);
        seg_put_int(row, "customers", s->offers[chosen[i]]);
    }
}

static seg_status put_source(seg_report_facts *facts, const scan *s, const char *path,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_h5 *file = NULL;
    seg_doc *doc = seg_doc_new();
    TRY(seg_h5_open(path, &file, err));
    if (seg_h5_has(file, "uns/segmill/provenance"))
        TRY(seg_h5_get_doc(file, "uns/segmill/provenance", seg_doc_root(doc), err));
    TRY(seg_doc_status(doc, err));
    seg_report_add_source(facts, path, "scores", s->all.customers, seg_doc_root(doc));
done:
    seg_h5_close(file);
    seg_doc_free(doc);
    return st;
}

static seg_status put_facts(seg_report_facts *facts, const scan *s, const char *path,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t day = s->schema->as_of_day;
    if (day != SEG_MISSING_DAY && (facts->as_of_day == SEG_MISSING_DAY || day > facts->as_of_day))
        facts->as_of_day = day;
    facts->rows = s->all.customers > facts->rows ? s->all.customers : facts->rows;
    for (size_t g = 0; g < s->n_segments; g++)
        put_segments(facts, s, g);
    if (s->probability != NONE && s->decile != NONE)
        TRY(put_risk(facts, s, err));
    if (s->offer != NONE)
        put_offers(facts, s);
    TRY(put_source(facts, s, path, err));
done:
    return st;
}

seg_status seg_report_add_scores(seg_report_facts *facts, const char *path, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *source = NULL;
    scan *s = NULL;

    TRY(SEG_ALLOC(&s, 1, "the counts", err));
    TRY(seg_source_open(facts->ctx, path, &source, err));
    if (source->schema->kind != SEG_KIND_SCORES) {
        st = seg_fail(err, SEG_E_DATA, "%s: holds %s; a report is made of runs, models and scores",
                      path, seg_kind_name(source->schema->kind));
        goto done;
    }
    TRY(scan_begin(s, source, path, err));
    TRY(read_rows(s, facts->ctx, source, err));
    TRY(put_facts(facts, s, path, err));

done:
    if (s != NULL)
        scan_free(s);
    seg_free(s);
    seg_source_close(source);
    return st;
}
