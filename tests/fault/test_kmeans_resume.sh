#!/bin/sh
# A k-means training that is killed in every pass over all rows, and goes on each time with
# other threads and another budget, ends in the same bytes as one that nobody disturbed.
set -u
rows=70000
awk -v n=$rows 'BEGIN {
    srand(7)
    print "id,a,b,c,d,e"
    for (i = 0; i < n; i++)
        printf "u%d,%.4f,%.4f,%.3f,%.3f,%d\n", i, rand() + i % 5, rand() * (i % 7),
               rand() * rand(), exp(3 * rand()), 20 * rand()
}' >rows.csv
segmill import rows.csv -o rows.h5 >import.log 2>&1 || { cat import.log; exit 1; }
bad=0
say() { echo "$*"; bad=1; }
sum() { sha256sum <"$1"; }
inode() { stat -c %i "$1" 2>/dev/null || echo none; }

# killed NAME OPTIONS...: trains NAME.model; the run is killed after each checkpoint.
killed() {
    name=$1 kills=0
    shift
    while [ $kills -lt 400 ]; do
        before=$(inode $name.ckpt)
        segmill train kmeans rows.h5 "$@" --checkpoint $name.ckpt -o $name.model --no-fork \
            --threads $((kills % 3 + 1)) --log text >$name.out 2>$name.err &
        run=$!
        while kill -0 $run 2>/dev/null && [ "$(inode $name.ckpt)" = "$before" ]; do :; done
        kill -9 $run 2>/dev/null && kills=$((kills + 1))
        wait $run 2>/dev/null
        code=$?
        [ $code = 137 ] || break
        [ ! -e $name.model ] || { rm -f $name.ckpt; break; }   # killed when all was done
    done
    [ $code = 0 ] || [ -e $name.model ] || say "$name: exit $code: $(cat $name.err)"
    [ $kills -ge "$least" ] || say "$name: only $kills kills"
}

check() {
    name=$1 least=$2
    shift 2
    segmill train kmeans rows.h5 "$@" -o $name.plain >plain.out 2>plain.err ||
        say "$name: $(cat plain.err)"
    killed $name "$@"
    [ "$(sum $name.plain)" = "$(sum $name.model)" ] || say "$name: another model"
    grep -q "goes on after pass" $name.err || say "$name: did not say that it goes on"
    [ ! -e $name.ckpt ] || say "$name: the checkpoint is still there"
    ls -A | grep "$name.*tmp" && say "$name: temporary files"
}

check many 2 --k 24 --tol 0 --max-iter 25 --n-init 1
check scan 1 --k 24..25 --tol 0 --max-iter 15 --n-init 1 --resamples 2
check random 1 --k 60 --init random --scale robust --seed 5 --n-init 1 --tol 0 --max-iter 20

# What the file holds is for its owner only, and it stands a change of the budget.
segmill train kmeans rows.h5 --k 24 --tol 0 --max-iter 25 --n-init 1 --checkpoint one.ckpt \
    -o one.model --no-fork >one.out 2>one.err &
run=$!
while kill -0 $run 2>/dev/null && [ ! -e one.ckpt ]; do :; done
kill -9 $run 2>/dev/null
wait $run 2>/dev/null
[ "$(stat -c %a one.ckpt)" = 600 ] || say "the mode of the checkpoint is $(stat -c %a one.ckpt)"
cp one.ckpt kept.ckpt
rm -f one.model
segmill train kmeans rows.h5 --k 24 --tol 0 --max-iter 25 --n-init 1 --checkpoint one.ckpt \
    -o one.model --memory 48M >one.out 2>one.err || say "small budget: $(cat one.err)"
[ "$(sum one.model)" = "$(sum many.plain)" ] || say "another model with a small budget"

# refuses CODE WORDS OPTIONS...: one line with these words, and the checkpoint stays.
refuses() {
    code=$1 words=$2
    shift 2
    before=$(sum kept.ckpt)
    segmill train kmeans "$@" --checkpoint kept.ckpt -o no.model >no.out 2>no.err
    [ $? = "$code" ] || say "not $code: $*: $(cat no.err)"
    [ "$(wc -l <no.err)" = 1 ] && grep -q -e "$words" no.err || say "$*: $(cat no.err)"
    [ "$(sum kept.ckpt)" = "$before" ] && [ ! -e no.model ] || say "$*: changed a file"
}
same="--tol 0 --max-iter 25 --n-init 1"
refuses 3 "kept.ckpt: .*--k was 24 and is 23" rows.h5 --k 23 $same
refuses 3 "tol was 0 and is 0.1; delete it or name another file" rows.h5 --k 24 --tol 0.1 \
    --max-iter 25 --n-init 1
refuses 3 "seed was 1 and is 2" rows.h5 --k 24 $same --seed 2
refuses 3 "feature 2 was b and is c" rows.h5 --k 24 $same --features a,c,d,e
head -n 69001 rows.csv >fewer.csv
refuses 3 "number of rows was 70000 and is 69000" fewer.csv --k 24 $same
sed '5000s/^\(u[0-9]*\),[^,]*/\1,99/' rows.csv >changed.csv
refuses 3 "values of the data were other ones" changed.csv --k 24 $same
refuses 2 "checkpoint.* are the same file" rows.h5 --k 24 $same --scores kept.ckpt
for at in 3 20 70 400 1200; do
    cp kept.ckpt whole.ckpt
    printf '\377' | dd of=kept.ckpt bs=1 seek=$at conv=notrunc 2>dd.log
    refuses 5 "kept.ckpt: is .*damaged" rows.h5 --k 24 $same
    head -c $at whole.ckpt >kept.ckpt
    refuses 5 "kept.ckpt: is .*damaged" rows.h5 --k 24 $same
    mv whole.ckpt kept.ckpt
done
cp rows.csv kept.ckpt
refuses 5 "kept.ckpt: is " rows.h5 --k 24 $same
exit $bad
