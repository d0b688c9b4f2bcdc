. "$TREE/tests/cli/lib.sh"
customers >c.csv
printf '1 2\n1 2\n1 3\n2\n' >b.dat
quiet segmill train rules b.dat --min-support 1 --min-confidence 0.2 -o m.model
quiet segmill train kmeans c.csv --k 2 -o k.model
try() { refuses segmill score m.model b.dat -o s.csv "$@"; }
put() { printf "$1" >f.csv; shift; try "$@" f.csv; }
try --offers 0
try --offers 21
try --rank-by luck
refuses segmill score k.model c.csv -o s.csv --block b.txt
try --prices gone.csv
try --block gone.csv
try --only gone.csv
try --block-by gone.csv
put '' --block
put 'item\n' --only
put 'item,cost\n1,2\n' --prices
put 'item,price\n1,-2\n' --prices
put 'item,price\n1,nan\n' --prices
put 'item;price\n1;2,5\n' --prices
put 'item,price\n1,2\n2,2\n1,3\n' --prices
put 'item,price\n1,2\n' --rank-by lift --prices
put 'who,why,item\n1,2,3\n' --block-by
put 'customer,item\n,1\n' --block-by
put 'customer,item\n7\n' --block-by
