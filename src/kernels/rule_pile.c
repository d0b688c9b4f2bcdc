#include "kernels/rule_pile.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

enum { BLOCK = 1 << 14 };

seg_status seg_rule_pile_add(seg_rule_pile *pile, const seg_rule *rules, size_t n,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    while (n > 0) {
        size_t at = pile->n % BLOCK, room = BLOCK - at, some = n < room ? n : room;
        if (pile->n == pile->n_blocks * BLOCK) {
            TRY(SEG_GROW(&pile->blocks, &pile->cap, pile->n_blocks + 1, "the rules", err));
            TRY(SEG_ALLOC(&pile->blocks[pile->n_blocks], BLOCK, "the rules", err));
            pile->n_blocks++;
        }
        memcpy(pile->blocks[pile->n / BLOCK] + at, rules, some * sizeof *rules);
        pile->n += some;
        rules += some;
        n -= some;
    }

done:
    return st;
}

void seg_rule_pile_copy(const seg_rule_pile *pile, size_t first, size_t n, seg_rule *out)
{
    while (n > 0) {
        size_t at = first % BLOCK, room = BLOCK - at, some = n < room ? n : room;
        memcpy(out, pile->blocks[first / BLOCK] + at, some * sizeof *out);
        first += some;
        out += some;
        n -= some;
    }
}

void seg_rule_pile_clear(seg_rule_pile *pile)
{
    for (size_t i = 0; i < pile->n_blocks; i++)
        seg_free(pile->blocks[i]);
    seg_free(pile->blocks);
    *pile = (seg_rule_pile){ 0 };
}
