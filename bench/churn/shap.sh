# What each feature gave to the scores of 100 trees of depth 6: exact Shapley values, of a few rows
# where a row takes long. One and the same model for segmill-lightgbm and LightGBM, whose checks
# (the mean score of the first rows, as their values add up) must be equal.
. "$TREE/bench/churn/common"
words() {
    case $1 in
    segmill-lightgbm) echo "$B/bench/churn/forest -t $2 ${cpu:+-c} shap $x $(model_of lightgbm)" ;;
    *) echo "$PEER $1 shap $few $x $2 $(model_of "$1") $cpu" ;;
    esac
}
few=4000
train_models lightgbm xgboost
turns churn-shap "n=$n depth=6 trees=100" "$n" "$BOOST_REPEATS" segmill-lightgbm
turns churn-shap "n=$few depth=6 trees=100" "$few" "$BOOST_REPEATS" lightgbm xgboost
