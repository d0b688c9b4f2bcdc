# Sourced by the cases: . "$TREE/tests/cli/lib.sh"

# Tables for people are as wide as the screen and drawn in the locale's characters.
export LC_ALL=C
unset COLUMNS

# refuses COMMAND...: it fails, with one line on stderr (printed here behind its exit code)
# and nothing on stdout, and leaves the folder as it was.
refuses() {
    notes=$(mktemp -d) || exit 1
    find . | sort >"$notes/before"
    "$@" >"$notes/out" 2>"$notes/err"
    code=$?
    find . | sort >"$notes/after"
    [ $code != 0 ] || echo "DID NOT FAIL: $*"
    [ "$(wc -l <"$notes/err")" = 1 ] || echo "NOT ONE LINE: $*"
    [ ! -s "$notes/out" ] || { echo "PRINTED: $*"; cat "$notes/out"; }
    cmp -s "$notes/before" "$notes/after" || { echo "LEFT BEHIND: $*"; ls -A; }
    echo "$code: $(cat "$notes/err")"
    rm -rf "$notes"
}

# quiet COMMAND...: it succeeds; what it prints does not matter here.
quiet() {
    "$@" >quiet.log 2>&1 || { echo "FAILED: $*"; cat quiet.log; exit 99; }
    rm -f quiet.log
}

# timeless: the input without what depends on time and machine.
timeless() {
    grep -v -e '^timing:$' -e wall_seconds -e cpu_seconds -e engine_version
}

# Ten customers with two numbers, a category, and a label.
customers() {
    cat <<END
id,age,spend,plan,churned
a,21,10.5,gold,yes
b,22,11,gold,no
c,23,9,silver,yes
d,24,10,silver,no
e,25,12,bronze,yes
f,61,90.25,bronze,no
g,62,95,gold,yes
h,63,99,gold,no
i,64,92,silver,yes
j,65,91,,no
END
}
