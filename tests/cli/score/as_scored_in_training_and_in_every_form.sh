. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill import c.csv -o c.h5
quiet segmill train kmeans c.h5 --k 2 -o k.model --scores a.csv
quiet segmill score k.model c.h5 -o b.csv
quiet segmill score k.model c.csv -o c1.csv --threads 1
quiet segmill score k.model c.csv -o c2.csv --threads 7 --memory 64M
SEGMILL_ISA=base quiet segmill score k.model c.csv -o c3.csv
cmp a.csv b.csv && cmp b.csv c1.csv && cmp c1.csv c2.csv && cmp c2.csv c3.csv && echo equal
