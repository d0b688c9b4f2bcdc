/* make-positions.c: the positions of the UCI connect-4 set as baskets: eight moves, nobody has
 * won, the next move is not forced, one of each mirror pair; 67,557 of them. One a line, its
 * 42 items ascending: cell c, column by column from below, is item 3c + 1 when it is empty, + 2
 * the first player's, + 3 the second player's. Without the column of who wins. */
#include "bench/bench.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* A board has seven columns of seven bits, the lowest six are cells. */
enum { COLUMNS = 7, ROWS = 6, PITCH = 7, PLIES = 8 };

typedef struct position {
    uint64_t first, second;  /* the cells of the two players */
} position;

static int ascending(const void *left, const void *right)
{
    const position *a = left, *b = right;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return (a->second > b->second) - (a->second < b->second);
}

static bool won(uint64_t cells)   /* up, across, and both ways aslant */
{
    static const int steps[] = { 1, PITCH, PITCH - 1, PITCH + 1 };
    for (int i = 0; i < 4; i++) {
        uint64_t twos = cells & cells >> steps[i];
        if (twos & twos >> 2 * steps[i])
            return true;
    }
    return false;
}

/* The cell that a stone in the column falls to; 0 when it is full. */
static uint64_t landing(position p, int column)
{
    uint64_t taken = p.first | p.second, cells = (uint64_t)0x3f << PITCH * column;
    return (taken & cells) == cells ? 0 : (taken & cells) + ((uint64_t)1 << PITCH * column);
}

static bool forced(position p)
{
    for (int c = 0; c < COLUMNS; c++) {
        uint64_t cell = landing(p, c);
        if (cell != 0 && (won(p.first | cell) || won(p.second | cell)))
            return true;
    }
    return false;
}

static uint64_t mirrored(uint64_t cells)
{
    uint64_t other = 0;
    for (int c = 0; c < COLUMNS; c++)
        other |= (cells >> PITCH * c & 0x7f) << PITCH * (COLUMNS - 1 - c);
    return other;
}

/* All positions one move later, each once, ascending; their number in *n. */
static position *play(position *now, size_t *n, bool firsts_move)
{
    position *next = bench_memory(*n * COLUMNS * sizeof *next);
    size_t made = 0, kept = 0;
    for (size_t i = 0; i < *n; i++)
        for (int c = 0; c < COLUMNS; c++) {
            position p = now[i];
            uint64_t cell = landing(p, c);
            *(firsts_move ? &p.first : &p.second) |= cell;
            if (cell != 0 && !won(p.first) && !won(p.second))
                next[made++] = p;
        }
    qsort(next, made, sizeof *next, ascending);
    for (size_t i = 0; i < made; i++)
        if (kept == 0 || ascending(&next[i], &next[kept - 1]) != 0)
            next[kept++] = next[i];
    free(now);
    *n = kept;
    return next;
}

static void print_position(position p)
{
    for (int c = 0; c < COLUMNS; c++)
        for (int r = 0; r < ROWS; r++) {
            uint64_t cell = (uint64_t)1 << (PITCH * c + r);
            int n = ROWS * c + r, whose = p.first & cell ? 2 : p.second & cell ? 3 : 1;
            printf("%s%d", n > 0 ? " " : "", 3 * n + whose);
        }
    putchar('\n');
}

int main(void)
{
    size_t n = 1;
    position *all = bench_memory(sizeof *all);
    *all = (position){ 0 };
    for (int ply = 0; ply < PLIES; ply++)
        all = play(all, &n, ply % 2 == 0);
    for (size_t i = 0; i < n; i++) {
        position mirror = { mirrored(all[i].first), mirrored(all[i].second) };
        if (!forced(all[i]) && ascending(&mirror, &all[i]) >= 0)
            print_position(all[i]);
    }
    free(all);
    return fflush(stdout) != 0 || ferror(stdout);
}
