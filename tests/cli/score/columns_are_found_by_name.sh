. "$TREE/tests/cli/lib.sh"
customers >c.csv
awk -F, -v OFS=, '{ print $4, $3, "x" NR, $1, $2 }' c.csv | sed '1s/.*/plan,spend,other,id,age/' >p.csv
quiet segmill train kmeans c.csv --k 2 -o k.model
quiet segmill score k.model c.csv -o a.csv
quiet segmill score k.model p.csv -o b.csv
cmp a.csv b.csv && cut -d, -f1-3 a.csv
