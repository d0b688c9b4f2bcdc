# What is no model, or one that cannot be ours, is refused by name and leaves nothing.
. "$TREE/tests/cli/lib.sh"
models=$TREE/tests/golden/foreign
cp "$models/lightgbm.txt" "$models/xgboost.json" .
printf 'id,x\n1,2\n' >c.csv
refuses segmill import-model c.csv -o m.model
refuses segmill import-model none.txt -o m.model
refuses segmill import-model lightgbm.txt
refuses segmill import-model lightgbm.txt --positive 0 -o m.model
refuses segmill import-model lightgbm.txt -o lightgbm.txt
refuses segmill import-model lightgbm.txt --data c.csv -o m.model
sed 's/^objective=.*/objective=multiclass num_class:3/' lightgbm.txt >classes.txt
refuses segmill import-model classes.txt -o m.model
head -c 3000 lightgbm.txt >cut.txt
refuses segmill import-model cut.txt -o m.model
head -c 3000 xgboost.json >cut.json
refuses segmill import-model cut.json -o m.model
sed 's/binary:logistic/reg:squarederror/' xgboost.json >other.json
refuses segmill import-model other.json -o m.model
