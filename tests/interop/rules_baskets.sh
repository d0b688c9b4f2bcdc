#!/bin/sh
# The baskets that benchmarks and counts of itemsets rest on are the same bytes everywhere: the
# small ones always, those of the ground truth with FULL=1.
set -eu
made() {   # MD5 PROGRAM WORDS
    want=$1
    shift
    [ -x "$BUILD/bench/rules/$1" ] || { echo "$1 is not built"; exit 77; }
    got=$("$BUILD/bench/rules/$@" | md5sum | cut -d ' ' -f 1)
    [ "$got" = "$want" ] || { echo "$*: $got is not $want"; wrong=1; }
}
wrong=0
made e498e42395e32a9f3218a19fee92b248 make-baskets quest 1000 40 10 1000 2000 1
made 6d7ace0520058c702c69fb97e509ad1d make-baskets clicks 2000 8.1 41000 800 7
made 190116e6130120ee7ff9a40cdeb31311 make-positions
made 787858790c52b3d525b94ccbd3e0c960 make-baskets shop 100000 20000 1
if [ -n "${FULL:-}" ]; then
    made 8d0b168aa5183330e3ccf4dda0060e87 make-baskets quest 100000 40 10 1000 2000 1
    made 3fc494ed926696331a46ed72e07b9e45 make-baskets clicks 990000 8.1 41000 800 7
fi
exit $wrong
