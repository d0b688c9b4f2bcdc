. "$TREE/tests/cli/lib.sh"
# Eight baskets: bread goes with butter, milk with bread.
cat >orders.csv <<END
customer,order,time,item
ann,1,2024-01-01,bread
ann,1,2024-01-01,butter
ann,2,2024-01-02,milk
bob,3,2024-01-01,bread
bob,3,2024-01-01,milk
cyd,4,2024-01-03,bread
cyd,4,2024-01-03,butter
cyd,4,2024-01-03,jam
dan,5,2024-01-04,milk
eva,6,2024-01-04,bread
eva,6,2024-01-04,butter
eva,6,2024-01-04,jam
fox,7,2024-01-05,butter
gus,8,2024-01-05,tea
END
quiet segmill import orders.csv --kind transactions --customer customer --order order --time time \
      --item item -o orders.h5
quiet segmill train rules orders.h5 --min-support 1 --min-confidence 0.2 -o m.model
offers() {
    echo "== $*"
    segmill score m.model orders.h5 -o s.csv --log text "$@" 2>log.txt >/dev/null || cat log.txt
    grep -e '--' -e 'lists leave' -e 'nothing to offer' log.txt
    cat s.csv
}
offers --offers 1
offers --offers 2 --rank-by lift
offers --offers 2 --rank-by combined
printf 'item,price\nbread,2\nbutter,3.50\njam,\ncaviar,80\n' >prices.csv
offers --offers 2 --prices prices.csv
offers --offers 2 --prices prices.csv --rank-by combined
printf 'butter\n"to, do"\n' >block.txt
offers --offers 2 --block block.txt
printf 'shelf,item\n1,jam\n1,tea\n' >only.csv
offers --offers 1 --only only.csv
printf 'customer,item\nbob,butter\nzoe,butter\n' >by.csv
offers --offers 1 --block-by by.csv
