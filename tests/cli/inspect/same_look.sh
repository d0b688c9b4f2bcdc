# The look does not depend on threads, budget or instruction set; a plain matrix is one too.
. "$TREE/tests/cli/lib.sh"
"$BUILD/make-data" --customers 3000 -o . >/dev/null 2>&1 || exit 1
for file in customers.csv orders.csv; do
    segmill inspect $file --json --threads 1 >want.json
    for isa in base v3 v4; do
        SEGMILL_ISA=$isa segmill inspect $file --json --threads 3 --memory 40M | cmp - want.json
    done
done
awk 'BEGIN {
    for (c = 0; c < 3000; c++) printf "%sx%d", c ? "," : "", c
    print ""
    for (r = 0; r < 30; r++) {
        for (c = 0; c < 3000; c++)
            printf "%s%s", c ? "," : "", c == 2500 ? 4 : (r * (c + 3)) % 7
        print ""
    }
}' >wide.csv
segmill inspect wide.csv | sed -n '/^numbers/,$p' | sed -n '2,3p;$p'
segmill inspect wide.csv | awk '/^numbers/ { n = NR } END { print NR - n - 2, "of them" }'
segmill inspect wide.csv --all | wc -l
