# A whole default fit over rows in memory, start and scaling included (scikit-learn's rows are
# scaled before the clock starts), k = 8; then the inertia of what SEEDS seeds lead to.
. "$TREE/bench/kmeans/common"
shape B
measure() {
    "$MEASURE" --kind fit --name "$1" --shape "mixture n=$n d=$d k=8$6" --amount "$2" \
        --threads "$THREADS" --repeats "$3" -- segmill "$4" -- "$(version scikit-learn)" "$5"
}
measure kmeans-fit "$n" 3 "$FIT -t $THREADS $x $d k=8" "$PYTHON $HERE/default.py $x:$d" ""
measure kmeans-inertia $((n * SEEDS)) 1 \
    "for s in \$(seq $SEEDS); do
         $FIT -t $THREADS -s \$s -c seed-\$s.csv $x $d k=8 >fit || exit
     done
     $PYTHON $HERE/median.py $x:$d seed-*.csv" \
    "$PYTHON $HERE/default.py $x:$d $SEEDS" " seeds=$SEEDS"
