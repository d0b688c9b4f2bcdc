. "$TREE/tests/cli/lib.sh"
# sets OPTION...: the counts of the itemsets of b.dat
sets() {
    segmill train rules b.dat --target itemsets -o m --json "$@" >json 2>notes || exit 99
    sed 's/^segmill train: //' notes
    python3 -c "
import json
r = json.load(open('json'))
print('baskets', r['baskets'], 'support', r['support_count'], 'itemsets', r['itemsets'],
      'by length', *r['itemsets_by_length'])"
    grep -q '"itemsets": 0' json && return
    quiet segmill export m --to csv -o sets.csv
    python3 -c "
import csv
rows = list(csv.DictReader(open('sets.csv')))
if len(rows) < 9:
    print(' ', '; '.join(r['itemset'] + ' ' + r['count'] for r in rows))"
    rm -f m sets.csv
}
notes() {
    segmill import "$@" -o i.h5 --log text 2>&1 >out | grep note
    segmill import "$@" -o i.h5 --json | grep -e '"rows"' -e empty -e repeated
    rm -f i.h5 out
}
echo "--- the last basket has no newline, or a carriage return before it"
printf '1 2\n1 2\n1 2' >b.dat
sets --min-support 3
printf '1 2\r\n1 2\r\n1 2\r\n' >b.dat
sets --min-support 3
echo "--- an item twice in a basket counts once, and that is told"
printf '1 2 1\n2 2 2 1\n3 1\n' >b.dat
sets --min-support 2
notes b.dat
printf 'tea,tea,jam\njam,tea\n' >l.txt
notes l.txt --lines
printf 'order,item\nA,tea\nA,tea\nB,jam\nB,\n,jam\nC,\n' >o.csv
notes o.csv --kind baskets --order order --item item
segmill import o.csv --kind baskets --order order --item item -o i.h5 --json |
    python3 -c "import json, sys; print(json.load(sys.stdin)['lines'])"
echo "--- empty baskets count among the baskets"
printf '1\n\n  \n1\n' >b.dat
sets --min-support 50%
sets --min-support 51%
notes b.dat
echo "--- shares are exact: 7 of 100 are 7 %, and a count that equals the support suffices"
i=0
while [ $i -lt 100 ]; do
    if [ $i -lt 6 ]; then echo 1 2; elif [ $i -lt 7 ]; then echo 1; else echo 3; fi
    i=$((i + 1))
done >b.dat
sets --min-support 0.07
sets --min-support 7%
sets --min-support 0.070
sets --min-support 7.0%
sets --min-support 7
sets --min-support 0.0700000000001
sets --min-support 0.06
echo "--- items in every basket"
printf '1 2 3\n1 2\n2 1 4\n' >b.dat
sets --min-support 100%
sets --min-support 1.0
echo "--- more items than a mask of 64, 128 or 256 bits holds"
for n in 64 65 129 300; do
    seq -s ' ' $n >b.dat
    seq -s ' ' $n >>b.dat
    sets --min-support 2 --max-length 2
    i=1
    while [ $i -lt $n ]; do echo $i $((i + 1)); i=$((i + 1)); done >b.dat
    sets --min-support 1
done
echo "--- nothing is frequent: an empty model, and no failure"
printf '1\n2\n' >b.dat
sets --min-support 2
segmill train rules b.dat --min-support 2 --min-confidence 0.5 -o m --json | grep '"rules"'
quiet segmill score m b.dat -o s.csv
segmill verify m >/dev/null && echo verified
rm -f m s.csv
echo "--- no items"
printf '1 2\n3 -3\n' >b.dat
refuses segmill train rules b.dat --min-support 1 --target itemsets -o m
printf '1 2\n\n3.5\n' >b.dat
refuses segmill train rules b.dat --min-support 1 --target itemsets -o m
printf '1 2\n' >b.dat
head -c 1025 /dev/zero | tr '\0' 9 >>b.dat
refuses segmill train rules b.dat --min-support 1 --target itemsets -o m
printf '1 2\n1 \000\n' >b.dat
refuses segmill train rules b.dat --min-support 1 --target itemsets -o m
printf '\n\n' >b.dat
refuses segmill train rules b.dat --min-support 1 --target itemsets -o m
: >b.dat
refuses segmill train rules b.dat --min-support 1 --target itemsets -o m
echo "--- heads and supports that are none"
printf '10 20\n10 20\n' >b.dat
refuses segmill train rules b.dat --min-support 1 --min-confidence 0.5 --head 200 -o m
refuses segmill train rules b.dat --min-support 1 --min-confidence 0.5 --head tea -o m
refuses segmill train rules b.dat --min-support 0 --min-confidence 0.5 -o m
refuses segmill train rules b.dat --min-support 0.0 --min-confidence 0.5 -o m
refuses segmill train rules b.dat --min-support 0% --min-confidence 0.5 -o m
refuses segmill train rules b.dat --min-support -1 --min-confidence 0.5 -o m
