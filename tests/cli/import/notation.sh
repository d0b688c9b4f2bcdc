. "$TREE/tests/cli/lib.sh"
printf 'id,x\na,"1,234"\nb,5\n' >c.csv
refuses segmill import c.csv --thousands . -o o.h5
refuses segmill import c.csv --decimal , --thousands , -o o.h5
refuses segmill import c.csv --thousands ,, -o o.h5
refuses segmill import c.csv --thousands x -o o.h5
refuses segmill import c.csv --encoding KLINGON -o o.h5
segmill import c.csv --thousands , -o o.csv | grep parts
cat o.csv
printf 'id,x\na,1,234\nb,5\n' >bare.csv
refuses segmill import bare.csv --thousands , -o o.h5
# The exact money of orders, with the minus behind it.
cat >orders.csv <<END
customer;date;order;price;quantity
a;1.2.2024;1;1.234,56 €;2
a;17.2.2024;2;0,99-;1.000
b;1.3.2024;3;EUR 5;1
b;1.3.2024;3;-€ 5,10;1
END
segmill import orders.csv --customer customer --time date --order order --price price \
    --quantity quantity --decimal , --signs --dates d/m/y -o o.csv | sed -n '/notes/,$p'
cat o.csv
sed 's/EUR 5/(5)/' orders.csv >brackets.csv
refuses segmill import brackets.csv --customer customer --time date --order order --price price \
    --quantity quantity --decimal , --signs --dates d/m/y -o o.h5
sed 's/1.234,56/12.34,56/' orders.csv >groups.csv
refuses segmill import groups.csv --customer customer --time date --order order --price price \
    --quantity quantity --decimal , --signs --dates d/m/y -o o.h5
