/* lists.c: scores in, lists out: one canonical members.csv, a file set per target, and the
 * difference against the lists before. People who must not be written to are left out
 * last, whatever the rest says. */
#include "jobs/lists.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/publish.h"
#include "base/try.h"
#include "data/csv_rows.h"
#include "data/h5.h"
#include "jobs/list_people.h"
#include "jobs/list_writer.h"

#define FIELD(member) offsetof(seg_lists_options, member)
const seg_option seg_lists_option_table[] = {
    { "output", SEG_OPTION_TEXT, FIELD(output), 0, 0, NULL, "DIR",
      "directory to make; it must not be there yet", SEG_OPTION_ENVIRONMENT },
    { "target", SEG_OPTION_LIST, FIELD(target), 0, 0, NULL, "NAME,...",
      "dialects: generic, hubspot, salesforce", 0 },
    { "previous", SEG_OPTION_TEXT, FIELD(previous), 0, 0, NULL, "DIR",
      "lists made before: who joined, left, changed", SEG_OPTION_INPUT },
    { "suppress", SEG_OPTION_TEXT, FIELD(suppress), 0, 0, NULL, "FILE",
      "ids that must not be in any list, one a line", SEG_OPTION_INPUT },
    { "segment", SEG_OPTION_LIST, FIELD(segment), 0, 0, NULL, "NAME,...",
      "only these segments", 0 },
    { .name = NULL },
};

void seg_lists_defaults(void *options)
{
    *(seg_lists_options *)options = (seg_lists_options){ .target = "generic" };
}

enum { MAX_TARGETS = 16 };

typedef struct lists {
    const seg_call *call;
    const seg_lists_options *options;
    seg_source *scores;
    const seg_schema *schema;
    size_t segment;             /* the column lists are split and compared by; SIZE_MAX: none */
    char as_of[SEG_DATE_BYTES], model[17];
    char dir[4096];             /* temporary, beside the output */
    int temp_slot;
    seg_list_writer members, targets[MAX_TARGETS];
    size_t n_targets;
    seg_people previous, suppressed;
    seg_text joined, left, changed, rejected;
    uint64_t n_members, n_suppressed, n_rejected, n_joined, n_left, n_changed;
    int64_t *per_segment;       /* levels + 1 */
} lists;

/* ---- begin -------------------------------------------------------------------------------- */

static seg_status choose_targets(lists *l, seg_error *err)
{
    const char *list = l->options->target, *item;
    size_t n;
    while (seg_list_next(&list, &item, &n)) {
        const seg_dialect *dialect = seg_dialect_find(item, n);
        if (dialect == NULL)
            return seg_fail(err, SEG_E_USAGE, "--target '%.*s' is unknown; there are: %s",
                            (int)(n < 40 ? n : 40), item, seg_dialect_names());
        for (size_t t = 0; t < l->n_targets; t++)
            if (l->targets[t].dialect == dialect)
                return seg_fail(err, SEG_E_USAGE, "--target names '%s' twice", dialect->name);
        if (l->n_targets == MAX_TARGETS)
            return seg_fail(err, SEG_E_USAGE, "more than %d targets", MAX_TARGETS);
        l->targets[l->n_targets++] = (seg_list_writer){ .dialect = dialect };
    }
    return SEG_OK;
}

/* The column people call the segment: a name first, else any category. */
static size_t find_segment(const seg_schema *schema)
{
    static const char *const names[] = { "segment_name", "band" };
    for (size_t i = 0; i < 2; i++) {
        size_t c = seg_schema_column(schema, names[i]);
        if (c != SIZE_MAX && schema->columns[c].type == SEG_TYPE_CODE)
            return c;
    }
    for (size_t c = 0; c < schema->n_columns; c++)
        if (schema->columns[c].type == SEG_TYPE_CODE)
            return c;
    return SIZE_MAX;
}

static seg_status check_segments(const lists *l, seg_error *err)
{
    const char *list = l->options->segment, *item;
    size_t n;
    if (list != NULL && l->segment == SIZE_MAX)
        return seg_fail(err, SEG_E_USAGE, "--segment: the scores have no segments");
    while (list != NULL && seg_list_next(&list, &item, &n)) {
        const seg_column *column = &l->schema->columns[l->segment];
        size_t level = 0;
        while (level < column->n_levels && !seg_equal_n(column->levels[level], item, n))
            level++;
        if (level == column->n_levels)
            return seg_fail(err, SEG_E_USAGE, "--segment '%.*s' is no value of '%s'",
                            (int)(n < 60 ? n : 60), item, column->name);
    }
    return SEG_OK;
}

/* As-of day and the model's hash, from the scores file. */
static seg_status read_origin(lists *l, const char *path, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_h5 *file = NULL;
    seg_doc *doc = seg_doc_new();
    snprintf(l->model, sizeof l->model, "unknown");
    if (l->schema->as_of_day != SEG_MISSING_DAY)
        seg_print_day(l->as_of, l->schema->as_of_day);
    TRY(seg_h5_open(path, &file, err));
    if (seg_h5_has(file, "uns/segmill/provenance")) {
        TRY(seg_h5_get_doc(file, "uns/segmill/provenance", seg_doc_root(doc), err));
        const seg_node *models = seg_node_get(seg_doc_root(doc), "models");
        const char *hash = seg_node_text(seg_node_get(seg_node_at(models, 0), "sha256"), NULL);
        if (hash != NULL)
            snprintf(l->model, sizeof l->model, "%.12s", hash);
    }
done:
    seg_h5_close(file);
    seg_doc_free(doc);
    return st;
}

static seg_status open_scores(lists *l, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *path = l->call->operands[0];
    TRY(seg_source_open(&l->call->context, path, &l->scores, err));
    l->schema = l->scores->schema;
    if (l->schema->kind != SEG_KIND_SCORES) {
        st = seg_fail(err, SEG_E_DATA, "%s: holds %s; lists are made of scores (segmill score)",
                      path, seg_kind_name(l->schema->kind));
        goto done;
    }
    if (l->schema->id_name == NULL) {
        st = seg_fail(err, SEG_E_DATA, "%s: the scores have no ids: a CRM could not know who"
                      " is meant; import with --id", path);
        goto done;
    }
    l->segment = find_segment(l->schema);
    TRY(check_segments(l, err));
    TRY(read_origin(l, path, err));
    size_t n_levels = l->segment == SIZE_MAX ? 0 : l->schema->columns[l->segment].n_levels;
    TRY(SEG_ALLOC(&l->per_segment, n_levels + 1, "the counts", err));
done:
    return st;
}

static seg_status make_directory(lists *l, seg_error *err)
{
    seg_status st = SEG_OK;
    char absolute[4096];
    TRY(seg_path_absolute(l->options->output, absolute, err));
    for (size_t n = strlen(absolute); n > 1 && absolute[n - 1] == '/'; n--)
        absolute[n - 1] = '\0';
    if (seg_path_exists(absolute)) {
        st = seg_fail(err, SEG_E_USAGE, "%s: is there already; lists are never changed in place",
                      l->options->output);
        goto done;
    }
    snprintf(l->dir, sizeof l->dir, "%.4000s.tmp-%ld", absolute, (long)getpid());
    TRY(seg_temp_add(l->dir, &l->temp_slot, err));
    st = seg_make_dirs(l->dir, err);
    if (st != SEG_OK) {   /* say what was asked for, not the temporary name */
        seg_error cause = err == NULL ? (seg_error){ .text = "" } : *err;
        const char *why = strstr(cause.text, "could not");
        st = seg_fail(err, st, "%s: %s", l->options->output, why == NULL ? cause.text : why);
        goto done;
    }
    l->members = (seg_list_writer){ .dialect = seg_dialect_find("generic", 7),
                                    .schema = l->schema, .dir = l->dir,
                                    .fixed_name = "members.csv", .as_of = l->as_of,
                                    .model = l->model };
    for (size_t t = 0; t < l->n_targets; t++) {
        l->targets[t].schema = l->schema;
        l->targets[t].dir = l->dir;
    }
done:
    return st;
}

static seg_status read_people(lists *l, seg_error *err)
{
    seg_status st = SEG_OK;
    if (l->options->suppress != NULL)
        TRY(seg_people_read_ids(l->options->suppress, l->schema->id_name, &l->suppressed, err));
    if (l->options->previous == NULL)
        return SEG_OK;
    if (l->segment == SIZE_MAX) {
        st = seg_fail(err, SEG_E_USAGE, "--previous: the scores have no segments to compare");
        goto done;
    }
    TRY(seg_people_read_members(l->options->previous, l->schema->id_name,
                                l->schema->columns[l->segment].name, &l->previous, err));
    seg_text *difference[] = { &l->joined, &l->left, &l->changed };
    for (size_t i = 0; i < 3; i++) {
        seg_csv_add_field(difference[i], l->schema->id_name, strlen(l->schema->id_name));
        seg_text_add(difference[i], ",from,to\n");
    }
done:
    return st;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static const char *segment_of(const lists *l, const seg_block *block, size_t i, int32_t *code)
{
    *code = l->segment == SIZE_MAX ? -1 : ((const int32_t *)block->columns[l->segment])[i];
    return *code < 0 ? "" : l->schema->columns[l->segment].levels[*code];
}

static void add_difference(seg_text *out, const char *id, size_t n, const char *from,
                           const char *to)
{
    seg_csv_add_field(out, id, n);
    seg_text_add_char(out, ',');
    seg_csv_add_field(out, from, strlen(from));
    seg_text_add_char(out, ',');
    seg_csv_add_field(out, to, strlen(to));
    seg_text_add_char(out, '\n');
}

static void compare(lists *l, const char *id, size_t n, const char *segment)
{
    if (l->previous.ids == NULL)
        return;
    int32_t person = seg_dictionary_find(l->previous.ids, id, n);
    if (person < 0) {
        add_difference(&l->joined, id, n, "", segment);
        l->n_joined++;
        return;
    }
    l->previous.seen[person] = 1;
    const char *before =
        seg_dictionary_texts(l->previous.segments)[l->previous.segment[person]];
    if (strcmp(before, segment) != 0) {
        add_difference(&l->changed, id, n, before, segment);
        l->n_changed++;
    }
}

/* People look at this file with a spreadsheet too: the id is made harmless there. */
static void reject(lists *l, const char *id, size_t n)
{
    seg_text harmless = { 0 };
    if (l->n_rejected++ == 0)
        seg_text_add(&l->rejected, "id,reason\n");
    seg_text_add(&harmless, n == 0 ? "" : "'");
    seg_text_add_n(&harmless, id, n);
    if (!harmless.failed)
        seg_csv_add_field(&l->rejected, harmless.bytes, harmless.n);
    seg_text_add(&l->rejected, n == 0 ? ",there is no id\n" : ",the id begins like a formula\n");
    l->rejected.failed = l->rejected.failed || harmless.failed;
    seg_text_free(&harmless);
}

static seg_status add_row(lists *l, const seg_block *block, size_t i, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *id = block->ids + i * l->schema->id_width;
    size_t n = seg_cell_length(id, l->schema->id_width);
    int32_t code;
    const char *segment = segment_of(l, block, i, &code);
    if (l->options->segment != NULL && !seg_list_has(l->options->segment, segment))
        return SEG_OK;
    if (l->suppressed.ids != NULL && seg_dictionary_find(l->suppressed.ids, id, n) >= 0) {
        l->n_suppressed++;
        return SEG_OK;
    }
    if (n == 0 || seg_is_formula(id, n)) {
        reject(l, id, n);
        return SEG_OK;
    }
    compare(l, id, n, segment);
    l->n_members++;
    l->per_segment[code < 0 ? (l->segment == SIZE_MAX ? 0
                               : l->schema->columns[l->segment].n_levels) : (size_t)code]++;
    TRY(seg_list_writer_row(&l->members, block, i, err));
    for (size_t t = 0; t < l->n_targets; t++)
        TRY(seg_list_writer_row(&l->targets[t], block, i, err));
done:
    return st;
}

static seg_status add_rows(lists *l, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    for (;;) {
        TRY(l->scores->next(l->scores, &block, err));
        if (block.n_rows == 0)
            break;
        for (size_t i = 0; i < block.n_rows; i++)
            TRY(add_row(l, &block, i, err));
        TRY(seg_step(&l->call->context, "writing lists", block.first_row + block.n_rows,
                     l->scores->n_rows, err));
    }
done:
    return st;
}

/* ---- end ------------------------------------------------------------------------------------- */

static seg_status put_file(const lists *l, const char *name, const seg_text *text,
                           seg_error *err)
{
    char path[4300];
    seg_status st = seg_text_status(text, err);
    snprintf(path, sizeof path, "%s/%s", l->dir, name);
    return st == SEG_OK ? seg_file_put(path, text->bytes, text->n, err) : st;
}

static void find_left(lists *l)
{
    size_t n = l->previous.ids == NULL ? 0 : seg_dictionary_size(l->previous.ids);
    for (size_t p = 0; p < n; p++) {
        if (l->previous.seen[p])
            continue;
        const char *id = seg_dictionary_texts(l->previous.ids)[p];
        const char *from = seg_dictionary_texts(l->previous.segments)[l->previous.segment[p]];
        add_difference(&l->left, id, strlen(id), from, "");
        l->n_left++;
    }
}

static seg_status write_request(const lists *l, const seg_list_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *files[16];
    seg_doc *doc = NULL;
    seg_text text = { 0 };
    if (w->dialect->import_file == NULL)
        return SEG_OK;
    doc = seg_doc_new();
    for (size_t f = 0; f < w->n_files; f++)
        files[f] = w->names[f];
    seg_dialect_request(w->dialect, l->schema, files, w->n_files, seg_doc_root(doc));
    const char *json = seg_doc_json(doc, 2);
    if (json == NULL) {
        st = seg_doc_status(doc, err);
        goto done;
    }
    seg_text_add(&text, json);
    seg_text_add_char(&text, '\n');
    TRY(put_file(l, w->dialect->import_file, &text, err));
done:
    seg_text_free(&text);
    seg_doc_free(doc);
    return st;
}

static seg_status finish_files(lists *l, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_list_writer_end(&l->members, err));
    for (size_t t = 0; t < l->n_targets; t++) {
        TRY(seg_list_writer_end(&l->targets[t], err));
        TRY(write_request(l, &l->targets[t], err));
    }
    if (l->previous.ids != NULL) {
        find_left(l);
        TRY(put_file(l, "joined.csv", &l->joined, err));
        TRY(put_file(l, "left.csv", &l->left, err));
        TRY(put_file(l, "changed.csv", &l->changed, err));
    }
    if (l->n_rejected > 0)
        TRY(put_file(l, "rejected.csv", &l->rejected, err));
    TRY(seg_manifest_write(l->dir, err));
    TRY(seg_sync_dir(l->dir, err));
    if (rename(l->dir, l->options->output) != 0) {
        st = seg_fail(err, SEG_E_IO, "%s: could not be put in place", l->options->output);
        goto done;
    }
    seg_temp_drop(l->temp_slot);
    l->temp_slot = -1;
    TRY(seg_sync_parent(l->options->output, err));
done:
    return st;
}

static void put_result(const lists *l, seg_node *result)
{
    seg_put_text(result, "output", l->options->output);
    seg_put_int(result, "members", (int64_t)l->n_members);
    if (l->as_of[0] != '\0')
        seg_put_text(result, "as_of", l->as_of);
    seg_put_int(result, "suppressed", (int64_t)l->n_suppressed);
    seg_put_int(result, "rejected", (int64_t)l->n_rejected);
    if (l->previous.ids != NULL) {
        seg_put_int(result, "joined", (int64_t)l->n_joined);
        seg_put_int(result, "left", (int64_t)l->n_left);
        seg_put_int(result, "changed", (int64_t)l->n_changed);
    }
    seg_node *segments = seg_put_array(result, "segments");
    for (size_t s = 0; l->segment != SIZE_MAX && s < l->schema->columns[l->segment].n_levels; s++) {
        seg_node *row = seg_put_object(segments, NULL);
        seg_put_text(row, "name", l->schema->columns[l->segment].levels[s]);
        seg_put_int(row, "members", l->per_segment[s]);
    }
    seg_node *files = seg_put_array(result, "files");
    seg_put_text(files, NULL, "members.csv");
    for (size_t t = 0; t < l->n_targets; t++)
        for (size_t f = 0; f < l->targets[t].n_files; f++)
            seg_put_text(files, NULL, l->targets[t].names[f]);
}

static void lists_free(lists *l)
{
    if (l->temp_slot >= 0) {
        seg_remove_tree(l->dir);
        seg_temp_drop(l->temp_slot);
    }
    seg_list_writer_free(&l->members);
    for (size_t t = 0; t < l->n_targets; t++)
        seg_list_writer_free(&l->targets[t]);
    seg_people_free(&l->previous);
    seg_people_free(&l->suppressed);
    seg_text_free(&l->joined);
    seg_text_free(&l->left);
    seg_text_free(&l->changed);
    seg_text_free(&l->rejected);
    seg_free(l->per_segment);
    seg_source_close(l->scores);
    seg_free(l);
}

seg_status seg_lists_run(const seg_call *call, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    lists *l = NULL;

    TRY(SEG_ALLOC(&l, 1, "the lists", err));
    l->call = call;
    l->options = call->options;
    l->temp_slot = -1;
    if (l->options->output == NULL) {
        st = seg_fail(err, SEG_E_USAGE, "no directory: give one with -o");
        goto done;
    }
    TRY(choose_targets(l, err));
    TRY(open_scores(l, err));
    TRY(read_people(l, err));
    TRY(make_directory(l, err));
    TRY(add_rows(l, err));
    if (l->suppressed.ids != NULL && l->n_suppressed == 0 && l->scores->n_rows > 0)
        seg_note(&call->context, SEG_LEVEL_WARN, "no id of the suppression list is among the"
                 " scores: is it made of the same ids?");
    TRY(finish_files(l, err));
    put_result(l, result);

done:
    if (l != NULL)
        lists_free(l);
    return st;
}
