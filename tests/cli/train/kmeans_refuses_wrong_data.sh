. "$TREE/tests/cli/lib.sh"
customers >c.csv
printf 'x\n1\n2\n3\n' >one.csv
printf 'x,y\n' >header_only.csv
: >empty.csv
printf 'x,y\n1,\n2,\n3,\n' >hollow.csv
printf 'x,y\n1,a\n2,b\n3,c\n' >one_number.csv
printf 'x\na\nb\na\n' >words.csv
printf 'x,y\n1,2\n3,4\n5,6\n' >log.csv
printf 'x\n-1\n-3\n5\n' >negative.csv
echo "--- k"
refuses segmill train kmeans c.csv --id id --k 11 -o m
refuses segmill train kmeans c.csv --k 11 -o m
refuses segmill train kmeans c.csv --k 2..11 -o m
refuses segmill train kmeans c.csv --k 0 -o m
refuses segmill train kmeans c.csv --k 3..2 -o m
refuses segmill train kmeans c.csv --k -1 -o m
refuses segmill train kmeans c.csv --k many -o m
refuses segmill train kmeans c.csv --k 65537 -o m
echo "--- rows and columns"
refuses segmill train kmeans header_only.csv --k 1 -o m
refuses segmill train kmeans empty.csv --k 1 -o m
refuses segmill train kmeans hollow.csv --k 2 --features y -o m
refuses segmill train kmeans words.csv --k 1 -o m
refuses segmill train kmeans negative.csv --k 2 --scale log1p-z -o m
echo "--- features"
refuses segmill train kmeans c.csv --k 2 --features agee -o m
refuses segmill train kmeans c.csv --k 2 --features plan -o m
refuses segmill train kmeans c.csv --k 2 --features age,age -o m
refuses segmill train kmeans c.csv --k 2 --features "" -o m
echo "--- a file of centroids"
printf 'x,y\n1,2\n' >init.csv
printf 'x\n1\n' >init_lacks.csv
printf 'x,y\n1,\n' >init_missing.csv
printf 'x,y\n1,2\n1,2\n3,4\n5,6\n' >init_many.csv
printf 'x,y\n' >init_none.csv
refuses segmill train kmeans log.csv --init nothing.csv -o m
refuses segmill train kmeans log.csv --init init_lacks.csv -o m
refuses segmill train kmeans log.csv --init init_missing.csv -o m
refuses segmill train kmeans log.csv --init init_many.csv -o m
refuses segmill train kmeans log.csv --init init_none.csv -o m
printf 'x,y\n-2,2\n' >init_low.csv
refuses segmill train kmeans log.csv --init init_low.csv --scale log1p-z -o m
