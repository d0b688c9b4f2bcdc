/* report_segments.c: how many customers are in which segment, what they are worth, and how
 * the segments differ. */
#include "render/report_parts.h"

#include <math.h>
#include <string.h>
#include "render/html.h"
#include "render/svg.h"

enum { MAX_ROWS = 40 };

/* ---- what a name asks for -------------------------------------------------------------- */

/* The names of the shipped RFM maps, and what marketing usually does with them. */
static const char *action_for(const char *name)
{
    static const char *const actions[][2] = {
        { "Champions", "Reward them, ask for reviews, show new things first" },
        { "Loyal", "Sell better products, invite to a loyalty programme" },
        { "Potential Loyalist", "Offer membership, recommend what goes with it" },
        { "New", "Welcome, help with the first steps" },
        { "Promising", "Make them aware of the brand, small free trials" },
        { "Need Attention", "Limited offers on what they bought before" },
        { "About To Sleep", "Share what is popular, offer a discount" },
        { "Can't Lose", "Win back by a personal call or letter" },
        { "At Risk", "Personal messages, reasons to come back" },
        { "Hibernating", "Cheap reminders, relevant products only" },
        { "Lost", "One last try, else leave them alone" },
        { "Prospect", "No purchase yet: a first-order offer" },
    };
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i][0], name) == 0)
            return actions[i][1];
    return "";
}

/* ---- the table ------------------------------------------------------------------------- */

typedef struct columns {
    bool money, risk, trained, action;
    int64_t customers, all_money;
    double scale, largest;       /* largest share of the customers */
} columns;

static columns choose_columns(const seg_node *group)
{
    const seg_node *rows = seg_node_get(group, "segments");
    columns c = { .scale = (double)seg_report_int(group, "scale") };
    c.customers = seg_report_int(group, "unnamed");
    c.scale = c.scale > 0 ? c.scale : 1;
    for (size_t i = 0; i < seg_node_count(rows); i++) {
        const seg_node *row = seg_node_at(rows, i);
        c.customers += seg_report_int(row, "customers");
        c.all_money += seg_report_int(row, "money");
        c.money |= !isnan(seg_report_real(row, "money"));
        c.risk |= !isnan(seg_report_real(row, "risk"));
        c.trained |= !isnan(seg_report_real(row, "trained"));
        c.action |= action_for(seg_report_string(row, "name"))[0] != '\0';
    }
    for (size_t i = 0; i < seg_node_count(rows); i++) {
        double n = (double)seg_report_int(seg_node_at(rows, i), "customers");
        c.largest = n > c.largest ? n : c.largest;
    }
    c.largest = c.customers > 0 ? c.largest / (double)c.customers : 0;
    return c;
}

static void begin_table(seg_text *out, const seg_node *group, const columns *c)
{
    seg_html_column heads[8];
    const char *currency = seg_node_text(seg_node_get(group, "currency"), NULL);
    size_t n = 0;
    heads[n++] = (seg_html_column){ "Segment", false };
    heads[n++] = (seg_html_column){ "Customers", true };
    heads[n++] = (seg_html_column){ "Share", false };
    if (c->money) {
        heads[n++] = (seg_html_column){ "Money", true };
        heads[n++] = (seg_html_column){ "Share of money", true };
        heads[n++] = (seg_html_column){ "Per customer", true };
    }
    if (c->risk)
        heads[n++] = (seg_html_column){ "Mean churn risk", true };
    if (c->trained)
        heads[n++] = (seg_html_column){ "Share in training", true };
    else if (c->action)
        heads[n++] = (seg_html_column){ "Usual action", false };
    seg_text caption = { 0 };
    seg_text_add(&caption, "Customers by segment");
    if (c->money && currency != NULL)
        seg_text_addf(&caption, "; money in %.20s", currency);
    seg_html_table_begin(out, caption.failed ? "" : caption.bytes, heads, n);
    out->failed |= caption.failed;
    seg_text_free(&caption);
}

static double share_of(int64_t part, int64_t all)
{
    return all != 0 ? (double)part / (double)all : (double)NAN;
}

static void add_row(seg_text *out, const seg_node *row, const columns *c)
{
    int64_t customers = seg_report_int(row, "customers"), money = seg_report_int(row, "money");
    const char *name = seg_report_string(row, "name");
    seg_html_row_begin(out);
    seg_html_cell_name(out, name);
    seg_html_cell_count(out, customers);
    seg_html_cell_bar(out, share_of(customers, c->customers), c->largest);
    if (c->money) {
        seg_html_cell_fixed(out, (double)money / c->scale, 0);
        seg_html_cell_share(out, share_of(money, c->all_money));
        seg_html_cell_fixed(out, share_of(money, customers) / c->scale, 2);
    }
    if (c->risk)
        seg_html_cell_share(out, seg_report_real(row, "risk"));
    if (c->trained)
        seg_html_cell_share(out, seg_report_real(row, "trained"));
    else if (c->action)
        seg_html_cell_text(out, action_for(name));
    seg_html_row_end(out);
}

static void add_words(seg_text *out, const seg_node *group, const columns *c)
{
    const seg_node *rows = seg_node_get(group, "segments");
    const seg_node *most = seg_report_largest(rows, "customers");
    const seg_node *richest = seg_report_largest(rows, "money");
    seg_report_see(out);
    seg_text_add(out, "Each customer is in one segment. The largest is ");
    seg_report_name(out, seg_report_string(most, "name"));
    seg_text_add(out, " with ");
    seg_html_share(out, share_of(seg_report_int(most, "customers"), c->customers));
    seg_text_add(out, " of the customers");
    if (c->money && c->all_money > 0) {
        seg_text_add(out, "; most money comes from ");
        seg_report_name(out, seg_report_string(richest, "name"));
        seg_text_add(out, ", ");
        seg_html_share(out, share_of(seg_report_int(richest, "money"), c->all_money));
        seg_text_add(out, " of it");
    }
    seg_text_add(out, ".");
    seg_report_act(out);
    if (c->trained)
        seg_text_add(out, "Write to each segment in its own way. Where the share is far from the"
                     " share in training, customers have moved: train again before you rely on"
                     " the names. ");
    else
        seg_text_add(out, "Write to each segment in its own way, and spend where the money is. ");
    if (c->risk)
        seg_text_add(out, "A segment with high churn risk wants to be kept before it is sold to.");
    seg_report_words_end(out);
}

void seg_report_segments(seg_text *out, const seg_node *group, size_t n)
{
    (void)n;
    const seg_node *rows = seg_node_get(group, "segments");
    size_t count = seg_node_count(rows), shown = count < MAX_ROWS ? count : MAX_ROWS;
    columns c = choose_columns(group);
    bool rfm = strcmp(seg_report_string(group, "method"), "rfm") == 0;
    seg_report_heading(out, rfm ? "RFM segments" : "Segment sizes",
                       seg_report_string(group, "source"));
    add_words(out, group, &c);
    begin_table(out, group, &c);
    for (size_t i = 0; i < shown; i++)
        add_row(out, seg_node_at(rows, i), &c);
    seg_html_table_end(out);
    seg_report_more(out, count - shown, "segments");
    int64_t unnamed = seg_report_int(group, "unnamed");
    if (unnamed > 0) {
        seg_text_add(out, "<p class=\"small\">");
        seg_html_count(out, unnamed);
        seg_text_add(out, " customers have no segment.</p>\n");
    }
}

/* ---- how segments differ --------------------------------------------------------------- */

enum { MAX_FEATURES = 14, PANEL = 6 };

/* Features by how far segments lie apart in them, the farthest first; as many as are shown. */
static size_t choose_features(const seg_node *profile, size_t chosen[MAX_FEATURES])
{
    const seg_node *rows = seg_node_get(profile, "segments");
    size_t d = seg_node_count(seg_node_get(profile, "features")), n = 0;
    double width[MAX_FEATURES];
    for (size_t f = 0; f < d; f++) {
        double least = (double)INFINITY, largest = -(double)INFINITY;
        for (size_t j = 0; j < seg_node_count(rows); j++) {
            const seg_node *places = seg_node_get(seg_node_at(rows, j), "places");
            double x = seg_node_real(seg_node_at(places, f), 0);
            least = x < least ? x : least;
            largest = x > largest ? x : largest;
        }
        double apart = largest - least;
        size_t at = n;
        while (at > 0 && apart > width[at - 1])
            at--;
        if (at == MAX_FEATURES)
            continue;
        n += n < MAX_FEATURES;
        for (size_t i = n - 1; i > at; i--) {
            width[i] = width[i - 1];
            chosen[i] = chosen[i - 1];
        }
        width[at] = apart;
        chosen[at] = f;
    }
    return n;
}

/* The mean on a colour, with a sign for those who print in grey. */
static void add_heat_cell(seg_text *out, double mean, double place)
{
    enum { CLEARLY = 5 };   /* tenths of a standard deviation */
    int tenths = isnan(place) ? 0 : (int)(place * 10);
    seg_text_addf(out, "<td class=\"heat\" style=\"background:#%06x\">",
                  (unsigned)seg_svg_diverging(place / 1.5));
    seg_html_number(out, mean);
    seg_text_add(out, tenths >= CLEARLY ? " \xE2\x96\xB2" : tenths <= -CLEARLY ? " \xE2\x96\xBC"
                                                                              : "");
    seg_text_add(out, "</td>");
}

/* Segments by some features: as many columns as fit a page of paper. */
static void add_panel(seg_text *out, const seg_node *profile, const size_t *chosen, size_t n,
                      const char *caption)
{
    const seg_node *rows = seg_node_get(profile, "segments");
    const seg_node *names = seg_node_get(profile, "features");
    seg_html_column heads[PANEL + 1] = { { "Segment", false } };
    for (size_t i = 0; i < n; i++)
        heads[i + 1] = (seg_html_column){ seg_node_text(seg_node_at(names, chosen[i]), ""), true };
    seg_html_table_begin(out, caption, heads, n + 1);
    for (size_t j = 0; j < seg_node_count(rows) && j < MAX_ROWS; j++) {
        const seg_node *row = seg_node_at(rows, j);
        const seg_node *means = seg_node_get(row, "means"), *places = seg_node_get(row, "places");
        seg_html_row_begin(out);
        seg_html_cell_name(out, seg_report_string(row, "name"));
        for (size_t i = 0; i < n; i++)
            add_heat_cell(out, seg_node_real(seg_node_at(means, chosen[i]), (double)NAN),
                          seg_node_real(seg_node_at(places, chosen[i]), (double)NAN));
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
}

static void add_profile_table(seg_text *out, const seg_node *profile, const size_t *chosen,
                              size_t n)
{
    size_t k = seg_node_count(seg_node_get(profile, "segments"));
    size_t d = seg_node_count(seg_node_get(profile, "features"));
    for (size_t first = 0; first < n; first += PANEL)
        add_panel(out, profile, chosen + first, n - first < PANEL ? n - first : PANEL,
                  first == 0 ? "Mean of each feature per segment. Blue and \xE2\x96\xB2: above the"
                               " average customer; orange and \xE2\x96\xBC: below"
                             : "Further features, in which segments differ less");
    seg_report_more(out, k > MAX_ROWS ? k - MAX_ROWS : 0, "segments");
    seg_report_more(out, d - n, "features, in which segments differ least");
}

static void add_sizes(seg_text *out, const seg_node *profile)
{
    static const seg_html_column heads[] = {
        { "Segment", false }, { "Rows in training", true }, { "Share", false },
    };
    const seg_node *rows = seg_node_get(profile, "segments");
    int64_t all = seg_report_int(profile, "rows");
    double largest = share_of(seg_report_int(seg_report_largest(rows, "rows"), "rows"), all);
    seg_html_table_begin(out, "Segments as they were found", heads, 3);
    for (size_t j = 0; j < seg_node_count(rows) && j < MAX_ROWS; j++) {
        const seg_node *row = seg_node_at(rows, j);
        seg_html_row_begin(out);
        seg_html_cell_name(out, seg_report_string(row, "name"));
        seg_html_cell_count(out, seg_report_int(row, "rows"));
        seg_html_cell_bar(out, share_of(seg_report_int(row, "rows"), all), largest);
        seg_html_row_end(out);
    }
    seg_html_table_end(out);
}

void seg_report_profile(seg_text *out, const seg_node *profile, bool sizes)
{
    size_t chosen[MAX_FEATURES];
    size_t n_chosen = choose_features(profile, chosen);
    double silhouette = seg_report_real(profile, "silhouette");
    seg_report_heading(out, "How the segments differ", seg_report_string(profile, "source"));
    seg_report_see(out);
    seg_text_add(out, "Customers who are alike were put together (k-means). A coloured cell is"
                 " where a segment differs from the average customer; its name says the"
                 " strongest two. ");
    if (!isnan(silhouette)) {
        seg_text_add(out, "The silhouette is ");
        seg_html_fixed(out, silhouette, 2);
        seg_text_add(out, silhouette >= 0.5 ? ": the segments are clearly apart."
                          : silhouette >= 0.25 ? ": the segments are apart, with soft borders."
                          : ": the segments run into one another.");
    }
    seg_report_act(out);
    seg_text_add(out, "Give each segment a name of your own and one message that fits its"
                 " colours. If two of them would get the same message, ask for fewer segments.");
    seg_report_words_end(out);
    if (sizes)
        add_sizes(out, profile);
    seg_report_portraits(out, profile);
    add_profile_table(out, profile, chosen, n_chosen);
    seg_report_migration(out, profile);
}
