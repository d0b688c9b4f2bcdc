/* report_portraits.c: each segment in a few sentences and a rule; and what became of the
 * segments of the model before. */
#include "render/report_parts.h"

#include <math.h>
#include <string.h>
#include "render/html.h"

enum { MAX_PORTRAITS = 40, MAX_FLOWS = 60 };

static double share_of(int64_t part, int64_t all)
{
    return all > 0 ? (double)part / (double)all : (double)NAN;
}

/* ---- portraits ---------------------------------------------------------------------------- */

static bool has_words(const seg_node *segment)
{
    return seg_node_count(seg_node_get(segment, "traits")) > 0
           || seg_node_get(segment, "rule") != NULL;
}

/* "39 in training, 7.8 %; brings 38.8 % of the money" */
static void add_size(seg_text *out, const seg_node *segment, int64_t all)
{
    int64_t rows = seg_report_int(segment, "rows");
    double part = seg_report_real(segment, "money_share");
    seg_text_add(out, "<p class=\"small\">");
    seg_html_count(out, rows);
    seg_text_add(out, " in training, ");
    seg_html_share(out, share_of(rows, all));
    if (!isnan(part)) {
        seg_text_add(out, "; brings ");
        seg_html_share(out, part);
        seg_text_add(out, " of the money");
    }
    seg_text_add(out, "</p>\n");
}

static void add_traits(seg_text *out, const seg_node *segment)
{
    const seg_node *traits = seg_node_get(segment, "traits");
    if (seg_node_count(traits) == 0) {
        seg_text_add(out, "<p>Nothing stands out: like the average.</p>\n");
        return;
    }
    seg_text_add(out, "<ul>");
    for (size_t i = 0; i < seg_node_count(traits); i++) {
        seg_text_add(out, "<li>");
        seg_html_text(out, seg_node_text(seg_node_at(traits, i), ""));
        seg_text_add(out, "</li>");
    }
    seg_text_add(out, "</ul>\n");
}

static void add_rule(seg_text *out, const seg_node *segment)
{
    const char *rule = seg_node_text(seg_node_get(segment, "rule"), NULL);
    if (rule == NULL)
        return;
    seg_text_add(out, "<p class=\"small\">In short: <code>");
    seg_html_text(out, rule);
    seg_text_add(out, "</code> catches ");
    seg_html_share(out, seg_report_real(segment, "recall"));
    seg_text_add(out, " of them, and is right for ");
    seg_html_share(out, seg_report_real(segment, "precision"));
    seg_text_add(out, ".</p>\n");
}

/* Which column is the money, and how many rows the words are of. */
static void add_small_print(seg_text *out, const seg_node *profile)
{
    const char *money = seg_node_text(seg_node_get(profile, "money"), NULL);
    int64_t looked = seg_report_int(profile, "profiled");
    bool sampled = looked > 0 && looked < seg_report_int(profile, "rows");
    if (money == NULL && !sampled)
        return;
    seg_text_add(out, "<p class=\"small\">");
    if (money != NULL) {
        seg_text_add(out, "Money is the sum of ");
        seg_report_name(out, money);
        seg_text_add(out, ". ");
    }
    if (sampled) {
        seg_text_add(out, "Sentences, shares of money and rules are of a sample of ");
        seg_html_count(out, looked);
        seg_text_add(out, " rows.");
    }
    seg_text_add(out, "</p>\n");
}

void seg_report_portraits(seg_text *out, const seg_node *profile)
{
    const seg_node *rows = seg_node_get(profile, "segments");
    size_t n = seg_node_count(rows);
    bool any = false;
    for (size_t j = 0; j < n; j++)
        any |= has_words(seg_node_at(rows, j));
    if (!any)
        return;
    seg_text_add(out, "<div class=\"portraits\">\n");
    for (size_t j = 0; j < n && j < MAX_PORTRAITS; j++) {
        const seg_node *segment = seg_node_at(rows, j);
        seg_text_add(out, "<div><h4>");
        seg_html_text_cut(out, seg_report_string(segment, "name"), 100);
        seg_text_add(out, "</h4>\n");
        add_size(out, segment, seg_report_int(profile, "rows"));
        add_traits(out, segment);
        add_rule(out, segment);
        seg_text_add(out, "</div>\n");
    }
    seg_text_add(out, "</div>\n");
    seg_report_more(out, n > MAX_PORTRAITS ? n - MAX_PORTRAITS : 0, "segments");
    add_small_print(out, profile);
}

/* ---- migration -------------------------------------------------------------------------------- */

static void add_names_that(seg_text *out, const seg_node *rows, const char *fate,
                           const char *intro)
{
    enum { SHOWN = 8 };
    size_t n = 0;
    for (size_t j = 0; j < seg_node_count(rows); j++) {
        const seg_node *row = seg_node_at(rows, j);
        if (fate != NULL && strcmp(seg_report_string(row, "is"), fate) != 0)
            continue;
        if (n < SHOWN) {
            seg_text_add(out, n == 0 ? intro : ", ");
            seg_report_name(out, seg_report_string(row, "segment_name"));
        }
        n++;
    }
    if (n > SHOWN)
        seg_text_addf(out, " and %zu more", n - SHOWN);
    seg_text_add(out, n > 0 ? ". " : "");
}

static void add_words(seg_text *out, const seg_node *profile)
{
    const seg_node *numbers = seg_node_get(profile, "segment_numbers");
    double stayed = seg_report_real(profile, "previous.share_stayed");
    seg_report_see(out);
    seg_text_add(out, "Segments keep the number and the name of the segment of the model before"
                 " that most of their customers were in. ");
    if (!isnan(stayed)) {
        seg_html_share(out, stayed);
        seg_text_add(out, " of the customers stayed in their segment. ");
    }
    add_names_that(out, numbers, "new", "New: ");
    add_names_that(out, seg_node_get(profile, "vanished_segments"), NULL, "No longer there: ");
    add_names_that(out, numbers, "renumbered", "With another number than before: ");
    seg_report_act(out);
    seg_text_add(out, "Where a segment is new or gone, look at campaigns, lists and dashboards"
                 " that ask for it by name or number. ");
    if (stayed < 0.5)
        seg_text_add(out, "Most customers are in another segment now: treat this as a new"
                     " segmentation, and do not compare figures with those before.");
    seg_report_words_end(out);
}

static void add_flows(seg_text *out, const seg_node *flows)
{
    static const seg_html_column heads[] = {
        { "Was in", false }, { "Is in", false }, { "Customers", true }, { "Share", false },
    };
    size_t n = seg_node_count(flows), shown = n < MAX_FLOWS ? n : MAX_FLOWS;
    if (n == 0)
        return;
    seg_html_table_begin(out, "Customers by the segment they were in and the one they are in;"
                         " shares of the former", heads, 4);
    for (size_t i = 0; i < shown; i++) {
        const seg_node *row = seg_node_at(flows, i);
        seg_html_row_begin(out);
        seg_html_cell_name(out, seg_report_string(row, "from_name"));
        seg_html_cell_text(out, seg_report_string(row, "to_name"));
        seg_html_cell_count(out, seg_report_int(row, "customers"));
        seg_html_cell_bar(out, seg_report_real(row, "share"), 1);
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
    seg_report_more(out, n - shown, "rows");
}

void seg_report_migration(seg_text *out, const seg_node *profile)
{
    if (seg_node_get(profile, "previous") == NULL)
        return;
    seg_report_heading(out, "What became of the segments before",
                       seg_report_string(profile, "source"));
    add_words(out, profile);
    add_flows(out, seg_node_get(profile, "migration"));
}
