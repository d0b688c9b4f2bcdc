/* rfm_maps.h: which combination of scores is called what. A map is data: shipped tables or
 * a text file; every cell of it is checked when it is opened.
 *
 * The file: one rule per line, a name and three ranges of scores (recency, frequency,
 * money), `*` for any; # starts a comment.
 *
 *     levels 5                 scores go from 1 to 5 (the default)
 *     first-match              overlapping rules are meant: the first one counts
 *     otherwise Others         name of the cells that no rule covers
 *     Champions        5    5    *
 *     At Risk          1-2  3-4  *
 */
#ifndef SEGMILL_MODELS_RFM_MAPS_H
#define SEGMILL_MODELS_RFM_MAPS_H

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "segmill/status.h"

/* Names of those without scores; the last two names of every map. */
#define SEG_RFM_PROSPECT "Prospect"
#define SEG_RFM_RETURNS_ONLY "Returns only"

enum { SEG_RFM_LEVELS_MIN = 2, SEG_RFM_LEVELS_MAX = 10, SEG_RFM_NAMES_MAX = 200,
       SEG_RFM_NAME_BYTES = 64 };

typedef struct seg_rfm_map {
    const char *name;         /* "default", or the file's name without its folders */
    uint32_t levels;          /* scores per dimension */
    const char **names;       /* segments in order of the rules, then Prospect, Returns only */
    size_t n_names;
    uint8_t *cells;           /* levels^3 numbers of names: ((r-1) levels + f-1) levels + m-1 */
    size_t n_double;          /* cells under several rules (first-match) */
    size_t n_otherwise;       /* cells under none */
    seg_arena arena;
} seg_rfm_map;

/* A shipped map by name, else a file; null: "default". SEG_E_USAGE says which cell is
 * covered twice or not at all, or which rule can never apply. */
seg_status seg_rfm_map_open(const char *name_or_path, seg_rfm_map **out, seg_error *err);
void seg_rfm_map_free(seg_rfm_map *map);   /* takes null */

/* Number of the segment of scores 1 .. n_bins. With another number of bins than levels,
 * scores are spread evenly over the levels, lowest on lowest and highest on highest. */
size_t seg_rfm_map_segment(const seg_rfm_map *map, uint32_t n_bins, const uint32_t score[3]);

#endif
