/* version.h: the one place where the version stands. */
#ifndef SEGMILL_VERSION_H
#define SEGMILL_VERSION_H

#define SEGMILL_VERSION "0.1.0"

#endif
