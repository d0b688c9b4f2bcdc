#include "render/dialect.h"

#include <math.h>
#include <string.h>
#include "base/date.h"
#include "base/number.h"
#include "data/csv_rows.h"

/* Limits: HubSpot 1,048,576 rows a file; Salesforce Bulk API 2.0 100 MB a file and #N/A to
 * clear a field, where an empty cell leaves it alone. */
static const seg_dialect dialects[] = {
    { .name = "generic", .prefix = "generic", .line_end = "\n", .missing = "",
      .max_rows = UINT64_MAX },
    { .name = "hubspot", .prefix = "hubspot", .line_end = "\n", .missing = "",
      .max_rows = 1048575, .import_file = "hubspot-import.json" },
    { .name = "salesforce", .prefix = "salesforce-contact", .column_suffix = "__c",
      .title_headers = true, .line_end = "\n", .missing = "#N/A", .max_rows = 500000,
      .import_file = "salesforce-contact.job.json" },
};
enum { N_DIALECTS = sizeof dialects / sizeof *dialects };

const seg_dialect *seg_dialect_find(const char *name, size_t n)
{
    for (size_t i = 0; i < N_DIALECTS; i++)
        if (seg_equal_n(dialects[i].name, name, n))
            return &dialects[i];
    return NULL;
}

const char *seg_dialect_names(void)
{
    return "generic, hubspot, salesforce";
}

/* Letters, digits and underscores; the first of each word in upper case. */
static void add_title(const char *name, seg_text *out)
{
    bool start = true;
    for (; *name != '\0'; name++) {
        unsigned char c = (unsigned char)*name;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool digit = c >= '0' && c <= '9';
        if (start && c >= 'a' && c <= 'z')
            c = (unsigned char)(c - 'a' + 'A');
        seg_text_add_char(out, letter || digit ? (char)c : '_');
        start = !letter && !digit;
    }
}

void seg_dialect_header(const seg_dialect *dialect, const char *column, bool id, seg_text *out)
{
    seg_text name = { 0 };
    if (id && dialect->id_header != NULL)
        column = dialect->id_header;
    if (dialect->title_headers)
        add_title(column, &name);
    else
        seg_text_add(&name, column);
    if (dialect->column_suffix != NULL)
        seg_text_add(&name, dialect->column_suffix);
    if (!name.failed)
        seg_csv_add_field(out, name.bytes, name.n);
    out->failed = out->failed || name.failed;
    seg_text_free(&name);
}

bool seg_is_formula(const char *text, size_t n)
{
    double number;
    if (n == 0 || seg_parse_f64(text, n, '.', &number))
        return false;
    if (strchr("=+-@\t\r", text[0]) != NULL)
        return true;
    /* full-width = + - @ (U+FF1D U+FF0B U+FF0D U+FF20) */
    static const char *const wide[] = { "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                        "\xef\xbc\xa0" };
    for (size_t i = 0; i < 4; i++)
        if (n >= 3 && memcmp(text, wide[i], 3) == 0)
            return true;
    return false;
}

static void add_text(const char *text, size_t n, const seg_dialect *dialect, seg_text *out,
                     uint64_t *guarded)
{
    if (n == 0) {
        seg_text_add(out, dialect->missing);
        return;
    }
    if (!seg_is_formula(text, n)) {
        seg_csv_add_field(out, text, n);
        return;
    }
    seg_text safe = { 0 };
    seg_text_add_char(&safe, '\'');
    seg_text_add_n(&safe, text, n);
    if (!safe.failed)
        seg_csv_add_field(out, safe.bytes, safe.n);
    out->failed = out->failed || safe.failed;
    seg_text_free(&safe);
    ++*guarded;
}

static void add_real(double value, const seg_dialect *dialect, seg_text *out)
{
    if (!isfinite(value))   /* "inf" is no number to any CRM */
        seg_text_add(out, dialect->missing);
    else
        seg_text_add_f64(out, value);
}

static void add_i64(const seg_column *column, int64_t value, const seg_dialect *dialect,
                    seg_text *out)
{
    char number[SEG_NUMBER_BYTES];
    if (value == SEG_MISSING_I64) {
        seg_text_add(out, dialect->missing);
        return;
    }
    seg_print_fixed(number, value, column->scale == 0 ? 1 : column->scale);
    seg_text_add(out, number);
}

static void add_time(bool day, int64_t value, bool missing, const seg_dialect *dialect,
                     seg_text *out)
{
    char text[SEG_DATE_BYTES];
    if (missing) {
        seg_text_add(out, dialect->missing);
        return;
    }
    if (day)
        seg_print_day(text, (int32_t)value);
    else
        seg_print_time(text, value);
    seg_text_add(out, text);
}

void seg_dialect_cell(const seg_dialect *dialect, const seg_column *column, const void *data,
                      size_t i, seg_text *out, uint64_t *guarded)
{
    switch (column->type) {
    case SEG_TYPE_F32:
        add_real((double)((const float *)data)[i], dialect, out);
        break;
    case SEG_TYPE_F64:
        add_real(((const double *)data)[i], dialect, out);
        break;
    case SEG_TYPE_I64:
        add_i64(column, ((const int64_t *)data)[i], dialect, out);
        break;
    case SEG_TYPE_DAY: {
        int32_t day = ((const int32_t *)data)[i];
        add_time(true, day, day == SEG_MISSING_DAY, dialect, out);
        break;
    }
    case SEG_TYPE_TIME: {
        int64_t time = ((const int64_t *)data)[i];
        add_time(false, time, time == SEG_MISSING_I64, dialect, out);
        break;
    }
    case SEG_TYPE_CODE: {
        int32_t code = ((const int32_t *)data)[i];
        const char *level = code < 0 ? "" : column->levels[code];
        add_text(level, strlen(level), dialect, out, guarded);
        break;
    }
    case SEG_TYPE_TEXT: {
        const char *cell = (const char *)data + i * column->width;
        add_text(cell, seg_cell_length(cell, column->width), dialect, out, guarded);
        break;
    }
    }
}

/* ---- import requests ------------------------------------------------------------------- */

static void put_header(seg_node *into, const char *name, const seg_dialect *dialect,
                       const char *column, bool id)
{
    seg_text header = { 0 };
    seg_dialect_header(dialect, column, id, &header);
    seg_put_text(into, name, header.failed ? NULL : header.bytes);
    seg_text_free(&header);
}

/* HubSpot, CRM imports API: one file, a mapping per column, the key is a property with
 * unique values. */
static void hubspot(const seg_dialect *dialect, const seg_schema *scores,
                    const char *const *files, size_t n_files, seg_node *into)
{
    seg_put_text(into, "name", "segmill segments");
    seg_put_text(into, "dateFormat", "YEAR_MONTH_DAY");
    seg_node *list = seg_put_array(into, "files");
    for (size_t f = 0; f < n_files; f++) {
        seg_node *file = seg_put_object(list, NULL);
        seg_put_text(file, "fileName", files[f]);
        seg_put_text(file, "fileFormat", "CSV");
        seg_node *page = seg_put_object(file, "fileImportPage");
        seg_put_bool(page, "hasHeader", true);
        seg_node *mappings = seg_put_array(page, "columnMappings");
        for (size_t c = 0; c <= scores->n_columns; c++) {
            const char *column = c == 0 ? scores->id_name : scores->columns[c - 1].name;
            seg_node *map = seg_put_object(mappings, NULL);
            seg_put_text(map, "columnObjectTypeId", "0-1");
            put_header(map, "columnName", dialect, column, c == 0);
            put_header(map, "propertyName", dialect, column, c == 0);
            if (c == 0)
                seg_put_text(map, "columnType", "HUBSPOT_ALTERNATE_ID");
        }
    }
}

/* Salesforce, Bulk API 2.0: create the job with this body, then upload the files. */
static void salesforce(const seg_dialect *dialect, const seg_schema *scores,
                       const char *const *files, size_t n_files, seg_node *into)
{
    seg_node *request = seg_put_object(into, "request");
    seg_put_text(request, "object", "Contact");
    seg_put_text(request, "operation", "upsert");
    put_header(request, "externalIdFieldName", dialect, scores->id_name, true);
    seg_put_text(request, "contentType", "CSV");
    seg_put_text(request, "lineEnding", "LF");
    seg_put_text(request, "columnDelimiter", "COMMA");
    seg_node *list = seg_put_array(into, "files");
    for (size_t f = 0; f < n_files; f++)
        seg_put_text(list, NULL, files[f]);
}

void seg_dialect_request(const seg_dialect *dialect, const seg_schema *scores,
                         const char *const *files, size_t n_files, seg_node *into)
{
    if (strcmp(dialect->name, "hubspot") == 0)
        hubspot(dialect, scores, files, n_files, into);
    else if (strcmp(dialect->name, "salesforce") == 0)
        salesforce(dialect, scores, files, n_files, into);
}
