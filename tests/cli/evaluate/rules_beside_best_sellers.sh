. "$TREE/tests/cli/lib.sh"
data=$TREE/datasets/orders.csv
quiet segmill train rules "$data" --min-support 10 --min-confidence 0.2 -o m.model
segmill evaluate m.model "$data"
echo "== one item, other data"
sed '/,2024-0[1-6]/d' "$data" >later.csv
segmill evaluate m.model later.csv --hold-out item --offers 4 --rank-by combined
printf '1 2\n1 2\n1 3\n2\n' >b.dat
quiet segmill train rules b.dat --min-support 1 --min-confidence 0.2 -o b.model
refuses segmill evaluate b.model b.dat --hold-out last
printf '1\n\n2\n' >alone.dat
segmill evaluate b.model alone.dat --offers 1
