# The support for a wanted number of itemsets, TARGET of them, beside counting at that support.
. "$TREE/bench/rules/common"
has_option --target-itemsets || { echo "          --target-itemsets: not built" >&2; exit 77; }
target=${TARGET:-1000000}
cases | awk '!seen[$1]++ { print $1 }' | while read -r name; do
    make_files "$name"
    words="train rules $(file_of "$name") --target itemsets --count-only -o m.model"
    # shellcheck disable=SC2086
    sets=$(figure itemsets "$SEGMILL" $words --target-itemsets "$target")
    support=$(sed -n 's/^  "support_count": *\([0-9]*\),*$/\1/p' figure.json)
    [ "$support" != 1 ] || echo "          $name has only $sets itemsets" >&2
    job="echo check=$sets; exec $SEGMILL $words --threads 1 --quiet"
    "$MEASURE" --kind job --name rules-target --shape "$name $support" --amount "$target" \
        --unit itemsets --repeats "$REPEATS" --clock cpu \
        -- segmill "$job --target-itemsets $target >/dev/null" \
        -- "segmill count" "$job --min-support $support >/dev/null" </dev/null
done
