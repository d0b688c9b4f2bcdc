# inspect --schema writes what import --schema reads: the same file passes, a changed one fails
# with its line.
. "$TREE/tests/cli/lib.sh"
customers >c.csv
segmill inspect c.csv --schema >c.json
cat c.json
quiet segmill import c.csv --schema c.json -o pinned.h5
quiet segmill import c.csv -o free.h5
segmill inspect pinned.h5 >pinned.txt
segmill inspect free.h5 | cmp - pinned.txt
segmill inspect free.h5 --schema >again.json
quiet segmill import c.csv --schema again.json -o again.h5
sed 's/^c,23,/c,old,/' c.csv >word.csv
sed 's/silver/platinum/' c.csv >level.csv
sed 's/spend/spent/' c.csv >name.csv
for bad in word level name; do
    refuses segmill import $bad.csv --schema c.json -o no.h5
done
cat >o.csv <<END
order_id,customer_id,order_time,sku,note,quantity,unit_price
o1,a,2024-01-02,tea,x,1,2.50
o1,a,2024-01-02,pot,x,2,12
o2,b,2024-02-03,tea,x,-1,2.50
END
segmill inspect o.csv --schema >o.json
tr -d ' \n' <o.json; echo
quiet segmill import o.csv --schema o.json -o o.h5
sed 's/,12$/,cheap/' o.csv >bad.csv
refuses segmill import bad.csv --schema o.json -o no.h5
segmill inspect o.h5
printf '1 2 3\n2 3\n' >b.dat
segmill inspect b.dat
refuses segmill inspect b.dat --schema
refuses segmill inspect o.h5 --types quantity:text
quiet segmill train kmeans c.csv --k 2 -o k.model
refuses segmill inspect k.model --schema
