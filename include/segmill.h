/* segmill.h: everything of the library. */
#ifndef SEGMILL_H
#define SEGMILL_H

#include "segmill/command.h"
#include "segmill/context.h"
#include "segmill/doc.h"
#include "segmill/matrix.h"
#include "segmill/model.h"
#include "segmill/option.h"
#include "segmill/status.h"
#include "segmill/stream.h"
#include "segmill/table.h"
#include "segmill/version.h"

#endif
