# From raw floats to one tree of depth 8, of 256 leaves. scikit-learn's is exact, and runs once.
. "$TREE/bench/churn/common"
words() {
    case $1 in
    segmill) echo "$FIT -t $2 ${cpu:+-c} train $x tree max-depth=8 max-leaves=256" ;;
    *) echo "$PEER $1 train tree $x $2 $cpu" ;;
    esac
}
shape="n=$n d=30 depth=8"
turns churn-tree "$shape" "$n" "$REPEATS" segmill lightgbm xgboost xgboost-numbers
THREADS=1
turns churn-tree "$shape" "$n" 1 scikit-learn
