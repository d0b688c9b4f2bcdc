. "$TREE/tests/cli/lib.sh"
numbers() { sed 's/[0-9][0-9.]*/N/g'; }   # how well it learns is not told here
quiet segmill train tree "$TREE/datasets/customers.csv" --label churned --max-leaves 4 -o t.model
segmill evaluate t.model "$TREE/datasets/customers.csv" --value 200 --offer-cost 10 --contact-cost 1
echo
segmill evaluate t.model "$TREE/datasets/customers.csv" --threshold 0.9 | grep -A2 confusion
segmill evaluate t.model "$TREE/datasets/customers.csv" --value 5 --offer-cost 10 |
    grep -e advice -e threshold -A1
segmill train tree "$TREE/datasets/customers.csv" --label churned --max-leaves 4 --cv 3 \
    --value 200 --offer-cost 10 --contact-cost 1 -o cv.model | grep -e empc -e advice | numbers
segmill train tree "$TREE/datasets/customers.csv" --label churned --max-leaves 4 --value 200 \
    --log text -o cv.model 2>&1 | grep -e "--value" -e '^folds' -e advice | numbers
