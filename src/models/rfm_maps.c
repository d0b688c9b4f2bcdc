/* rfm_maps.c: the shipped maps, the file form, and the check cell by cell.
 *
 * "default" is the grid of recency and frequency that most recipes use, the only one in
 * common use that is an exact partition, with Lost split off from Hibernating. "r-rfm" is
 * the map in the README of the R package rfm: first match counts, and cells that it leaves
 * out are called Others. */
#include "models/rfm_maps.h"

#include <stdbool.h>
#include <string.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"

typedef struct range {
    uint8_t first, last;
} range;

typedef struct rule {
    const char *name;
    range on[3];          /* recency, frequency, money */
} rule;

typedef struct rules {
    const char *name;
    uint32_t levels;
    bool first_match;
    const char *otherwise;   /* null: every cell must be covered */
    const rule *rule;
    size_t n_rules;
} rules;

static const rule default_rules[] = {
    { "Champions",          { { 5, 5 }, { 4, 5 }, { 1, 5 } } },
    { "Loyal",              { { 3, 4 }, { 4, 5 }, { 1, 5 } } },
    { "Potential Loyalist", { { 4, 5 }, { 2, 3 }, { 1, 5 } } },
    { "New",                { { 5, 5 }, { 1, 1 }, { 1, 5 } } },
    { "Promising",          { { 4, 4 }, { 1, 1 }, { 1, 5 } } },
    { "Need Attention",     { { 3, 3 }, { 3, 3 }, { 1, 5 } } },
    { "About To Sleep",     { { 3, 3 }, { 1, 2 }, { 1, 5 } } },
    { "Can't Lose",         { { 1, 2 }, { 5, 5 }, { 1, 5 } } },
    { "At Risk",            { { 1, 2 }, { 3, 4 }, { 1, 5 } } },
    { "Hibernating",        { { 2, 2 }, { 1, 2 }, { 1, 5 } } },
    { "Hibernating",        { { 1, 1 }, { 2, 2 }, { 1, 5 } } },
    { "Lost",               { { 1, 1 }, { 1, 1 }, { 1, 5 } } },
};

static const rule r_rfm_rules[] = {
    { "Champions",          { { 5, 5 }, { 5, 5 }, { 5, 5 } } },
    { "Potential Loyalist", { { 3, 5 }, { 3, 5 }, { 2, 5 } } },
    { "Loyal",              { { 2, 4 }, { 2, 4 }, { 2, 4 } } },
    { "Promising",          { { 3, 4 }, { 1, 3 }, { 3, 5 } } },
    { "New",                { { 4, 5 }, { 1, 3 }, { 1, 5 } } },
    { "Can't Lose",         { { 1, 2 }, { 3, 4 }, { 4, 5 } } },
    { "At Risk",            { { 1, 2 }, { 2, 5 }, { 4, 5 } } },
    { "Need Attention",     { { 1, 3 }, { 3, 5 }, { 3, 5 } } },
    { "About To Sleep",     { { 2, 3 }, { 1, 3 }, { 1, 4 } } },
    { "Lost",               { { 1, 1 }, { 1, 5 }, { 1, 5 } } },
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const rules shipped[] = {
    { "default", 5, false, NULL, default_rules, COUNT(default_rules) },
    { "r-rfm", 5, true, "Others", r_rfm_rules, COUNT(r_rfm_rules) },
};

/* ---- from rules to cells --------------------------------------------------------------- */

static bool covers(const range on[3], const uint32_t score[3])
{
    for (size_t d = 0; d < 3; d++)
        if (score[d] < on[d].first || score[d] > on[d].last)
            return false;
    return true;
}

static seg_status add_name(seg_rfm_map *map, const char *name, size_t *at, seg_error *err)
{
    for (*at = 0; *at < map->n_names; ++*at)
        if (strcmp(map->names[*at], name) == 0)
            return SEG_OK;
    if (map->n_names == SEG_RFM_NAMES_MAX)
        return seg_fail(err, SEG_E_USAGE, "more than %d segments", SEG_RFM_NAMES_MAX - 2);
    map->names[map->n_names] = seg_arena_text(&map->arena, name);
    if (map->names[map->n_names] == NULL)
        return seg_arena_failed(err);
    map->n_names++;
    return SEG_OK;
}

/* The rule of one cell; null if the cell falls under `otherwise`. */
static seg_status rule_of(const rules *from, const uint32_t score[3], seg_rfm_map *map,
                          size_t *used, seg_error *err)
{
    *used = SIZE_MAX;
    for (size_t i = 0; i < from->n_rules; i++) {
        if (!covers(from->rule[i].on, score))
            continue;
        if (*used == SIZE_MAX) {
            *used = i;
            continue;
        }
        if (!from->first_match)
            return seg_fail(err, SEG_E_USAGE, "scores %u-%u-%u fall under '%s' and '%s'; say"
                            " first-match if the first is meant", score[0], score[1], score[2],
                            from->rule[*used].name, from->rule[i].name);
        map->n_double++;
        break;
    }
    if (*used == SIZE_MAX && from->otherwise == NULL)
        return seg_fail(err, SEG_E_USAGE, "no rule covers scores %u-%u-%u; add one, or"
                        " 'otherwise NAME'", score[0], score[1], score[2]);
    map->n_otherwise += *used == SIZE_MAX;
    return SEG_OK;
}

static seg_status check_all_used(const rules *from, const bool *used, seg_error *err)
{
    for (size_t i = 0; i < from->n_rules; i++)
        if (!used[i])
            return seg_fail(err, SEG_E_USAGE, "rule %zu, '%s', can never apply: earlier rules"
                            " cover all of it", i + 1, from->rule[i].name);
    return SEG_OK;
}

static seg_status fill_cells(const rules *from, seg_rfm_map *map, seg_error *err)
{
    seg_status st = SEG_OK;
    bool *used = NULL;
    uint32_t n = map->levels;
    size_t n_cells = (size_t)n * n * n;

    TRY(SEG_ALLOC(&used, from->n_rules, "the rules of the map", err));
    TRY(SEG_ALLOC(&map->cells, n_cells, "the cells of the map", err));
    for (size_t c = 0; c < n_cells; c++) {
        const uint32_t score[3] = { (uint32_t)(c / n / n) + 1, (uint32_t)(c / n % n) + 1,
                                    (uint32_t)(c % n) + 1 };
        size_t i, name;
        TRY(rule_of(from, score, map, &i, err));
        if (i != SIZE_MAX)
            used[i] = true;
        TRY(add_name(map, i == SIZE_MAX ? from->otherwise : from->rule[i].name, &name, err));
        map->cells[c] = (uint8_t)name;
    }
    TRY(check_all_used(from, used, err));

done:
    seg_free(used);
    return st;
}

static seg_status check_name(const char *name, seg_error *err)
{
    if (strcmp(name, SEG_RFM_PROSPECT) == 0 || strcmp(name, SEG_RFM_RETURNS_ONLY) == 0)
        return seg_fail(err, SEG_E_USAGE, "'%s' is the name of customers without a purchase",
                        name);
    return SEG_OK;
}

static seg_status build(const rules *from, seg_rfm_map *map, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t at;
    map->levels = from->levels;
    map->name = seg_arena_text(&map->arena, from->name);
    map->names = seg_arena_get(&map->arena, SEG_RFM_NAMES_MAX * sizeof *map->names);
    if (map->name == NULL || map->names == NULL)
        return seg_arena_failed(err);
    /* Names stand in the order of the rules, not of the cells. */
    for (size_t i = 0; i < from->n_rules; i++) {
        TRY(check_name(from->rule[i].name, err));
        TRY(add_name(map, from->rule[i].name, &at, err));
    }
    if (from->otherwise != NULL)
        TRY(check_name(from->otherwise, err));
    TRY(fill_cells(from, map, err));
    TRY(add_name(map, SEG_RFM_PROSPECT, &at, err));
    TRY(add_name(map, SEG_RFM_RETURNS_ONLY, &at, err));

done:
    return st;
}

/* ---- the file form ----------------------------------------------------------------------- */

enum { FILE_BYTES_MAX = 1 << 20, RULES_MAX = 1000 };

typedef struct parser {
    seg_arena arena;
    rule *rule;
    size_t cap;
    rules rules;
} parser;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The last word of the first *n bytes; *n becomes what stands before it, trimmed. */
static const char *last_word(const char *line, size_t *n, size_t *length)
{
    size_t end = *n, begin = end;
    while (begin > 0 && !is_blank(line[begin - 1]))
        begin--;
    *length = end - begin;
    while (begin > 0 && is_blank(line[begin - 1]))
        begin--;
    *n = begin;
    return line + end - *length;
}

/* "3", "3-5" or "*". */
static bool parse_range(const char *word, size_t n, range *out)
{
    int64_t first, last;
    if (n == 1 && *word == '*') {
        *out = (range){ 1, SEG_RFM_LEVELS_MAX };
        return true;
    }
    const char *dash = memchr(word, '-', n);
    size_t n_first = dash == NULL ? n : (size_t)(dash - word);
    if (!seg_parse_i64(word, n_first, &first))
        return false;
    last = first;
    if (dash != NULL && !seg_parse_i64(dash + 1, n - n_first - 1, &last))
        return false;
    if (first < 1 || last < first || last > SEG_RFM_LEVELS_MAX)
        return false;
    *out = (range){ (uint8_t)first, (uint8_t)last };
    return true;
}

static seg_status parse_name(parser *p, const char *name, size_t n, const char **out,
                             seg_error *err)
{
    bool plain = n > 0 && n <= SEG_RFM_NAME_BYTES && seg_utf8_check(name, n) == n;
    for (size_t i = 0; i < n && plain; i++)
        plain = (unsigned char)name[i] >= 0x20 && name[i] != 0x7f;
    if (!plain)
        return seg_fail(err, SEG_E_USAGE, "a segment's name is 1 to %d bytes of UTF-8",
                        SEG_RFM_NAME_BYTES);
    *out = seg_arena_text_n(&p->arena, name, n);
    return *out == NULL ? seg_arena_failed(err) : SEG_OK;
}

static seg_status parse_rule(parser *p, const char *line, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    rule parsed = { 0 };
    for (size_t d = 3; d-- > 0;) {
        size_t length;
        const char *word = last_word(line, &n, &length);
        if (!parse_range(word, length, &parsed.on[d]))
            return seg_fail(err, SEG_E_USAGE, "a rule is a name and three ranges of scores like"
                            " 5, 3-4 or *, within 1 to %d", SEG_RFM_LEVELS_MAX);
    }
    TRY(parse_name(p, line, n, &parsed.name, err));
    if (p->rules.n_rules == RULES_MAX)
        return seg_fail(err, SEG_E_USAGE, "more than %d rules", RULES_MAX);
    TRY(SEG_GROW(&p->rule, &p->cap, p->rules.n_rules + 1, "the rules of the map", err));
    p->rule[p->rules.n_rules++] = parsed;

done:
    return st;
}

static bool starts_with_word(const char *line, size_t n, const char *word)
{
    size_t length = strlen(word);
    return n > length && memcmp(line, word, length) == 0 && is_blank(line[length]);
}

static seg_status parse_levels(parser *p, const char *line, size_t n, seg_error *err)
{
    int64_t levels;
    size_t length;
    const char *word = last_word(line, &n, &length);
    if (!seg_parse_i64(word, length, &levels) || levels < SEG_RFM_LEVELS_MIN
        || levels > SEG_RFM_LEVELS_MAX)
        return seg_fail(err, SEG_E_USAGE, "levels are %d to %d", SEG_RFM_LEVELS_MIN,
                        SEG_RFM_LEVELS_MAX);
    p->rules.levels = (uint32_t)levels;
    return SEG_OK;
}

static seg_status parse_line(parser *p, const char *line, size_t n, seg_error *err)
{
    const char *comment = memchr(line, '#', n);
    if (comment != NULL)
        n = (size_t)(comment - line);
    while (n > 0 && is_blank(line[n - 1]))
        n--;
    while (n > 0 && is_blank(*line))
        line++, n--;
    if (n == 0)
        return SEG_OK;
    if (seg_equal_n("first-match", line, n)) {
        p->rules.first_match = true;
        return SEG_OK;
    }
    if (starts_with_word(line, n, "levels"))
        return parse_levels(p, line, n, err);
    if (starts_with_word(line, n, "otherwise")) {
        const char *name = line + strlen("otherwise");
        n -= strlen("otherwise");
        while (is_blank(*name))
            name++, n--;
        return parse_name(p, name, n, &p->rules.otherwise, err);
    }
    return parse_rule(p, line, n, err);
}

static seg_status parse_lines(parser *p, const char *text, size_t n, seg_error *err)
{
    size_t number = 1;
    for (const char *line = text, *end = text + n; line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL)
            stop = end;
        seg_status st = parse_line(p, line, (size_t)(stop - line), err);
        if (st != SEG_OK) {
            seg_error_context(err, "line %zu", number);
            return st;
        }
        line = stop + 1;
    }
    if (p->rules.n_rules == 0)
        return seg_fail(err, SEG_E_USAGE, "no rule in the map");
    return SEG_OK;
}

static seg_status build_from_file(const char *path, seg_rfm_map *map, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *slash = strrchr(path, '/');
    parser p = { .rules = { .name = slash == NULL ? path : slash + 1, .levels = 5 } };
    char *text = NULL;
    size_t n = 0;

    TRY(seg_file_get(path, FILE_BYTES_MAX, &text, &n, err));
    st = parse_lines(&p, text, n, err);
    p.rules.rule = p.rule;
    if (st == SEG_OK)
        st = build(&p.rules, map, err);
    if (st != SEG_OK)
        seg_error_context(err, "%s", path);

done:
    seg_free(text);
    seg_free(p.rule);
    seg_arena_free(&p.arena);
    return st;
}

/* ---- opening ------------------------------------------------------------------------------ */

seg_status seg_rfm_map_open(const char *name_or_path, seg_rfm_map **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rfm_map *map = NULL;
    const rules *found = NULL;
    *out = NULL;

    if (name_or_path == NULL)
        name_or_path = "default";
    for (size_t i = 0; i < COUNT(shipped); i++)
        if (strcmp(shipped[i].name, name_or_path) == 0)
            found = &shipped[i];
    if (found == NULL && !seg_path_exists(name_or_path))
        return seg_fail(err, SEG_E_USAGE, "map '%s' is neither shipped (default, r-rfm) nor"
                        " a file", name_or_path);
    TRY(SEG_ALLOC(&map, 1, "a segment map", err));
    TRY(found != NULL ? build(found, map, err) : build_from_file(name_or_path, map, err));
    *out = map;
    map = NULL;

done:
    seg_rfm_map_free(map);
    return st;
}

void seg_rfm_map_free(seg_rfm_map *map)
{
    if (map == NULL)
        return;
    seg_free(map->cells);
    seg_arena_free(&map->arena);
    seg_free(map);
}

static uint32_t level_of(uint32_t score, uint32_t n_bins, uint32_t levels)
{
    if (n_bins == levels)
        return score;
    uint32_t steps = n_bins - 1;
    return 1 + (2 * (score - 1) * (levels - 1) + steps) / (2 * steps);
}

size_t seg_rfm_map_segment(const seg_rfm_map *map, uint32_t n_bins, const uint32_t score[3])
{
    size_t cell = 0;
    for (size_t d = 0; d < 3; d++)
        cell = cell * map->levels + level_of(score[d], n_bins, map->levels) - 1;
    return map->cells[cell];
}
