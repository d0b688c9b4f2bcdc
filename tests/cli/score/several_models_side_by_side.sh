. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill train kmeans c.csv --k 2 -o k.model
quiet segmill train kmeans c.csv --k 3 -o k3.model
quiet segmill train tree c.csv --label churned -o t.model
segmill score k.model k3.model t.model c.csv -o s.csv
head -1 s.csv
segmill score k.model k.model k.model c.csv -o same.csv | grep -o 'kmeans[0-9]_segment '
quiet segmill score k.model c.csv -o one.csv
cut -d, -f1-7 s.csv | cmp - one.csv && echo "the first model's columns are its own"
# Sources with blocks of different sizes: customers are small rows, baskets large ones.
awk 'BEGIN { print "customer,time,order,item,quantity,price"
             for (i = 0; i < 30000; i++)
                 printf "c%05d,2024-01-%02d,o%d,i%d,1,%d\n", i % 9000, i % 28 + 1, i, i % 7, i % 50 + 1 }' >o.csv
quiet segmill import o.csv --kind transactions --customer customer --time time --order order \
      --item item --quantity quantity --price price -o o.h5
quiet segmill train rfm o.h5 -o r.model
quiet segmill train rules o.h5 --min-support 1% --min-confidence 0.01 -o b.model
quiet segmill score r.model b.model o.h5 -o both.csv --memory 64M
quiet segmill score r.model o.h5 -o r.csv
quiet segmill score b.model o.h5 -o b.csv
n=$(head -1 r.csv | tr , '\n' | wc -l)
cut -d, -f1-"$n" both.csv | cmp - r.csv
cut -d, -f"$((n + 1))"- both.csv >x && cut -d, -f2- b.csv | cmp - x && wc -l <both.csv
