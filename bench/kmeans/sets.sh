# Whole default fits of real customers from the command line, each a small CSV file that both
# programs read and scale, k = 8; then the inertia of what SEEDS seeds lead to.
. "$TREE/bench/kmeans/common"
data=${SEGMILL_DATA:-$TREE/../shared/data}
[ -e "$data/transactions/online_retail.csv.gz" ] || {
    echo "          no data in $data (SEGMILL_DATA)" >&2
    exit 77
}
"$SEGMILL" import "$data/transactions/online_retail.csv.gz" --kind transactions --quiet \
    --customer CustomerID --time InvoiceDate --order InvoiceNo --item StockCode \
    --quantity Quantity --price UnitPrice -o log.h5 >/dev/null
"$SEGMILL" features log.h5 --quiet -o rfm-all.csv >/dev/null

# The named columns of a CSV file without quotes, rows without gaps in them.
columns() {
    awk -F, -v names="$1" '
        { sub(/\r$/, "") }
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(names, name, ",") }
        {
            row = ""
            for (i = 1; i <= n; i++) {
                cell = $(at[name[i]]); gsub(/ /, "", cell)
                if (cell == "") next
                row = row (i > 1 ? "," : "") cell
            }
            print row
        }' "$2"
}
columns recency_days,frequency,monetary rfm-all.csv >rfm.csv
columns SeniorCitizen,tenure,MonthlyCharges,TotalCharges "$data/churn/telco_churn.csv" >telco.csv
columns CreditScore,Age,Tenure,Balance,NumOfProducts,HasCrCard,IsActiveMember,EstimatedSalary \
    "$data/churn/bank_churn.csv" >bank.csv

for set in rfm telco bank; do
    n=$(($(wc -l <$set.csv) - 1)) d=$(head -n 1 $set.csv | tr , '\n' | wc -l)
    train="$SEGMILL train kmeans $set.csv --k 8 --threads $THREADS --json --quiet -o m.model"
    measure() {
        "$MEASURE" --kind peer --name "$1" --shape "$set n=$n d=$d k=8$6" --amount "$2" \
            --threads "$THREADS" --repeats "$3" \
            -- segmill "$4" -- "$(version scikit-learn)" "$5"
    }
    measure kmeans-fit "$n" "$REPEATS" "$train >out.json && $PEERS/member out.json inertia check" \
        "$PYTHON $HERE/default.py $set.csv" ""
    measure kmeans-inertia $((n * SEEDS)) 1 \
        "for s in \$(seq $SEEDS); do $train --seed \$s >seed-\$s.json || exit; done
         $PYTHON $HERE/median.py $set.csv seed-*.json" \
        "$PYTHON $HERE/default.py $set.csv $SEEDS" " seeds=$SEEDS"
    rm seed-*.json
done
