# Typed import of a mixed CSV file by segmill and by others, with two threads and with one.
# The others leave a table in memory, segmill a file with its statistics and hashes.
PYTHON=$("$PEERS/setup") || exit 77
csv=$BIG/mixed-$SIZE.csv
[ -e "$csv" ] || "$B/bench/data/make-csv" "$SIZE" "$csv" >&2
bytes=$(stat -c %s "$csv")

peer() { echo "OMP_NUM_THREADS=$2 $PYTHON $PEERS/import_csv.py $1 $csv $2"; }
segmill() {
    echo "$SEGMILL import $csv --kind features --id id --threads $1 --quiet -o $2 >/dev/null"
}
version() { "$PYTHON" -c "import importlib.metadata as m; print('$1', m.version('$1'))"; }

# Equal rows and sums, once and outside of the clock; the files of the runs that are timed
# must then be the same bytes.
sh -c "$(segmill 0 first.h5)"
"$PYTHON" "$PEERS/import_csv.py" segmill first.h5 1 >check
for program in duckdb polars pandas; do
    sh -c "$(peer $program "$THREADS")" >other
    cmp -s check other ||
        { echo "import: $program: $(cat other), segmill: $(cat check)" >&2; exit 1; }
done

for n in $([ "$THREADS" = 1 ] || echo "$THREADS") 1; do
    "$MEASURE" --kind peer --name import-csv --shape "bytes=$SIZE columns=12" --amount "$bytes" \
        --unit bytes --threads "$n" --repeats "$REPEATS" \
        -- segmill "$(segmill "$n" again.h5) && cat check" \
        -- "$(version duckdb)" "$(peer duckdb "$n")" \
        -- "$(version polars)" "$(peer polars "$n")" \
        -- "$(version pandas)" "$(peer pandas "$n")"
    cmp first.h5 again.h5 >&2
done
