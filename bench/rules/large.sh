# SIZE (basket, item) pairs of 20,000 items at 0.1 % from our own file: time, and memory beside that
# of the baskets as two arrays (CSR: 8 bytes a basket, 4 a pair); then with a budget of an eighth
# of the file. The memory of smaller cases.
. "$TREE/bench/rules/common"

# one NAME SUPPORT REPEATS THREADS [PROGRAM OPTIONS...]: count mode; the check: sets and CSR bytes.
one() {
    shape="$1 $2" repeats=$3 t=$4 program=$5
    shift 5
    train="$SEGMILL train rules $file --min-support ${shape#* } --target itemsets --count-only"
    train="$train $* --quiet -o m.model"
    "$MEASURE" --kind job --name rules-memory --shape "$shape" --amount "$pairs" --unit pairs \
        --threads "$t" --repeats "$repeats" --clock "$(clock_of "$t")" \
        -- "$program" "echo check=itemsets $found csr $csr; exec $train --threads $t >/dev/null"
}
begin() {   # NAME SUPPORT
    echo "          $1 $2" >&2
    make_files "$1"
    file=$(file_of "$1")
    wc -lw <"$(text_of "$1")" >counted
    read -r rows pairs <counted
    csr=$((8 * (rows + 1) + 4 * pairs))
    found=$(figure itemsets "$SEGMILL" train rules "$file" --min-support "$2" --target itemsets \
                   --count-only -o m.model)
}

for case in "retail 5" "T40like 500" "clicks990k 1000"; do
    [ -n "$(sets_of "${case% *}" "${case#* }")" ] || continue
    begin "${case% *}" "${case#* }"
    one "${case% *}" "${case#* }" 1 1 segmill
done
wanted shop || exit 0
begin "shop-$SIZE" 0.001
for t in $(all_threads); do one "shop-$SIZE" 0.001 "$REPEATS" "$t" segmill; done
budget=$(($(wc -c <"$file") / 8))
[ $budget -gt 16000000 ] || budget=16000000   # of a file made small to try it
one "shop-$SIZE" 0.001 1 "$THREADS" "segmill limited" --memory "$budget"
