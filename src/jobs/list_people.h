/* list_people.h: who was in which segment before, and who must not be in any list. */
#ifndef SEGMILL_JOBS_LIST_PEOPLE_H
#define SEGMILL_JOBS_LIST_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "data/dictionary.h"
#include "segmill/status.h"

/* Ids with a text each. */
typedef struct seg_people {
    seg_dictionary *ids, *segments;
    int32_t *segment;          /* per id: code in segments, -1 if none */
    uint8_t *seen;             /* per id: met in the new list */
    size_t cap, seen_cap;
} seg_people;

seg_status seg_people_new(seg_people *out, seg_error *err);
void seg_people_free(seg_people *people);

/* Column `segment` of DIR/members.csv by the id column; both must be there. */
seg_status seg_people_read_members(const char *dir, const char *id_name, const char *segment,
                                   seg_people *out, seg_error *err);

/* One id a line; a first line equal to id_name is a header, more columns after a comma are
 * ignored. Fails closed: a file that is missing, unreadable or empty is SEG_E_DATA. */
seg_status seg_people_read_ids(const char *path, const char *id_name, seg_people *out,
                               seg_error *err);

#endif
