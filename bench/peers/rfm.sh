# Recency, frequency and money of every customer, cut into fifths.
. "$PEERS/common"
cp "$SHOP/orders.csv" orders.csv
columns="--kind transactions --customer customer_id --time order_time --order order_id --item sku --quantity quantity --price unit_price"
"$SEGMILL" import orders.csv $columns -o orders.h5 >/dev/null
options="--scheme ntile --returns net --threads $THREADS --json -o m.model --scores scores.csv"
KEY=customers
FIT="$SEGMILL train rfm orders.h5 $options"
turns rfm "lines=$(rows_of orders.csv)" "$(rows_of orders.csv)" pandas rfm.py \
      "$SEGMILL import orders.csv $columns -o o.h5 >/dev/null && $SEGMILL train rfm o.h5 $options"
