. "$TREE/tests/cli/lib.sh"
customers >c.csv
refuses segmill train
refuses segmill train kmeans
refuses segmill train kmean c.csv -o m
refuses segmill train kmeans c.csv
refuses segmill train kmeans c.csv d.csv -o m
refuses segmill train kmeans c.csv --max-itre 3 -o m
refuses segmill train kmeans c.csv --max-iter -o m
refuses segmill train kmeans c.csv --max-iter 3.5 -o m
refuses segmill train kmeans c.csv --max-iter 100001 -o m
refuses segmill train kmeans c.csv --tol 2 -o m
refuses segmill train kmeans c.csv --tol nan -o m
refuses segmill train kmeans c.csv --scale Z -o m
refuses segmill train kmeans c.csv --threads two -o m
refuses segmill train kmeans c.csv --memory 4X -o m
refuses segmill train kmeans c.csv --memory "4 " -o m
refuses segmill train kmeans c.csv --memory -- -o m
refuses segmill train kmeans c.csv -q -o m
refuses segmill train kmeans c.csv --quiet=perhaps -o m
refuses segmill train kmeans c.csv --k 2 -o
refuses segmill train tree c.csv --k 2 -o m
refuses segmill train --k 2 kmeans c.csv -o m
