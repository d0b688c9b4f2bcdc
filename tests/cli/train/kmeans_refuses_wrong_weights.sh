. "$TREE/tests/cli/lib.sh"
weights() {
    printf "id,x,w\n$1\n" >w.csv
    refuses segmill train kmeans w.csv --k 2 --features x --weights w -o m
}
echo "--- one bad weight"
weights 'a,1,1\nb,2,-1\nc,9,2'
weights 'a,1,1\nb,2,-0.001\nc,9,2'
weights 'a,1,1\nb,2,\nc,9,2'
weights 'a,1,1\nb,2,1e39\nc,9,2'
echo "--- none that counts"
weights 'a,1,0\nb,2,0\nc,9,0'
weights 'a,1,\nb,2,\nc,9,'
echo "--- no number"
weights 'a,1,many\nb,2,few\nc,9,many'
weights 'a,1,inf\nb,2,1\nc,9,2'
echo "--- no such column"
printf 'id,x,w\na,1,1\nb,2,1\nc,9,2\n' >w.csv
refuses segmill train kmeans w.csv --k 2 --weights nope -o m
refuses segmill train kmeans w.csv --k 2 --weights "" -o m
refuses segmill train kmeans w.csv --k 2 --weights id -o m
echo "--- nothing else to go by"
printf 'id,w\na,1\nb,1\nc,2\n' >w.csv
refuses segmill train kmeans w.csv --k 2 --weights w -o m
