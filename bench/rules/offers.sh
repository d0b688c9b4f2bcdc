# Next best offers to the customers of retail by 5,832 rules, file to file; to ten times as many.
. "$TREE/bench/rules/common"
wanted retail || exit 77
make_files retail
make_files retail10
rules=$(figure rules "$SEGMILL" train rules "$(file_of retail)" --min-support 88 \
               --min-confidence 0.5 -o m.model)
score="$SEGMILL score m.model --quiet"
for name in retail retail10; do
    n=$(wc -l <"$(text_of $name)")
    for t in $(all_threads); do
        "$MEASURE" --kind job --name rules-offers --shape "$name rules=$rules" --amount "$n" \
            --unit rows --threads "$t" --repeats "$REPEATS" --clock "$(clock_of "$t")" \
            -- segmill "$score $(file_of $name) --threads $t -o s.h5 >/dev/null"
    done
done
