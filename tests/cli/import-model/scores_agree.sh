# Models made by LightGBM and XGBoost score a CSV file as their own programs do: the rows of
# tests/golden/foreign, with categories by name. One that is missing or unknown is an empty cell
# or a name that no level has.
. "$TREE/tests/cli/lib.sh"
models=$TREE/tests/golden/foreign
/usr/bin/python3 - "$models" <<'END'
import csv, math, sys
plans, cities = ["basic", "plus", "pro"], ["Bonn", "Jena", "Kiel", "Koeln", "Trier", "Ulm"]
rows = list(csv.DictReader(open(sys.argv[1] + "/rows.csv")))

def name(code, names):
    return "" if code == "" else names[int(float(code))] if float(code) < len(names) else "other"

with open("data.csv", "w") as out:
    out.write("id,city,plan,spend,age,more\n")
    for i, row in enumerate(rows):
        city = name(row["city"], cities)
        out.write(f'{i},{city},{name(row["plan"], plans)},{row["spend"]},{row["age"]},1\n')
END
sed 's/Koeln/Köln/' data.csv >with-umlaut.csv
for model in lightgbm.txt xgboost.json; do
    data=data.csv
    [ $model = xgboost.json ] || data=with-umlaut.csv
    segmill import-model "$models/$model" --label left -o m.model --quiet >shown
    segmill score m.model $data -o scores.csv --top-reasons 2 --quiet >/dev/null || exit 1
    head -1 scores.csv
    /usr/bin/python3 - "$models" $model <<'END'
import csv, math, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/rows.csv")))
scores = list(csv.DictReader(open("scores.csv")))
assert len(rows) == len(scores)
compared = 0
for row, score in zip(rows, scores):
    if row[sys.argv[2]]:
        truth = 1 / (1 + math.exp(-float(row[sys.argv[2]])))
        assert abs(truth - float(score["left_probability"])) < 1e-6, (row, score)
        compared += 1
print(compared, "of", len(rows), "probabilities are equal")
END
done
cat shown
quiet segmill verify m.model
segmill import-model "$models/xgboost.json" --data data.csv -o d.model --quiet | grep decile
segmill verify d.model | grep -v d.model
segmill import-model "$models/xgboost-dart.json" --log text -o n.model 2>&1 >/dev/null
