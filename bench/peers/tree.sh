# A churn tree with five-fold validation on the same folds. The trees differ (binning,
# categories, ties), so the check is how good they are: the mean AUC of the folds.
. "$PEERS/common"
cp "$SHOP/customers.csv" customers.csv
awk 'NR > 1 { print (NR * 2654435761) % 4294967296 % 5 }' customers.csv >folds
drop="--id customer_id --drop email,joined"
"$SEGMILL" import customers.csv $drop --label churned -o customers.h5 >/dev/null
options="--label churned --positive yes --folds folds --max-depth 6 --min-leaf 20 --threads $THREADS --json -o m.model"
KEY=auc
FIT="$SEGMILL train tree customers.h5 $options"
turns tree "n=$SCALE d=14 depth=6 folds=5" "$SCALE" scikit-learn tree.py \
      "$SEGMILL import customers.csv $drop --label churned -o c.h5 >/dev/null && $SEGMILL train tree c.h5 $options"
