#include "tests/support/commands.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 64, MAX_LINE = 4096, OPTIONS = 2048 };

typedef struct parsed {
    char line[MAX_LINE];
    const seg_command *command;
    const seg_method *method;
    seg_common_options common;
    seg_call call;
    const char *operands[MAX_WORDS];
    _Alignas(16) char options[OPTIONS];
    _Alignas(16) char method_options[OPTIONS];
} parsed;

static seg_status set(parsed *p, char *word, seg_error *err)
{
    char *value = strchr(word, '=');
    if (value != NULL)
        *value++ = '\0';
    if (seg_option_find(p->command->options, word) != NULL)
        return seg_option_set(p->command->options, p->options, word, value, err);
    if (p->method != NULL && seg_option_find(seg_method_options(p->method), word) != NULL)
        return seg_option_set(seg_method_options(p->method), p->method_options, word, value,
                              err);
    return seg_option_set(seg_common_option_table(), &p->common, word, value, err);
}

static seg_status parse(const char *line, parsed *p, seg_error *err)
{
    char *rest = NULL;
    memset(p, 0, sizeof *p);
    snprintf(p->line, sizeof p->line, "%s", line);
    p->command = seg_command_find(strtok_r(p->line, " ", &rest));
    assert(p->command != NULL);
    p->command->defaults(p->options);
    seg_common_defaults(&p->common);
    p->common.no_fork = true;
    p->common.quiet = true;
    p->common.threads = 2;
    for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL;) {
        if (strncmp(word, "--", 2) == 0) {
            seg_status st = set(p, word + 2, err);
            if (st != SEG_OK)
                return st;
            continue;
        }
        if (p->call.n_operands == 0 && (p->command->flags & SEG_COMMAND_METHOD) != 0) {
            p->method = seg_method_find(word);
            assert(p->method != NULL);
            seg_method_defaults(p->method, p->method_options);
        }
        p->operands[p->call.n_operands++] = word;
    }
    p->call.context = seg_context_defaults();
    p->call.options = p->options;
    p->call.method_options = p->method == NULL ? NULL : p->method_options;
    p->call.operands = p->operands;
    return SEG_OK;
}

static seg_status copy_result(seg_doc *result, void *user, seg_error *err)
{
    seg_doc **out = user;
    if (out == NULL)
        return SEG_OK;
    const seg_node *from = seg_doc_root(result);
    *out = seg_doc_new();
    for (size_t i = 0; i < seg_node_count(from); i++)
        seg_put_node(seg_doc_root(*out), seg_node_name(seg_node_at(from, i)),
                     seg_node_at(from, i));
    return seg_doc_status(*out, err);
}

seg_status command_line(const char *line, seg_doc **result, seg_error *err)
{
    static parsed p;
    if (result != NULL)
        *result = NULL;
    seg_status st = parse(line, &p, err);
    if (st == SEG_OK)
        st = seg_command_run(p.command, &p.call, &p.common, copy_result, result, err);
    return st;
}
