cp "$TREE/datasets/customers.csv" .
segmill import customers.csv -o customers.h5 --quiet >import.txt || exit 1
segmill report customers.h5 -o page.html
code=$?
ls
exit $code
