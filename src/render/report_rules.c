/* report_rules.c: what is bought together, what to offer next, and the lists that were
 * written. */
#include "render/report_parts.h"

#include <math.h>
#include <string.h>
#include "render/html.h"

enum { MAX_RULES = 20, MAX_OFFERS = 15, MAX_LISTS = 40 };

/* ---- rules ----------------------------------------------------------------------------- */

static void add_rule(seg_text *out, const seg_node *row, double largest)
{
    seg_html_row_begin(out);
    seg_html_cell_name(out, seg_report_string(row, "rule"));
    seg_html_cell_count(out, seg_report_int(row, "count"));
    seg_html_cell_share(out, seg_report_real(row, "support"));
    seg_html_cell_bar(out, seg_report_real(row, "confidence"), largest);
    seg_html_cell_fixed(out, seg_report_real(row, "lift"), 1);
    seg_html_row_end(out);
}

static void add_rule_words(seg_text *out, const seg_node *rules, const seg_node *first)
{
    seg_report_see(out);
    seg_text_add(out, "In ");
    seg_html_count(out, seg_report_int(rules, "baskets"));
    seg_text_add(out, " baskets these go together. ");
    if (first != NULL) {
        seg_text_add(out, "The first line, ");
        seg_report_name(out, seg_report_string(first, "rule"));
        seg_text_add(out, ", says: of the baskets with what stands left, ");
        seg_html_share(out, seg_report_real(first, "confidence"));
        seg_text_add(out, " also hold what stands right, ");
        seg_html_fixed(out, seg_report_real(first, "lift"), 1);
        seg_text_add(out, " times as often as baskets in general.");
    }
    seg_report_act(out);
    seg_text_add(out, "Show the right side where the left side is bought: on the product page, in"
                 " the basket, in the next letter. Trust rules with many baskets; a high lift on"
                 " few baskets may be chance. Do not discount both sides at once.");
    seg_report_words_end(out);
}

void seg_report_rules(seg_text *out, const seg_node *rules, size_t n)
{
    static const seg_html_column heads[] = {
        { "Rule", false }, { "Baskets", true }, { "Support", true }, { "Confidence", false },
        { "Lift", true },
    };
    (void)n;
    const seg_node *rows = seg_node_get(rules, "rules");
    size_t count = seg_node_count(rows), shown = count < MAX_RULES ? count : MAX_RULES;
    int64_t all = seg_report_int(rules, "n_rules");
    seg_report_heading(out, "Rules", seg_report_string(rules, "source"));
    add_rule_words(out, rules, seg_node_at(rows, 0));
    seg_html_table_begin(out, "Support: share of all baskets with both sides. Confidence: share of"
                         " the left side's baskets. Lift: times the chance", heads, 5);
    for (size_t i = 0; i < shown; i++)
        add_rule(out, seg_node_at(rows, i), 1);
    seg_html_table_end(out);
    seg_report_more(out, all > (int64_t)shown ? (size_t)(all - (int64_t)shown) : 0, "rules");
}

/* ---- offers ---------------------------------------------------------------------------- */

void seg_report_offers(seg_text *out, const seg_node *offers, size_t n)
{
    static const seg_html_column heads[] = {
        { "Offer", false }, { "Customers", true }, { "Share", false },
    };
    (void)n;
    const seg_node *items = seg_node_get(offers, "items");
    int64_t customers = seg_report_int(offers, "customers");
    int64_t n_items = seg_report_int(offers, "n_items");
    size_t count = seg_node_count(items), shown = count < MAX_OFFERS ? count : MAX_OFFERS;
    double all = customers > 0 ? (double)customers : 1;
    double largest = (double)seg_report_int(seg_node_at(items, 0), "customers") / all;
    seg_report_heading(out, "First offers", seg_report_string(offers, "source"));
    seg_report_see(out);
    seg_text_add(out, "What each customer lacks and buyers of the same things usually have: the"
                 " first offer of each, counted.");
    if (seg_report_int(offers, "without") > 0) {
        seg_text_add_char(out, ' ');
        seg_html_count(out, seg_report_int(offers, "without"));
        seg_text_add(out, " customers get none: no rule fits what they bought.");
    }
    seg_report_act(out);
    seg_text_add(out, "Check that there is enough stock of the first lines before the letters go"
                 " out. Where one offer goes to nearly everybody, raise the least confidence.");
    seg_report_words_end(out);
    seg_html_table_begin(out, "Customers by their first offer", heads, 3);
    for (size_t i = 0; i < shown; i++) {
        const seg_node *row = seg_node_at(items, i);
        seg_html_row_begin(out);
        seg_html_cell_name(out, seg_report_string(row, "item"));
        seg_html_cell_count(out, seg_report_int(row, "customers"));
        seg_html_cell_bar(out, (double)seg_report_int(row, "customers") / all, largest);
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
    seg_report_more(out, n_items > (int64_t)shown ? (size_t)(n_items - (int64_t)shown) : 0,
                    "offers");
}

/* ---- lists ----------------------------------------------------------------------------- */

void seg_report_lists(seg_text *out, const seg_node *lists)
{
    static const char *const members[] = { "members", "joined", "left", "changed", "suppressed",
                                           "rejected" };
    static const seg_html_column heads[] = {
        { "List", false }, { "Members", true }, { "Joined", true }, { "Left", true },
        { "Changed segment", true }, { "Suppressed", true }, { "Rejected", true },
    };
    size_t count = seg_node_count(lists), shown = count < MAX_LISTS ? count : MAX_LISTS;
    seg_report_see(out);
    seg_text_add(out, "The lists written beside this page. Joined, left and changed are counted"
                 " against the run before; a dash means that there was none, or that it is not"
                 " known. Suppressed customers must not be written to and are in no list.");
    seg_report_act(out);
    seg_text_add(out, "Import the file of your CRM system from the list's directory. Imports only"
                 " add: take those who left out of the old list by left.csv.");
    seg_report_words_end(out);
    seg_html_table_begin(out, "Customers by list", heads, 7);
    for (size_t i = 0; i < shown; i++) {
        const seg_node *row = seg_node_at(lists, i);
        seg_html_row_begin(out);
        seg_html_cell_name(out, seg_report_string(row, "name"));
        for (size_t m = 0; m < 6; m++)
            seg_html_cell_fixed(out, seg_report_real(row, members[m]), 0);
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
    seg_report_more(out, count - shown, "lists");
}
