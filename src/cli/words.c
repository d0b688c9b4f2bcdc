#include "cli/words.h"

#include <assert.h>
#include <string.h>

/* The table that has the option, and the struct it fills; null if none has it. */
static const seg_option *find_table(words *w, const char *name, void **into)
{
    if (seg_option_find(w->command->options, name) != NULL) {
        *into = w->options;
        return w->command->options;
    }
    if (w->method != NULL && seg_option_find(seg_method_options(w->method), name) != NULL) {
        *into = w->method_options;
        return seg_method_options(w->method);
    }
    *into = &w->common;
    return seg_option_find(seg_common_option_table(), name) != NULL ? seg_common_option_table()
                                                                    : NULL;
}

static seg_status unknown_option(const words *w, const char *name, seg_error *err)
{
    const char *nearest = seg_option_nearest(w->command->options, name);
    if (nearest == NULL && w->method != NULL)
        nearest = seg_option_nearest(seg_method_options(w->method), name);
    if (nearest == NULL)
        nearest = seg_option_nearest(seg_common_option_table(), name);
    if (nearest == NULL && w->method == NULL && (w->command->flags & SEG_COMMAND_METHOD) != 0)
        return seg_fail(err, SEG_E_USAGE, "unknown option '--%.60s'; the options of a method"
                        " stand behind its name, see 'segmill help %s'", name, w->command->name);
    return seg_fail(err, SEG_E_USAGE, "unknown option '--%.60s'%s%s%s; see 'segmill help %s'",
                    name, nearest == NULL ? "" : "; did you mean '--",
                    nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?",
                    w->command->name);
}

/* "--name value", "--name=value", "--flag". *i moves over the value. */
static seg_status take_option(words *w, int argc, char **argv, int *i, seg_error *err)
{
    char name[64];
    const char *word = argv[*i] + 2, *equals = strchr(word, '=');
    size_t n = equals == NULL ? strlen(word) : (size_t)(equals - word);
    void *into;
    if (n >= sizeof name)
        return seg_fail(err, SEG_E_USAGE, "unknown option '--%.60s'", word);
    memcpy(name, word, n);
    name[n] = '\0';
    const seg_option *table = find_table(w, name, &into);
    if (table == NULL)
        return unknown_option(w, name, err);
    const char *value = equals == NULL ? NULL : equals + 1;
    if (value == NULL && seg_option_find(table, name)->type != SEG_OPTION_FLAG && *i + 1 < argc)
        value = argv[++*i];
    return seg_option_set(table, into, name, value, err);
}

static seg_status take_output(words *w, int argc, char **argv, int *i, seg_error *err)
{
    const seg_option *table = w->command->options;
    if (seg_option_find(table, "output") == NULL)
        return seg_fail(err, SEG_E_USAGE, "-o: 'segmill %s' writes no file", w->command->name);
    if (*i + 1 >= argc)
        return seg_fail(err, SEG_E_USAGE, "-o takes a value: where to write");
    return seg_option_set(table, w->options, "output", argv[++*i], err);
}

static seg_status take_operand(words *w, const char *word, seg_error *err)
{
    size_t n = w->call.n_operands;
    if (n == 0 && (w->command->flags & SEG_COMMAND_METHOD) != 0) {
        w->method = seg_method_find(word);
        if (w->method == NULL)
            return seg_fail(err, SEG_E_USAGE, "'%.40s' is no method; see 'segmill help methods'",
                            word);
        assert(seg_method_options_size(w->method) <= sizeof w->method_options);
        seg_method_defaults(w->method, w->method_options);
    }
    if (n == w->command->max_operands || n == WORDS_MAX_OPERANDS)
        return seg_fail(err, SEG_E_USAGE, "too many files: usage: segmill %s %s",
                        w->command->name, w->command->operands);
    w->operands[w->call.n_operands++] = word;
    return SEG_OK;
}

/* The options of a method are known from its name on: it stands before them. */
static seg_status take_word(words *w, int argc, char **argv, int *i, seg_error *err)
{
    const char *word = argv[*i];
    if (strcmp(word, "-h") == 0) {
        w->common.help = true;
        return SEG_OK;
    }
    if (strcmp(word, "-o") == 0)
        return take_output(w, argc, argv, i, err);
    if (strncmp(word, "--", 2) == 0 && word[2] != '\0')
        return take_option(w, argc, argv, i, err);
    if (word[0] == '-' && word[1] != '\0')
        return seg_fail(err, SEG_E_USAGE, "unknown option '%.40s'; options have long names, see"
                        " 'segmill help %s'", word, w->command->name);
    return take_operand(w, word, err);
}

static seg_status check(const words *w, seg_error *err)
{
    if (w->common.help)
        return SEG_OK;
    if (w->call.n_operands < w->command->min_operands)
        return seg_fail(err, SEG_E_USAGE, "usage: segmill %s %s; see 'segmill help %s'",
                        w->command->name, w->command->operands, w->command->name);
    seg_status st = seg_option_check(w->command->options, w->options, err);
    if (st == SEG_OK && w->method != NULL)
        st = seg_option_check(seg_method_options(w->method), w->method_options, err);
    return st;
}

seg_status words_parse(const seg_command *command, int argc, char **argv, words *w,
                       seg_error *err)
{
    seg_status st = SEG_OK;
    memset(w, 0, sizeof *w);
    w->command = command;
    assert(command->options_size <= sizeof w->options);
    seg_common_defaults(&w->common);
    command->defaults(w->options);
    for (int i = 0; i < argc && st == SEG_OK; i++)
        st = take_word(w, argc, argv, &i, err);
    if (st != SEG_OK)
        return st;
    w->call.context = seg_context_defaults();
    w->call.options = w->options;
    w->call.method_options = w->method == NULL ? NULL : w->method_options;
    w->call.operands = w->operands;
    return check(w, err);
}
