/* h5_facts.c: uns/segmill, where a table says what AnnData has no place for: its kind, key
 * and label, its dates and money, the categories of coded features. */
#include "data/h5_table.h"

#include <stdio.h>
#include <string.h>
#include "base/date.h"
#include "base/try.h"

enum { LONGEST_PATH = 2048, FORMAT = 1 };

static seg_status put_optional(seg_h5_writer *w, const char *path, const char *text,
                               seg_error *err)
{
    return text == NULL ? SEG_OK : seg_h5_put_text(w, path, text, err);
}

static seg_status put_categories(seg_h5_writer *w, const seg_column *feature, seg_error *err)
{
    char link[LONGEST_PATH / 2], path[LONGEST_PATH];
    if (strlen(feature->name) + 3 > sizeof link)
        return seg_fail(err, SEG_E_DATA, "the name of a feature has %zu bytes (at most %zu)",
                        strlen(feature->name), sizeof link - 3);
    h5_link_name(feature->name, link);
    snprintf(path, sizeof path, "uns/segmill/categories/%s", link);
    seg_status st = seg_h5_put_texts(w, path, feature->levels, feature->n_levels, err);
    return st == SEG_OK ? seg_h5_attribute(w, path, H5_NAME_ATTRIBUTE, feature->name, err) : st;
}

seg_status h5_put_schema(seg_h5_writer *w, const seg_schema *schema, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_h5_put_text(w, "uns/segmill/kind", seg_kind_name(schema->kind), err));
    TRY(seg_h5_put_int(w, "uns/segmill/format", FORMAT, err));
    TRY(put_optional(w, "uns/segmill/id_name", schema->id_name, err));
    TRY(put_optional(w, "uns/segmill/label", schema->label, err));
    TRY(put_optional(w, "uns/segmill/zone", schema->zone, err));
    TRY(put_optional(w, "uns/segmill/currency", schema->currency, err));
    if (schema->as_of_day != SEG_MISSING_DAY) {
        char day[SEG_DATE_BYTES];
        seg_print_day(day, schema->as_of_day);
        TRY(seg_h5_put_text(w, "uns/segmill/as_of", day, err));
    }
    for (size_t f = 0; f < schema->n_features; f++)
        if (schema->features[f].type == SEG_TYPE_CODE)
            TRY(put_categories(w, &schema->features[f], err));

done:
    return st;
}

seg_status h5_own_kind(seg_h5 *file, bool *own, seg_kind *kind, seg_error *err)
{
    const char *name;
    *own = false;
    if (!seg_h5_has(file, "uns/segmill/kind"))
        return SEG_OK;
    seg_status st = seg_h5_get_text(file, "uns/segmill/kind", &name, err);
    if (st != SEG_OK)
        return st == SEG_E_AGAIN ? st : SEG_OK;   /* no text: not ours */
    for (seg_kind k = SEG_KIND_FEATURES; k <= SEG_KIND_MODEL; k++)
        if (strcmp(name, seg_kind_name(k)) == 0) {
            *kind = k;
            *own = true;
        }
    return SEG_OK;
}

static seg_status get_optional(seg_h5 *file, const char *path, const char **text, seg_error *err)
{
    *text = NULL;
    return seg_h5_has(file, path) ? seg_h5_get_text(file, path, text, err) : SEG_OK;
}

static seg_status get_as_of(seg_h5 *file, seg_schema_owner *schema, seg_error *err)
{
    const char *text;
    int64_t seconds;
    bool has_time;
    seg_status st = get_optional(file, "uns/segmill/as_of", &text, err);
    if (st != SEG_OK || text == NULL)
        return st;
    if (!seg_parse_date(text, strlen(text), SEG_DATE_ISO, &seconds, &has_time) || has_time)
        return seg_fail(err, SEG_E_DATA, "%s: 'uns/segmill/as_of' is not a date", file->path);
    schema->view.as_of_day = seg_day_of_seconds(seconds);
    return SEG_OK;
}

seg_status h5_get_facts(seg_h5 *file, seg_schema_owner *schema, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *label, *zone, *currency;
    int64_t format;
    TRY(seg_h5_get_int(file, "uns/segmill/format", &format, err));
    if (format != FORMAT) {
        st = seg_fail(err, SEG_E_DATA, "%s: written in format %lld; this version reads format %d",
                      file->path, (long long)format, FORMAT);
        goto done;
    }
    TRY(get_as_of(file, schema, err));
    TRY(get_optional(file, "uns/segmill/label", &label, err));
    TRY(get_optional(file, "uns/segmill/zone", &zone, err));
    TRY(get_optional(file, "uns/segmill/currency", &currency, err));
    if (label != NULL && seg_schema_column(&schema->view, label) == SIZE_MAX) {
        st = seg_fail(err, SEG_E_DATA, "%s: the label '%s' is not among the columns",
                      file->path, label);
        goto done;
    }
    TRY(seg_schema_set_label(schema, label, err));
    TRY(seg_schema_set_place(schema, zone, currency, err));

done:
    return st;
}

/* ---- features ---------------------------------------------------------------------- */

/* A categorical of var as one text per feature, null where missing. */
static seg_status get_words(seg_h5 *file, const char *path, size_t n, const char ***words,
                            seg_error *err)
{
    char part[64];
    const char *const *levels;
    size_t n_levels;
    seg_status st = SEG_OK;
    *words = seg_arena_get(&file->arena, (n + 1) * sizeof **words);
    if (*words == NULL)
        return seg_arena_failed(err);
    if (!seg_h5_has(file, path))
        return SEG_OK;
    snprintf(part, sizeof part, "%s/categories", path);
    TRY(seg_h5_get_texts(file, part, &levels, &n_levels, err));
    snprintf(part, sizeof part, "%s/codes", path);
    for (size_t i = 0; i < n; i++) {
        int32_t code;
        TRY(seg_h5_read(file, part, SEG_H5_I32, 0, i, 1, &code, err));
        if (code >= (int64_t)n_levels) {
            st = seg_fail(err, SEG_E_DATA, "%s: '%s' has a code beyond its categories",
                          file->path, path);
            goto done;
        }
        (*words)[i] = code < 0 ? NULL : levels[code];
    }

done:
    return st;
}

static seg_status get_categories(seg_h5 *file, seg_column *feature, seg_error *err)
{
    char link[LONGEST_PATH / 2], path[LONGEST_PATH];
    if (strlen(feature->name) + 3 > sizeof link)
        return seg_fail(err, SEG_E_DATA, "%s: a feature's name is too long", file->path);
    h5_link_name(feature->name, link);
    snprintf(path, sizeof path, "uns/segmill/categories/%s", link);
    feature->type = SEG_TYPE_CODE;
    return seg_h5_get_texts(file, path, &feature->levels, &feature->n_levels, err);
}

seg_status h5_get_features(seg_h5 *file, h5_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *const *names;
    const char **kinds, **units, **sources, *index;
    char path[LONGEST_PATH];
    size_t n;
    index = seg_h5_get_attribute(file, "var", "_index");
    snprintf(path, sizeof path, "var/%s", index == NULL ? "feature" : index);
    TRY(seg_h5_get_texts(file, path, &names, &n, err));
    TRY(get_words(file, "var/kind", n, &kinds, err));
    TRY(get_words(file, "var/unit", n, &units, err));
    TRY(get_words(file, "var/source", n, &sources, err));
    for (size_t f = 0; f < n; f++) {
        seg_column feature = { .name = names[f], .type = SEG_TYPE_F32, .unit = units[f],
                               .source = sources[f] };
        if (kinds[f] != NULL && strcmp(kinds[f], "category") == 0)
            TRY(get_categories(file, &feature, err));
        TRY(seg_schema_add_feature(table->schema, &feature, err));
    }

done:
    return st;
}
