# Memory that a training takes beyond the rows it is given: bytes a row, as the check.
. "$TREE/bench/churn/common"
words() {
    case $1,$method in
    segmill,tree) echo "$FIT -t $2 -m train $x tree max-depth=8 max-leaves=256" ;;
    segmill,boost) echo "$FIT -t $2 -m train $x boost trees=10 max-depth=6 learning-rate=0.1" ;;
    *) echo "$PEER $1 train $method $x $2 --memory" ;;
    esac
}
built boost && methods="tree boost" || methods=tree
for method in $methods; do
    turns churn-memory "$method n=$n d=30" "$n" 1 segmill lightgbm xgboost
done

# Twenty times the rows, in 2 GB (of a million customers): from the file, on the command line.
many=$((20 * n)) limit=$((2000 * n))
big=$BIG/churn-$many.h5
"$TREE/scripts/with-memory" $limit true || exit 0
[ -e "$big" ] || "$B/make-data" churn --customers "$many" -o "$big" >&2
for method in $methods; do
    options="--label churned --threads $THREADS --memory $((limit / 2)) --quiet"
    [ $method = tree ] || options="$options --trees 10"
    "$MEASURE" --kind job --name churn-limited --shape "$method n=$many limit=$limit" \
        --amount "$many" --threads "$THREADS" --repeats 1 \
        -- segmill "$TREE/scripts/with-memory $limit $SEGMILL train $method $big $options -o m.model >/dev/null"
done
