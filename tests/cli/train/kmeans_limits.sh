# The time a k-means may take, how small a segment may be, and what counts more: what is said.
. "$TREE/tests/cli/lib.sh"
customers >c.csv
train() {
    segmill train kmeans c.csv --features age,spend --k 4 "$@" -o m --json --log text >out 2>err ||
        cat err
    grep '"k"\|"stopped"\|"dissolved"' out
    grep warning err
    rm -f m
}
echo "--- small segments"
train --min-size 3 --n-init 1 --init farthest
train --min-size 30% --n-init 1 --init farthest
train --min-size 100%
echo "--- time"
train --deadline 0
train --deadline 1000
train --deadline 0 --k 2..4
echo "--- features that count more"
centroids() {
    segmill train kmeans c.csv --features age,spend --categories plan --k 3 "$@" -o m --json \
        2>/dev/null | sed -n '/"centroids"/,/"segments"/p;/"inertia"/p'
    rm -f m
}
centroids --gamma 8 >expected
centroids --gamma 2 --feature-weights plan=4 | cmp - expected && echo "gamma times the weight"
segmill train kmeans c.csv --features age,spend --k 2 --feature-weights spend=3 -o m 2>/dev/null |
    grep -c inertia
segmill inspect m | grep feature-weights
segmill score m c.csv -o s.csv && wc -l <s.csv
rm -f m s.csv
echo "--- refused"
refuses segmill train kmeans c.csv --min-size 11 -o m
refuses segmill train kmeans c.csv --min-size few -o m
refuses segmill train kmeans c.csv --min-size 200% -o m
refuses segmill train kmeans c.csv --deadline -1 -o m
refuses segmill train kmeans c.csv --deadline tonight -o m
refuses segmill train kmeans c.csv --feature-weights age -o m
refuses segmill train kmeans c.csv --feature-weights age=0 -o m
refuses segmill train kmeans c.csv --feature-weights agee=2 -o m
refuses segmill train kmeans c.csv --feature-weights plan=2 -o m
refuses segmill train kmeans c.csv --checkpoint c.csv -o m
refuses segmill train kmeans c.csv --checkpoint m -o m
refuses segmill train kmeans c.csv --checkpoint no/c -o m
