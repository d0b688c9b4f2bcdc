#!/bin/bash
# Publication under faults, on the small program publish_demo: failing calls, crash states,
# kills, and the controls that the tests notice what they look for.
#   tests/fault/test_publish_faults.sh [--full] [BUILD_DIR]
set -u
full=no
[ "${1:-}" = --full ] && { full=yes; shift; }
build=${1:-${BUILD:-build/release}}
. "$(dirname "$0")/common"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$work/out
demo=$build/tests/fault/publish_demo
ldd "$demo" | grep -q libasan && exit 77   # two libraries cannot both replace malloc
make_injector || exit 1

at_most=20 n_kills=10
[ $full = yes ] && { at_most=0; n_kills=500; }

torture $at_most io,mem "$demo $out early" -- "$demo" "$out" new
crash_states "$demo $out early" -- "$demo" "$out" new
kills $n_kills -- "$demo" "$out" '{run}'

# Controls: a run that only believes it has synced must be seen to lose data,
if command -v strace >/dev/null; then
    rm -rf "$out"
    "$demo" "$out" early || fail "an earlier run"
    "$here/crashsim.py" --out "$out" --without fsync -- "$demo" "$out" new >"$work/log" &&
        fail "crashsim did not notice that nothing was synced"
fi
# and one changed byte, one readable file and one leftover must be seen by the verifier.
for damage in 'printf x | dd conv=notrunc bs=1 seek=99 of=$out/current/model.bin status=none' \
              'chmod 644 $out/current/model.bin' 'mkdir $out/.tmp-1' 'rm $out/current/MANIFEST'; do
    rm -rf "$out"
    "$demo" "$out" a || fail "a plain run"
    "$here/verify_out.py" "$out" >"$work/log" || fail "verify_out: $(cat "$work/log")"
    eval "$damage"
    "$here/verify_out.py" "$out" >"$work/log" && fail "verify_out did not notice: $damage"
done
exit $bad
