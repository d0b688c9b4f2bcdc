#!/bin/sh
# Install, compile a foreign program against what was installed, with pkg-config alone, and
# run it: dynamic and static, C and C++.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
BUILD=${BUILD:-$tree/build/release}
[ -x "$BUILD/segmill" ] || { echo "no program to install in $BUILD"; exit 77; }
# Sanitizers and clang's OpenMP want a linker of their own.
nm "$BUILD/libsegmill.a" 2>/dev/null | grep -qE '__(asan|tsan|gcov)_init|__kmpc_fork_call' && exit 77

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^#define SEGMILL_VERSION "\(.*\)"/\1/p' "$tree/include/segmill/version.h")
"$tree/scripts/install" "$BUILD" "$work/prefix" "$work/prefix" "$version"
export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig"

compiles() {   # NAME COMPILER AND FLAGS... -- LIBRARIES
    name=$1
    shift
    "$@" -o "$work/$name" || { echo "fails: $name does not compile"; exit 1; }
}
runs() {
    (cd "$work" && LD_LIBRARY_PATH=$1 "./$2" "$2.model") || { echo "fails: $2"; exit 1; }
}

warn="-Wall -Wextra -Werror"
flags=$(pkg-config --cflags segmill)
compiles dynamic gcc -std=c11 $warn $flags "$here/embed/embed.c" $(pkg-config --libs segmill)
compiles cpp g++ -std=c++17 $warn $flags -x c++ "$here/embed/embed.c" -x none \
    $(pkg-config --libs segmill)
compiles static gcc -std=c11 $warn $flags "$here/embed/embed.c" \
    $(pkg-config --libs --static segmill | sed 's/-lsegmill/-l:libsegmill.a/')
runs "$work/prefix/lib" dynamic
runs "$work/prefix/lib" cpp
runs "" static
cmp "$work/dynamic.model" "$work/static.model"
[ "$(pkg-config --modversion segmill)" = "$version" ]
"$work/prefix/bin/segmill" version >/dev/null

# Nothing but the public names leaves the shared library.
nm -D --defined-only "$work/prefix/lib/libsegmill.so" | awk '{ print $3 }' | grep -v '^seg_' &&
    { echo "fails: the library exports foreign names"; exit 1; }
exit 0
