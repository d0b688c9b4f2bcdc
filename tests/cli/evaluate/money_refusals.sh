. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill train kmeans c.csv --k 2 -o k.model
quiet segmill train tree c.csv --label churned --drop id -o t.model
refuses segmill evaluate t.model c.csv --offer-cost 10
refuses segmill evaluate t.model c.csv --contact-cost 1
refuses segmill evaluate t.model c.csv --value 10 --accept 0
refuses segmill evaluate t.model c.csv --value 10 --accept 1.5
refuses segmill evaluate t.model c.csv --value -1
refuses segmill evaluate t.model c.csv --threshold 2
refuses segmill evaluate k.model c.csv --value 10
refuses segmill evaluate k.model c.csv --threshold 0.5
refuses segmill train tree c.csv --label churned --offer-cost 1 -o x.model
