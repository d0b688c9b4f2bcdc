# k-means from the same eight rows to the point where no label changes.
. "$PEERS/common"
cp "$SHOP/customers.csv" customers.csv
features=visits_30d,tickets,late_deliveries,discount_share,orders,spend,days_since_order
cut -d, -f9,10,11,12,14,15,16 customers.csv | awk 'NR == 1 || NR % 1000 == 2' | head -n 9 >init.csv
"$SEGMILL" import customers.csv --id customer_id --drop email,joined --label churned -o customers.h5 >/dev/null
fit="train kmeans --features $features --k 8 --init init.csv --tol 0 --max-iter 1000 --threads $THREADS --json -o m.model"
KEY=inertia
FIT="$SEGMILL train kmeans customers.h5 ${fit#train kmeans }"
turns kmeans "n=$SCALE d=7 k=8" "$SCALE" scikit-learn kmeans.py \
      "$SEGMILL train kmeans customers.csv ${fit#train kmeans }"
