. "$TREE/tests/cli/lib.sh"
customers >c.csv
mkdir folder closed
mkfifo pipe.csv
echo "--- what is read"
refuses segmill train kmeans none.csv --k 2 -o m
refuses segmill train kmeans none.h5 --k 2 -o m
refuses segmill train kmeans folder --k 2 -o m
refuses segmill train kmeans pipe.csv --k 2 -o m
refuses segmill train kmeans /dev/null --k 2 -o m
echo "--- what is written"
refuses segmill train kmeans c.csv --k 2 -o none/m
refuses segmill train kmeans c.csv --k 2 -o folder
refuses segmill train kmeans c.csv --k 2 -o c.csv/m
echo "--- the scores cannot be written: there is no model either"
refuses segmill train kmeans c.csv --k 2 -o m --scores none/s.csv
refuses segmill train kmeans c.csv --k 2 -o m --scores s.csv.gz
echo "--- the model cannot be written: there are no scores either"
refuses segmill train kmeans c.csv --k 2 -o none/m --scores s.csv
