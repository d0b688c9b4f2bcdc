. "$TREE/tests/cli/lib.sh"
[ -e "$DATA/churn" ] || exit 77
# Real tables are not accused, with their ids or without. A small tree: it is not looked at.
clean() {
    segmill train tree "$@" --teacher no --max-depth 2 -o m 2>&1 | grep -e '^leaks' -e warning
}
clean "$DATA/churn/telco_churn.csv" --label Churn
clean "$DATA/churn/bank_churn.csv" --label Exited
clean "$DATA/churn/cell2cell_train.csv.gz" --label Churn
clean "$TREE/datasets/customers.csv" --label churned
for t in telco_churn.csv:Churn:telco bank_churn.csv:Exited:bank cell2cell_train.csv.gz:Churn:cell2cell; do
    IFS=: read -r file label name <<END
$t
END
    clean "$DATA/churn/$file" --label "$label" --folds "$DATA/churn/$name.folds.gz"
done
echo "--- planted"
awk 'NR == 1 { print $0 ",days_closed"; next }
     { print $0 "," (/,Yes\r?$/ ? NR % 9 + 1 : "") }' \
    "$DATA/churn/telco_churn.csv" | tr -d '\r' >dated.csv
segmill train tree dated.csv --label Churn --teacher no --max-depth 2 -o m 2>&1 | sed -n '/^leaks/,/^positives/p'
awk -F, 'BEGIN { OFS = "," } { sub(/\r$/, "") }
         NR == 1 { print $0, "refund", "status"; next }
         { yes = $NF == "Yes"; print $0, yes && NR % 3 == 0 ? 20 : 0, yes ? "closed" : "open" }' \
    "$DATA/churn/telco_churn.csv" >told.csv
segmill train tree told.csv --label Churn --teacher no --max-depth 2 -o m | sed -n '/^leaks/,/^positives/p'
segmill train tree told.csv --label Churn --drop refund,status --teacher no --max-depth 2 -o m | sed -n '/^leaks/,/^positives/p'
