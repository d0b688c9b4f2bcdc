#include "tests/support/golden.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "tests/support/fimi.h"

enum { TEXT_BYTES = 16 << 20, RULES_MAX = 10000 };

static size_t split(char *line, char **fields)
{
    size_t n = 0;
    for (char *at = line; at != NULL && n < GOLDEN_FIELDS;) {
        fields[n++] = at;
        at = strchr(at, ',');
        if (at != NULL)
            *at++ = '\0';
    }
    return n;
}

static uint32_t count(const golden *g, size_t rule, const char *name)
{
    return (uint32_t)golden_value(g, rule, golden_field(g, name));
}

static void understand(golden *g, size_t i)
{
    golden_rule *r = &g->rules[i];
    for (char *at = r->fields[0]; *at != '\0' && r->n_body < GOLDEN_BODY;)
        r->body[r->n_body++] = (int32_t)strtol(at, &at, 10);
    r->head = (int32_t)strtol(r->fields[1], NULL, 10);
    uint32_t both = count(g, i, "n11"), body_only = count(g, i, "n10");
    uint32_t head_only = count(g, i, "n01"), neither = count(g, i, "n00");
    r->counts = (seg_rule_counts){ .all = both + body_only + head_only + neither, .both = both,
                                   .body = both + body_only, .head = both + head_only };
}

bool golden_read(golden *g)
{
    *g = (golden){ 0 };
    gzFile gz = gzopen(data_path("baskets/groceries_rules_s10_c50.csv.gz"), "rb");
    if (gz == NULL)
        return false;
    g->text = calloc(TEXT_BYTES, 1);
    g->rules = calloc(RULES_MAX, sizeof *g->rules);
    int n = gzread(gz, g->text, TEXT_BYTES - 1);
    gzclose(gz);
    char *rest = NULL, *line = n > 0 ? strtok_r(g->text, "\n", &rest) : NULL;
    if (line == NULL)
        return false;
    g->n_fields = split(line, g->names);
    while ((line = strtok_r(NULL, "\n", &rest)) != NULL && g->n < RULES_MAX)
        split(line, g->rules[g->n++].fields);
    for (size_t i = 0; i < g->n; i++)
        understand(g, i);
    return true;
}

void golden_free(golden *g)
{
    free(g->text);
    free(g->rules);
    *g = (golden){ 0 };
}

size_t golden_field(const golden *g, const char *name)
{
    for (size_t i = 0; i < g->n_fields; i++)
        if (strcmp(g->names[i], name) == 0)
            return i;
    return SIZE_MAX;
}

double golden_value(const golden *g, size_t rule, size_t field)
{
    const char *text = g->rules[rule].fields[field];
    return strncmp(text, "NA", 2) == 0 || strncmp(text, "NaN", 3) == 0 ? NAN : strtod(text, NULL);
}

bool golden_flag(const golden *g, size_t rule, const char *name)
{
    return strncmp(g->rules[rule].fields[golden_field(g, name)], "TRUE", 4) == 0;
}
