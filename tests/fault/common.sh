# common.sh: what the fault tests share; sourced with $build (build/release) and $full set.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bad=0

fail() { echo "fault: $1" >&2; bad=1; }

# The injector is built like any test, only as a library to be loaded before the others.
make_injector() {
    injector=$(cd "$build" && pwd)/../fault/faultinj.so
    mkdir -p "$(dirname "$injector")"
    [ "$injector" -nt "$here/faultinj.c" ] && return
    ${CC:-gcc} -std=gnu2x -O2 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wconversion -Wvla -Werror \
        -shared -fPIC -o "$injector" "$here/faultinj.c" -ldl
}

# torture AT_MOST KINDS EARLIER -- PROG ARGS...   into $out; AT_MOST 0 is every call
torture() {
    local at_most=$1 kinds=$2 earlier=$3
    shift 4
    "$here/torture.py" --so "$injector" --out "$out" --kind "$kinds" --at-most "$at_most" \
        --prepare "$earlier" -- "$@" || fail "torture of $1"
}

# crash_states EARLIER -- PROG ARGS...
crash_states() {
    local earlier=$1
    shift 2
    if ! command -v strace >/dev/null; then
        echo "crashsim: skipped: strace is not installed"
        return
    fi
    rm -rf "$out"
    $earlier >/dev/null || fail "an earlier run of $1"
    "$here/crashsim.py" --out "$out" -- "$@" || fail "crash states of $1"
}

# kills N -- PROG ARGS...   ({run} is a new number each time)
kills() {
    local n=$1 who
    shift 2
    for who in group parent worker; do
        "$here/killloop.py" --out "$out" --n "$n" --who $who -- "$@" || fail "kills of $1"
    done
    "$here/killloop.py" --out "$out" --n "$n" --signal 15 -- "$@" || fail "SIGTERM to $1"
}
