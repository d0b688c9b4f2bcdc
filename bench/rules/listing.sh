# The itemsets of chess at 1118 into a model file, beside counting them and writing as many bytes.
. "$TREE/bench/rules/common"
name=chess support=1118
sets=$(sets_of $name $support)
[ -n "$sets" ] || exit 77
make_files $name
train="$SEGMILL train rules $(file_of $name) --min-support $support --target itemsets"
train="$train --quiet -o m.model"
$train >/dev/null
bytes=$(wc -c <m.model)
for t in $(all_threads); do
    "$MEASURE" --kind job --name rules-listing --shape "$name $support" --amount "$sets" \
        --unit itemsets --threads "$t" --repeats "$REPEATS" \
        -- segmill "echo check=bytes $bytes; $train --threads $t >/dev/null" \
        -- "segmill count" "echo check=$sets; exec $train --count-only --threads $t >/dev/null" \
        -- write "echo check=bytes $bytes; $TREE/bench/rules/write $bytes"
done
