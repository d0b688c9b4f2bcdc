. "$TREE/tests/cli/lib.sh"
# Item 85 is in all 8,124 baskets of mushroom: a set that some miners do not report.
[ -f "$DATA/baskets/mushroom.dat.gz" ] || exit 77
cp "$DATA/baskets/mushroom.dat.gz" .
for target in itemsets closed maximal; do
    segmill train rules mushroom.dat.gz --min-support 100% --target $target -o m --json |
        grep -e '"itemsets"' -e support_count
    quiet segmill export m --to csv -o sets.csv
    cut -d, -f1-3 sets.csv
    rm -f m sets.csv
done
