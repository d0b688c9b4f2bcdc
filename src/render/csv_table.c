#include "render/csv_table.h"

#include <string.h>
#include "data/csv_rows.h"

static void add_node(seg_text *out, const seg_node *node)
{
    const char *text;
    switch (seg_node_type(node)) {
    case SEG_DOC_BOOL: seg_text_add(out, seg_node_int(node, 0) ? "yes" : "no"); break;
    case SEG_DOC_INT:  seg_text_add_i64(out, seg_node_int(node, 0)); break;
    case SEG_DOC_REAL: seg_text_add_f64(out, seg_node_real(node, 0)); break;
    case SEG_DOC_TEXT:
        text = seg_node_text(node, "");
        seg_csv_add_field(out, text, strlen(text));
        break;
    default: break;
    }
}

void seg_csv_table(seg_text *out, const seg_node *array)
{
    const seg_node *first = seg_node_at(array, 0);
    for (int64_t r = -1; r < (int64_t)seg_node_count(array); r++) {
        bool comma = false;
        for (size_t c = 0; c < seg_node_count(first); c++) {
            const seg_node *column = seg_node_at(first, c);
            const char *name = seg_node_name(column);
            if (seg_node_type(column) >= SEG_DOC_ARRAY)
                continue;
            if (comma)
                seg_text_add_char(out, ',');
            comma = true;
            if (r < 0)
                seg_csv_add_field(out, name, strlen(name));
            else
                add_node(out, seg_node_member(seg_node_at(array, (size_t)r), name));
        }
        seg_text_add_char(out, '\n');
    }
}
