. "$TREE/tests/cli/lib.sh"
figures() {
    segmill train kmeans "$@" -o m | grep -e '^k ' -e '^inertia' -e '^sizes'
}
echo "--- a row of weight 3 is three rows"
printf 'id,x,w\na,1,3\nb,2,1\nc,9,2\nd,11,1\n' >w.csv
printf 'id,x\na1,1\na2,1\na3,1\nb,2\nc1,9\nc2,9\nd,11\n' >rows.csv
figures w.csv --k 2 --features x --scale none --weights w
figures rows.csv --k 2 --scale none
echo "--- the weights are no feature, unless that is asked for"
figures w.csv --k 2 --scale none --weights w
figures w.csv --k 2 --scale none --weights w --features x,w
echo "--- a row of weight 0 is no row, wherever it lies"
printf 'id,x,w\na,1,3\nb,2,1\nfar,1000000,0\nc,9,2\nd,11,1\n' >zero.csv
figures zero.csv --k 2 --features x --scale none --weights w
figures zero.csv --k 2 --features x --scale minmax --weights w
figures w.csv --k 2 --features x --scale minmax --weights w
echo "--- parts of a row"
printf 'id,x,w\na,1,0.75\nb,2,0.25\nc,9,0.5\nd,11,0.25\n' >parts.csv
figures parts.csv --k 2 --features x --scale none --weights w
echo "--- one row that counts"
printf 'id,x,w\na,1,0\nb,2,5\nc,9,0\n' >one.csv
figures one.csv --k 2 --features x --scale none --weights w
