. "$TREE/tests/cli/lib.sh"
customers >c.csv
refuses segmill import none.csv -o o.h5
refuses segmill import c.csv
refuses segmill import c.csv -o none/o.h5
refuses segmill import c.csv -o c.csv
refuses segmill import c.csv --id idd -o o.h5
refuses segmill import c.csv --label chrned -o o.h5
refuses segmill import c.csv --drop nothing -o o.h5
refuses segmill import c.csv --types age:colour -o o.h5
refuses segmill import c.csv --kind matrix -o o.h5
printf 'id,x\na,1\nb,2\na,3\n' >twice.csv
refuses segmill import twice.csv --id id -o o.h5
printf 'id,x\na,1\n,2\n' >no_id.csv
refuses segmill import no_id.csv --id id -o o.h5
printf 'x,x\n1,2\n' >header_twice.csv
refuses segmill import header_twice.csv -o o.h5
printf 'x,y\n1,2\n3\n' >cut_row.csv
refuses segmill import cut_row.csv -o o.h5
mkdir folder
refuses segmill import folder -o o.h5
mkfifo fifo
refuses segmill import fifo -o o.h5
cat c.csv | sed 's/,9,/,x9,/' >x.csv
for i in 1 2 3 4 5; do tail -n +2 c.csv | sed "s/^/$i/"; done >>x.csv
refuses segmill import x.csv -o o.h5
segmill import - -o o.h5 --id id <c.csv | sed -n 1,3p
