# The commands of a weekly run on the sample shop, each timed as a whole process with its
# reading and writing.
job() {   # NAME SHAPE ROWS COMMAND
    "$MEASURE" --kind job --name "$1" --shape "$2" --amount "$3" --threads "$THREADS" \
        --repeats "$REPEATS" -- segmill "$SEGMILL $4 --quiet >/dev/null"
}
rows_of() { echo $(($(wc -l <"$1") - 1)); }

lines=$(rows_of "$SHOP/orders.csv")
shape="customers=$SCALE"
job import-features "$shape" "$SCALE" \
    "import $SHOP/customers.csv --id customer_id --label churned --drop email,joined -o f.h5"
job import-transactions "$shape" "$lines" \
    "import $SHOP/orders.csv --kind transactions --customer customer_id --time order_time --order order_id --item sku --quantity quantity --price unit_price -o t.h5"
job import-baskets "$shape" "$lines" \
    "import $SHOP/orders.csv --kind baskets --order order_id --item sku --customer customer_id --time order_time -o b.h5"
job features "$shape" "$lines" "features t.h5 -o tf.h5"
job train-kmeans "$shape k=8" "$SCALE" "train kmeans f.h5 -o kmeans.model"
job train-tree "$shape" "$SCALE" "train tree f.h5 --label churned -o tree.model"
job train-rules "$shape support=1%" "$lines" \
    "train rules b.h5 --min-support 0.01 --min-confidence 0.2 -o rules.model"
job train-rfm "$shape" "$lines" "train rfm t.h5 -o rfm.model"
job score-kmeans "$shape k=8" "$SCALE" "score kmeans.model f.h5 -o kmeans-scores.h5"
job score-tree "$shape" "$SCALE" "score tree.model f.h5 -o tree-scores.h5"
job score-tree-csv "$shape" "$SCALE" "score tree.model f.h5 -o tree-scores.csv"
