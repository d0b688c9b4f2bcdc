# Choosing 256 starts by greedy k-means++: segmill's fit without an iteration (range, start and
# final distances) and scikit-learn's function alone, which takes float64 in less time than
# float32. The check is the inertia they start with.
. "$TREE/bench/kmeans/common"
shape C
"$MEASURE" --kind fit --name kmeans-seeding --shape "C n=$n d=$d k=$k" --amount "$n" \
    --threads "$THREADS" --repeats 2 \
    -- segmill "$FIT -t $THREADS $x $d k=$k init=greedy max-iter=0 scale=none" \
    -- "$(version scikit-learn)" "$PYTHON $HERE/seeding.py float32 $x $d $k" \
    -- "scikit-learn float64" "$PYTHON $HERE/seeding.py float64 $x $d $k"
