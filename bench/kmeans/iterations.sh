# Seconds of one Lloyd iteration over rows in memory, from the same start, in float32 (segmill:
# certified to be float64's, which scikit-learn in float64 must agree with). of_limit is the
# share of the roofline: the time that reading the rows or the arithmetic takes at least, as
# measured now, over the time it took. FULL has options for a second line of segmill ("segmill
# full"), where later iterations cost less than all distances. SHAPES=A is that shape alone.
. "$TREE/bench/kmeans/common"
"$B/bench/kmeans/limits" "$THREADS" limits
. ./limits

# Operations a second that F of them and B bytes a second allow.
roofline() {
    awk -v n="$n" -v d="$d" -v k="$k" -v f="$1" -v b="$2" 'BEGIN {
        work = 2 * n * k * d; read = 4 * n * d / b
        printf "%.0f\n", work / (read > work / f ? read : work / f)
    }'
}

for name in ${SHAPES:-A B C E}; do
    shape "$name"
    echo "          $name: n=$n d=$d k=$k" >&2
    segmill() {
        echo "$FIT -t $1 -r $often -i $from,$to $x $d k=$k init=$start scale=none tol=0 ${2:-}"
    }
    peer() { echo "$PYTHON $HERE/lloyd.py $1 $THREADS $often $from,$to $x $d $start"; }
    set -- -- segmill "$(segmill "$THREADS")" \
        -- "$(version scikit-learn)" "$(peer scikit-learn)" \
        -- "$(version scikit-learn-intelex)" "$(peer scikit-learn-intelex)" \
        -- "$(version faiss-cpu)" "$(peer faiss-cpu)"
    [ -z "${FULL:-}" ] || set -- "$@" -- "segmill full" "$(segmill "$THREADS" "$FULL")"
    [ "$THREADS" = 1 ] ||
        set -- "$@" --threads 1 --limit "$(roofline "$F1" "$B1")" -- segmill "$(segmill 1)"
    measure() {
        "$MEASURE" --kind fit --name kmeans-iteration --shape "$name n=$n d=$d k=$k" \
            --amount $((2 * n * k * d)) --unit flops --threads "$THREADS" \
            --limit "$(roofline "$FN" "$BN")" "$@"
    }
    measure --repeats "$REPEATS" "$@"
    measure --repeats 1 -- "scikit-learn float64" "$(peer scikit-learn-float64)"
done
