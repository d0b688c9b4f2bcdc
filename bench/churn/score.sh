# From raw floats to the scores of 100 trees of depth 6, the rows in memory: LightGBM's own model by
# our kernel and by LightGBM, XGBoost's by XGBoost, ours with all its columns. Then file to file.
. "$TREE/bench/churn/common"
ours=$BIG/churn-$n.model
words() {
    case $1 in
    segmill) echo "$FIT -t $2 ${cpu:+-c} score $x $ours" ;;
    segmill-lightgbm) echo "$B/bench/churn/forest -t $2 ${cpu:+-c} score $x $(model_of lightgbm)" ;;
    *) echo "$PEER $1 score $n $x $2 $(model_of "$1") $cpu" ;;
    esac
}
shape="n=$n d=30 depth=6 trees=100"
train_models lightgbm xgboost xgboost-numbers
us=
if built boost; then
    us=segmill
    "$SEGMILL" train boost "$x" --trees 100 --max-depth 6 --learning-rate 0.1 --quiet \
        -o "$ours" >/dev/null
fi
turns churn-score "$shape" "$n" "$BOOST_REPEATS" \
    $us segmill-lightgbm lightgbm xgboost xgboost-numbers
[ -z "$us" ] || {
    score="$SEGMILL score $ours $x --threads $THREADS --quiet -o scores.h5 >/dev/null"
    "$MEASURE" --kind job --name churn-score --shape "$shape" --amount "$n" --threads "$THREADS" \
        --repeats "$REPEATS" -- segmill "$score" -- "segmill reasons" "$score --top-reasons 3"
}
