. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill train kmeans c.csv --k 2 -o k.model
quiet segmill train tree c.csv --label churned --drop id -o t.model
segmill evaluate k.model c.csv
segmill evaluate t.model c.csv | grep -e '^rows' -e '^positives'
cut -d, -f1-4 c.csv >no_label.csv
sed 's/,yes$/,perhaps/' c.csv >other_label.csv
refuses segmill evaluate t.model no_label.csv
refuses segmill evaluate t.model other_label.csv
refuses segmill evaluate t.model c.csv --label chrned
refuses segmill evaluate k.model none.csv
refuses segmill evaluate c.csv k.model
refuses segmill evaluate k.model
