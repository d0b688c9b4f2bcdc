/* csv_options.c: the options of `import`. */
#include "data/csv.h"

#include <stddef.h>

#define AT(member) offsetof(seg_import_options, member)
const seg_option seg_import_option_table[] = {
    SEG_IMPORT_OPTION_ROWS(AT),
    { 0 },
};

void seg_import_defaults(seg_import_options *options)
{
    *options = (seg_import_options){ .max_field_bytes = 1 << 20 };
}
