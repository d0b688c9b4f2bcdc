. "$TREE/tests/cli/lib.sh"
figures() {
    segmill train kmeans "$@" -o m | grep -e '^k ' -e '^inertia' -e '^sizes'
}
echo "--- one column"
printf 'x\n1\n2\n9\n10\n' >one.csv
figures one.csv --k 2 --scale none
echo "--- a constant column beside it is told"
printf 'x,y\n1,7\n2,7\n9,7\n10,7\n' >constant.csv
figures constant.csv --k 2 --scale z
echo "--- fewer distinct rows than k"
printf 'x\n1\n1\n2\n2\n' >few.csv
figures few.csv --k 3 --scale none
echo "--- all rows alike"
printf 'x\n5\n5\n5\n' >alike.csv
figures alike.csv --k 1
figures alike.csv --k 2 --init random
echo "--- missing values lie in the middle"
printf 'x,y\n0,1\n10,\n,2\n10,1\n' >missing.csv
figures missing.csv --k 2 --scale none
echo "--- k equal to the rows"
figures one.csv --k 4 --scale none
figures one.csv --k 4 --scale none --init random
figures one.csv --k 4 --scale none --init farthest
echo "--- centroids from a file say k; the rows may be fewer than the default"
printf 'x\n0\n20\n' >init.csv
figures one.csv --init init.csv --scale none
