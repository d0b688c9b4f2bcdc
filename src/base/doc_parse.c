/* doc_parse.c: JSON (RFC 8259) to a tree, in one pass over the text. By ourselves, since
 * the packaged reader asserts where its memory ends. Stricter than asked in three points:
 * no name twice in an object, no number that a tree cannot hold, no null character. */
#include <string.h>

#include "base/alloc.h"
#include "base/doc_tree.h"
#include "base/number.h"
#include "base/try.h"

enum { MAX_DEPTH = 64 };

typedef struct parser {
    const char *start, *s, *end;
    seg_doc *doc;
    seg_text word;           /* the string being read */
    int depth;
    seg_error *err;
} parser;

static seg_status wrong(const parser *p, const char *what)
{
    size_t line = 1, column = 1;
    for (const char *c = p->start; c < p->s; c++) {
        column = *c == '\n' ? 1 : column + 1;
        line += *c == '\n';
    }
    return seg_fail(p->err, SEG_E_DATA, "line %zu, column %zu: %s", line, column, what);
}

static void skip_blanks(parser *p)
{
    while (p->s < p->end && (*p->s == ' ' || *p->s == '\t' || *p->s == '\n' || *p->s == '\r'))
        p->s++;
}

static bool take(parser *p, char c)
{
    if (p->s == p->end || *p->s != c)
        return false;
    p->s++;
    return true;
}

/* ---- strings --------------------------------------------------------------------------- */

static bool take_hex(parser *p, uint32_t *out)
{
    *out = 0;
    if (p->end - p->s < 4)
        return false;
    for (int i = 0; i < 4; i++, p->s++) {
        char c = *p->s;
        uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10) : 16;
        if (digit == 16)
            return false;
        *out = *out * 16 + digit;
    }
    return true;
}

static void add_code_point(seg_text *out, uint32_t c)
{
    char utf8[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char heads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = n; i-- > 1; c >>= 6)
        utf8[i] = (char)(0x80 | (c & 0x3f));
    utf8[0] = (char)(heads[n] | c);
    if (n == 1)
        utf8[0] = (char)c;
    seg_text_add_n(out, utf8, n);
}

/* Behind "\u"; a pair of surrogates is one character. */
static seg_status take_unicode(parser *p)
{
    uint32_t c, low;
    if (!take_hex(p, &c))
        return wrong(p, "\\u takes four hexadecimal digits");
    if (c == 0)
        return wrong(p, "a text holds a null character");
    if (c >= 0xd800 && c < 0xdc00) {
        if (!take(p, '\\') || !take(p, 'u') || !take_hex(p, &low) || low < 0xdc00 || low > 0xdfff)
            return wrong(p, "half of a surrogate pair");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c >= 0xdc00 && c <= 0xdfff) {
        return wrong(p, "half of a surrogate pair");
    }
    add_code_point(&p->word, c);
    return SEG_OK;
}

static seg_status take_escape(parser *p)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (take(p, 'u'))
        return take_unicode(p);
    const char *name = p->s < p->end && *p->s != '\0' ? strchr(names, *p->s) : NULL;
    if (name == NULL)
        return wrong(p, "an unknown escape in a text");
    seg_text_add_char(&p->word, meanings[name - names]);
    p->s++;
    return SEG_OK;
}

/* Into p->word. The text was found to be UTF-8 before. */
static seg_status take_string(parser *p)
{
    seg_text_clear(&p->word);
    seg_text_add(&p->word, "");
    if (!take(p, '"'))
        return wrong(p, "a text in double quotes is expected");
    for (;;) {
        const char *from = p->s;
        while (p->s < p->end && *p->s != '"' && *p->s != '\\' && (unsigned char)*p->s >= 0x20)
            p->s++;
        seg_text_add_n(&p->word, from, (size_t)(p->s - from));
        if (take(p, '"'))
            return seg_text_status(&p->word, p->err);
        if (p->s == p->end)
            return wrong(p, "a text is not closed");
        if (!take(p, '\\'))
            return wrong(p, "a control character in a text");
        seg_status st = take_escape(p);
        if (st != SEG_OK)
            return st;
    }
}

/* ---- values ---------------------------------------------------------------------------- */

static size_t take_digits(parser *p)
{
    const char *from = p->s;
    while (p->s < p->end && *p->s >= '0' && *p->s <= '9')
        p->s++;
    return (size_t)(p->s - from);
}

static seg_status take_number(parser *p, seg_node *parent, const char *name)
{
    const char *from = p->s;
    bool whole = true;
    int64_t number;
    double real;
    take(p, '-');
    bool good = take(p, '0') || take_digits(p) > 0;
    if (good && take(p, '.')) {
        whole = false;
        good = take_digits(p) > 0;
    }
    if (good && (take(p, 'e') || take(p, 'E'))) {
        whole = false;
        if (!take(p, '+'))
            take(p, '-');
        good = take_digits(p) > 0;
    }
    size_t n = (size_t)(p->s - from);
    if (!good)
        return wrong(p, "neither a value nor a number");
    if (whole && seg_parse_i64(from, n, &number))
        seg_put_int(parent, name, number);
    else if (!whole && seg_parse_f64(from, n, '.', &real))
        seg_put_real(parent, name, real);
    else
        return wrong(p, "a number that is too large");
    return SEG_OK;
}

static bool take_word(parser *p, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(p->end - p->s) < n || memcmp(p->s, word, n) != 0)
        return false;
    p->s += n;
    return true;
}

static seg_status take_value(parser *p, seg_node *parent, const char *name);

/* "name": value */
static seg_status take_member(parser *p, seg_node *object)
{
    seg_status st = SEG_OK;
    const char *name;
    skip_blanks(p);
    TRY(take_string(p));
    if (seg_node_member(object, p->word.bytes) != NULL)
        return wrong(p, "a name stands twice in its object");
    name = seg_arena_text(&p->doc->arena, p->word.bytes);
    if (name == NULL)
        return seg_arena_failed(p->err);
    skip_blanks(p);
    if (!take(p, ':'))
        return wrong(p, "':' is expected");
    TRY(take_value(p, object, name));
done:
    return st;
}

/* Behind the opening bracket. */
static seg_status take_children(parser *p, seg_node *into, bool object)
{
    char close = object ? '}' : ']';
    if (++p->depth > MAX_DEPTH)
        return wrong(p, "more than 64 levels");
    skip_blanks(p);
    for (bool first = true; !take(p, close); first = false) {
        if (!first && !take(p, ','))
            return wrong(p, p->s == p->end ? "the text ends too early" : "',' is expected");
        seg_status st = object ? take_member(p, into) : take_value(p, into, NULL);
        if (st != SEG_OK)
            return st;
        skip_blanks(p);
    }
    p->depth--;
    return SEG_OK;
}

static seg_status take_value(parser *p, seg_node *parent, const char *name)
{
    skip_blanks(p);
    if (p->s == p->end)
        return wrong(p, "the text ends too early");
    if (take(p, '{'))
        return take_children(p, seg_put_object(parent, name), true);
    if (take(p, '['))
        return take_children(p, seg_put_array(parent, name), false);
    if (*p->s == '"') {
        seg_status st = take_string(p);
        if (st == SEG_OK)
            seg_put_text(parent, name, p->word.bytes);
        return st;
    }
    if (take_word(p, "null"))
        seg_put_null(parent, name);
    else if (take_word(p, "true"))
        seg_put_bool(parent, name, true);
    else if (take_word(p, "false"))
        seg_put_bool(parent, name, false);
    else
        return take_number(p, parent, name);
    return SEG_OK;
}

static seg_status take_root(parser *p)
{
    p->s = p->start + seg_utf8_check(p->start, (size_t)(p->end - p->start));
    if (p->s != p->end)
        return wrong(p, "not UTF-8");
    p->s = p->start;
    skip_blanks(p);
    if (!take(p, '{'))
        return wrong(p, "not a JSON object");
    seg_status st = take_children(p, seg_doc_root(p->doc), true);
    if (st != SEG_OK)
        return st;
    skip_blanks(p);
    return p->s == p->end ? SEG_OK : wrong(p, "more stands behind the object");
}

seg_status seg_doc_parse(const char *text, size_t n_bytes, seg_doc **out, seg_error *err)
{
    seg_status st = SEG_OK;
    parser p = { .start = text, .s = text, .end = text + n_bytes, .err = err };
    *out = NULL;

    p.doc = seg_doc_new();
    TRY(seg_doc_status(p.doc, err));
    TRY(take_root(&p));
    TRY(seg_doc_status(p.doc, err));
    *out = p.doc;
    p.doc = NULL;

done:
    seg_text_free(&p.word);
    seg_doc_free(p.doc);
    return st;
}
