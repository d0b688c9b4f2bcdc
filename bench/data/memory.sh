# Files ten times the memory: the same work with all memory and a file that is in it already,
# and with a tenth of the file's size and a file that is on the disk alone. The program
# "disk" is what the disk takes for as many bytes.
bytes=$((2 * SIZE))
limit=$((bytes > 320000000 ? bytes / 10 : 32000000))
for kind in features transactions; do
    [ -e "$BIG/$kind-$bytes.h5" ] || "$B/bench/data/make-h5" $kind $bytes "$BIG/$kind-$bytes.h5" >&2
done

LIMIT=cgroup
"$TREE/scripts/with-memory" $limit true || LIMIT="ulimit -v"
export LIMIT

# compare NAME FILE MADE COMMAND: what COMMAND makes must be the same bytes. A command that
# does not get by with its memory says so, and has no line in the results.
compare() {
    shape="bytes=$bytes limit=$limit ($LIMIT)"
    timed=$TREE/bench/data/timed
    hash="cat $3 | sha256sum | sed 's/\(............\).*/check=\1/'"
    echo "          $1" >&2
    if ! "$timed" $limit "$2" "$4" >out 2>&1; then
        echo "          does not get by with $limit bytes: $(tail -n 1 out)" >&2
        return
    fi
    "$MEASURE" --kind job --name "memory-$1" --shape "$shape" --amount $bytes --unit bytes \
        --threads "$THREADS" --repeats "$REPEATS" \
        -- segmill "$timed warm $2 '$4' && $hash" \
        -- "segmill limited" "$timed $limit $2 '$4' && $hash"
    read -r disk_bytes <"$2.read"
    [ "$disk_bytes" -gt 0 ] || return 0
    "$MEASURE" --kind job --name "memory-$1" --shape "$shape" --amount "$disk_bytes" --unit bytes \
        --threads 1 --repeats "$REPEATS" -- disk "$TREE/bench/data/disk $2 $disk_bytes"
}
x=$BIG/features-$bytes.h5
log=$BIG/transactions-$bytes.h5
compare kmeans "$x" k.model \
    "$SEGMILL train kmeans $x --k 8 --max-iter 5 --tol 0 -o k.model --quiet >/dev/null"
[ -e k.model ] || exit 0
compare score "$x" scores.h5 "$SEGMILL score k.model $x -o scores.h5 --quiet >/dev/null"
compare rfm "$log" "r.model rfm.h5" \
    "$SEGMILL train rfm $log -o r.model --scores rfm.h5 --quiet >/dev/null"
