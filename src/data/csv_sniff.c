/* csv_sniff.c: which character parts the cells. Each candidate takes the sample apart;
 * the one wins under which most lines have as many cells as the first line, then the one
 * with the most cells, then the order , ; tab |. Quotes are always honoured: to conclude
 * from a quiet head that a file has none is how readers lose data further down. */
#include "data/csv_rows.h"

#include <string.h>

enum { MAX_LINES = 200 };

typedef struct shape {
    size_t first;     /* cells of the first line */
    size_t equal;     /* lines with as many */
    size_t lines;
    size_t cells;     /* of all lines */
} shape;

static void close_line(shape *sh, size_t cells)
{
    if (sh->lines == 0)
        sh->first = cells;
    sh->equal += cells == sh->first;
    sh->cells += cells;
    sh->lines++;
}

/* The last line counts only if the sample holds its end. */
static shape shape_under(const char *s, size_t n, char delimiter)
{
    shape sh = { 0 };
    size_t cells = 1;
    bool quoted = false, at_start = true, something = false;
    for (size_t i = 0; i < n && sh.lines < MAX_LINES; i++) {
        char c = s[i];
        if (c == '"' && (quoted || at_start)) {
            quoted = !quoted;
            at_start = quoted ? false : true;   /* a doubled quote opens it again */
            something = true;
        } else if (quoted) {
            continue;
        } else if (c == '\n' || c == '\r') {
            if (something)
                close_line(&sh, cells);
            cells = 1;
            at_start = true;
            something = false;
        } else {
            at_start = c == delimiter;
            cells += at_start;
            something = true;
        }
    }
    if (sh.lines == 0 && something)
        close_line(&sh, cells);
    return sh;
}

static shape shape_of_words(const char *s, size_t n)
{
    shape sh = { 0 };
    size_t words = 0;
    bool in_word = false;
    for (size_t i = 0; i < n && sh.lines < MAX_LINES; i++) {
        bool end = s[i] == '\n' || s[i] == '\r';
        bool blank = end || s[i] == ' ' || s[i] == '\t';
        words += !blank && !in_word;
        in_word = !blank;
        if (end && words > 0) {
            close_line(&sh, words);
            words = 0;
        }
    }
    return sh;
}

seg_csv_dialect seg_csv_sniff(const char *s, size_t n, bool lines, bool blanks_allowed,
                              char decimal)
{
    static const char candidates[] = { ',', ';', '\t', '|' };
    seg_csv_dialect best = { .delimiter = decimal == ',' ? ';' : ',', .quotes = true };
    shape top = { 0 };
    for (size_t i = 0; i < sizeof candidates; i++) {
        shape sh = shape_under(s, n, candidates[i]);
        if (lines ? sh.cells <= sh.lines : sh.first < 2)
            continue;
        if (decimal == ',' && candidates[i] == ',')
            continue;
        bool better = lines ? sh.cells > top.cells
                            : sh.equal > top.equal
                              || (sh.equal == top.equal && sh.first > top.first);
        if (better) {
            top = sh;
            best.delimiter = candidates[i];
        }
    }
    if (top.lines > 0 || lines || !blanks_allowed)
        return best;
    shape words = shape_of_words(s, n);
    best.blanks = words.lines > 0 && words.first > 1 && words.equal == words.lines;
    return best;
}
