# From raw floats to 100 boosted trees of depth 6, all with LightGBM's defaults: no share of rows or
# features, 20 rows a leaf, hardly a penalty of large leaves (segmill's own depend on the data).
. "$TREE/bench/churn/common"
words() {
    case $1 in
    segmill) echo "$FIT -t $2 ${cpu:+-c} train $x boost trees=100 max-depth=6 learning-rate=0.1" \
                  "max-leaves=63 min-leaf=20 lambda=0.001 feature-share=1 row-share=1" ;;
    *) echo "$PEER $1 train boost $x $2 $cpu" ;;
    esac
}
built boost && us=segmill || us=
turns churn-boost "n=$n d=30 depth=6 trees=100" "$n" "$BOOST_REPEATS" \
    $us lightgbm lightgbm-numbers lightgbm-quantised xgboost xgboost-numbers
