/* figures_show.h: what training and evaluation print for people. */
#ifndef SEGMILL_JOBS_FIGURES_SHOW_H
#define SEGMILL_JOBS_FIGURES_SHOW_H

#include "segmill/command.h"

/* See seg_command.show. The result as it is, small objects of numbers as one line of a
 * table ... */
const char *seg_figures_show(seg_doc *result, const void *options, const seg_screen *screen);
/* ... and without the tables of a classifier, which --json and `evaluate` have. */
const char *seg_figures_show_short(seg_doc *result, const void *options,
                                   const seg_screen *screen);

#endif
