/* report.h: one page for people, made from facts. The facts are a tree, so that they can be
 * made from files (jobs/report.c) or by hand (tests); what is missing is left out.
 *
 *   title, as_of, engine_version    texts; as_of may be null
 *   rows                            customers
 *   inputs[]                        SHA-256 of the data, hexadecimal
 *   segments[]                      source, method, model (that of its profile), unnamed,
 *                                   scale, currency, and
 *     segments[]                    name, customers, money, risk, trained (null: not known)
 *     grid{levels, cells[]}         r, f, customers, money; only RFM
 *   profiles[]                      source, rows, silhouette, features[], suggestion and
 *     segments[]                    name, rows, means[], places[] (-1 .. 1: below .. above)
 *     money, profiled               feature of the shares of money; rows behind the sentences
 *     segments[] also               traits[], rule, recall, precision, money_share (if known)
 *     previous{} migration[]        as train puts them, with segment_numbers[] and
 *                                   vanished_segments[]; only after --previous
 *     scan[]                        what was measured of each k (see models/kmeans_choose.h)
 *   risks[]                         source, what, customers, mean, high and
 *     deciles[] bands[] reasons[]   decile, customers, mean | name, customers | reason, customers
 *   trees[]                         source, label, positive, rows, positives, importance[],
 *                                   nodes[] (see the tree's text) and
 *     quality{}                     auc, auc_ci[], lift_top_decile, on, deciles[], reliability[]
 *                                   and profit{}, as train puts them
 *   rules[]                         source, baskets, support_count, n_rules and rules[]
 *   offers[]                        source, customers, without, n_items, items[]{item, customers}
 *   lists[]                         name, members, joined, left, changed, rejected, suppressed
 *   sources[]                       file, what, rows, seed
 */
#ifndef SEGMILL_RENDER_REPORT_H
#define SEGMILL_RENDER_REPORT_H

#include "base/text.h"
#include "segmill/doc.h"

/* The whole page; the names of its sections are added to the array `sections`. Equal facts
 * give equal bytes. The size does not depend on the number of customers: long tables end
 * with what was left out. */
void seg_report_page(seg_text *out, const seg_node *facts, seg_node *sections);

#endif
