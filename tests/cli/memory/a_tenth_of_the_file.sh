# k-means, scores and RFM in a memory cgroup of a tenth of their file's size, and with less
# address space than the file has bytes: the same bytes as with all memory.
# BIG_FILE=BYTES sets the size (200 MB).
case $BUILD in *asan*|*tsan*) exit 77 ;; esac
bytes=${BIG_FILE:-200000000}
limit=$((bytes / 10))
with=$TREE/scripts/with-memory
"$with" $limit true || exit 77
for kind in features transactions; do
    "$BUILD/bench/data/make-h5" $kind "$bytes" $kind.h5 >/dev/null || exit 1
done

# work DIR COMMAND_PREFIX...: makes all files in DIR.
work() {
    dir=$1
    shift
    mkdir "$dir"
    for words in \
        "train kmeans features.h5 --k 3 --init random --max-iter 2 --tol 0 -o $dir/k.model" \
        "score $dir/k.model features.h5 -o $dir/scores.h5" \
        "train rfm transactions.h5 -o $dir/r.model --scores $dir/rfm.h5"
    do
        for file in features transactions; do dd if=$file.h5 iflag=nocache count=0 status=none; done
        "$@" "$SEGMILL" $words --quiet >/dev/null || echo "$dir: ${words%% -*}: exit $?"
    done
}
work all
work cgroup "$with" $limit
(ulimit -v $((bytes * 9 / 10 / 1024 < 150000 ? 150000 : bytes * 9 / 10 / 1024)); work space)
for file in k.model scores.h5 r.model rfm.h5; do
    for dir in cgroup space; do cmp all/$file $dir/$file && echo "$dir: $file is the same"; done
done
