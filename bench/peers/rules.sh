# Itemsets in at least 1 % of the orders.
. "$PEERS/common"
awk -F, '$1 !~ /^C/ { print $1 "," $4 }' "$SHOP/orders.csv" >baskets.csv
"$SEGMILL" import baskets.csv --kind baskets --order order_id --item sku -o baskets.h5 >/dev/null
options="--min-support 0.01 --min-confidence 0.2 --threads $THREADS --json -o m.model"
KEY=itemsets
FIT="$SEGMILL train rules baskets.h5 $options"
turns rules "lines=$(rows_of baskets.csv) support=1%" "$(rows_of baskets.csv)" mlxtend rules.py \
      "$SEGMILL import baskets.csv --kind baskets --order order_id --item sku -o b.h5 >/dev/null && $SEGMILL train rules b.h5 $options"
