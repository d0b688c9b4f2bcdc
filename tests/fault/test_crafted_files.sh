#!/bin/sh
# Files made to harm a reader, through the program: SEGMILL_FLIPS (60) damaged ones of each.
exec /usr/bin/python3 "$TREE/tests/fault/crafted_files.py" "$SEGMILL" "${SEGMILL_FLIPS:-60}"
