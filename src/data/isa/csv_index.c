/* csv_index.c: where the cells of delimited text end.
 *
 * 64 bytes at a time become bit masks: quotes, delimiters, line feeds. The running parity
 * of the quotes tells which bytes stand within quotes; a delimiter or line feed outside of
 * them ends a cell. That holds only while quotes stand where RFC 4180 has them: an opening
 * one at the start of a cell, a closing one at its end. Each quote is checked for that, and
 * one that stands elsewhere is told, so that the caller can read row by row instead.
 * After G. Langdale, D. Lemire, "Parsing gigabytes of JSON per second", VLDB J. 28 (2019),
 * whose parity by carry-less multiplication is six shifts here, taken where a quote is. */
#include "base/isa_name.h"
#include "data/simd.h"

#if defined(__SSE2__)
#  include <immintrin.h>
#endif

typedef struct masks {
    uint64_t quote, delimiter, feed, cr, null, high;
} masks;

#if defined(__AVX512BW__)

static inline masks masks_of(const char *s, char delimiter)
{
    __m512i v = _mm512_loadu_si512(s);
    return (masks){
        .quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')),
        .delimiter = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(delimiter)),
        .feed = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n')),
        .cr = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r')),
        .null = _mm512_cmpeq_epi8_mask(v, _mm512_setzero_si512()),
        .high = _mm512_movepi8_mask(v),
    };
}

#elif defined(__AVX2__)

static inline uint64_t equal(__m256i a, __m256i b, char c)
{
    __m256i k = _mm256_set1_epi8(c);
    uint64_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, k));
    uint64_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, k));
    return low | high << 32;
}

static inline masks masks_of(const char *s, char delimiter)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)s);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(s + 32));
    uint64_t low = (uint32_t)_mm256_movemask_epi8(a), high = (uint32_t)_mm256_movemask_epi8(b);
    return (masks){
        .quote = equal(a, b, '"'), .delimiter = equal(a, b, delimiter),
        .feed = equal(a, b, '\n'), .cr = equal(a, b, '\r'), .null = equal(a, b, 0),
        .high = low | high << 32,
    };
}

#elif defined(__SSE2__)

static inline uint64_t equal(const __m128i v[4], char c)
{
    uint64_t bits = 0;
    __m128i k = _mm_set1_epi8(c);
    for (int i = 0; i < 4; i++)
        bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], k)) << (16 * i);
    return bits;
}

static inline masks masks_of(const char *s, char delimiter)
{
    __m128i v[4];
    uint64_t high = 0;
    for (int i = 0; i < 4; i++) {
        v[i] = _mm_loadu_si128((const __m128i *)(const void *)(s + 16 * i));
        high |= (uint64_t)(uint32_t)_mm_movemask_epi8(v[i]) << (16 * i);
    }
    return (masks){
        .quote = equal(v, '"'), .delimiter = equal(v, delimiter), .feed = equal(v, '\n'),
        .cr = equal(v, '\r'), .null = equal(v, 0), .high = high,
    };
}

#else

static inline masks masks_of(const char *s, char delimiter)
{
    masks m = { 0 };
    for (int i = 0; i < 64; i++) {
        uint64_t bit = 1ull << i;
        m.quote |= s[i] == '"' ? bit : 0;
        m.delimiter |= s[i] == delimiter ? bit : 0;
        m.feed |= s[i] == '\n' ? bit : 0;
        m.cr |= s[i] == '\r' ? bit : 0;
        m.null |= s[i] == 0 ? bit : 0;
        m.high |= (unsigned char)s[i] >= 0x80 ? bit : 0;
    }
    return m;
}

#endif

static inline masks keep(masks m, uint64_t bits)
{
    return (masks){ m.quote & bits, m.delimiter & bits, m.feed & bits, m.cr & bits,
                    m.null & bits, m.high & bits };
}

/* Bit i is the parity of the bits 0 .. i. */
static inline uint64_t parity(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

/* What the byte before the 64 at hand was. */
typedef struct before {
    uint64_t quoted;             /* all ones: within quotes */
    uint64_t end, close, cr;     /* 1: it ended a cell; closed a quote; was a CR outside */
} before;

/* The bytes within quotes. */
static inline uint64_t check_quotes(const masks *m, uint64_t all, before *b,
                                    seg_csv_marks *marks)
{
    uint64_t inside = b->quoted, end = m->delimiter | m->feed | m->cr;
    if (m->quote == 0) {
        marks->stray_quote |= (b->close & ~(end | inside)) != 0;
        b->close = 0;
        b->end = (end & ~inside) >> 63;
        return inside;
    }
    inside ^= parity(m->quote);
    end &= ~inside;
    uint64_t open = m->quote & inside, close = m->quote & ~inside;
    uint64_t may_open = (end | close) << 1 | b->end | b->close;
    uint64_t after = (close << 1 | b->close) & all;
    marks->stray_quote |= ((open & ~may_open) | (after & ~(end | open))) != 0;
    b->quoted = (uint64_t)((int64_t)inside >> 63);
    b->end = end >> 63;
    b->close = close >> 63;
    return inside;
}

static inline uint32_t *put_positions(uint64_t bits, uint32_t at, uint32_t *out)
{
    for (; bits != 0; bits &= bits - 1)
        *out++ = at + (uint32_t)__builtin_ctzll(bits);
    return out;
}

size_t ISA_NAME(seg_csv_index)(const char *s, size_t n, char delimiter, uint32_t *ends,
                               seg_csv_marks *marks)
{
    uint32_t *out = ends;
    before b = { .end = 1 };
    uint64_t null = 0, high = 0, quoted_feed = 0, lone_cr = 0;
    *marks = (seg_csv_marks){ 0 };
    for (size_t i = 0; i < n; i += 64) {
        uint64_t all = n - i >= 64 ? ~0ull : (1ull << (n - i)) - 1;
        masks m = masks_of(s + i, delimiter);
        if (all != ~0ull)
            m = keep(m, all);
        uint64_t inside = check_quotes(&m, all, &b, marks);
        null |= m.null;
        high |= m.high;
        if ((m.feed & inside) != 0) {
            quoted_feed = 1;
            marks->n_lines += (size_t)__builtin_popcountll(m.feed & inside);
        }
        lone_cr |= b.cr & ~m.feed & all;
        if (m.cr != 0) {
            uint64_t cr = m.cr & ~inside;
            lone_cr |= cr << 1 & ~m.feed & all;
            marks->any_cr |= cr != 0;
            b.cr = cr >> 63;
        } else {
            b.cr = 0;
        }
        size_t n_feeds = (size_t)__builtin_popcountll(m.feed & ~inside);
        marks->n_rows += n_feeds;
        marks->n_lines += n_feeds;
        out = put_positions((m.delimiter | m.feed) & ~inside, (uint32_t)i, out);
    }
    marks->null = null != 0;
    marks->high = high != 0;
    marks->quoted_feed = quoted_feed != 0;
    marks->lone_cr = lone_cr != 0;
    return (size_t)(out - ends);
}
