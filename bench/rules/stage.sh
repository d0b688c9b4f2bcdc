# Rules of itemsets that are there: ours with ten measures, pyfim's with their confidence (counted:
# no lists for Python; its itemsets are part of the call, so they stand beside it), mlxtend's with
# heads of any size and so more of them, where it is done in a minute.
. "$TREE/bench/rules/common"
for case in "groceries 3" "T10I4D100K 10" "retail 5"; do
    name=${case% *} support=${case#* }
    [ -n "$(sets_of "$name" "$support")" ] || continue
    make_files "$name"
    text=$(text_of "$name") file=$(file_of "$name")
    rules=$("$FIT" rules "$file" "$support" | sed -n 's/^check=//p')
    turns() {
        "$MEASURE" --kind fit --name rules-stage --shape "$case" --unit rules --clock cpu "$@"
    }
    turns --amount "$rules" --repeats "$REPEATS" -- segmill "$FIT -c rules $file $support" \
        -- "${PYFIM% *} arules-counted ${PYFIM#* }" "$PEER rules $text $support arules-counted" \
        -- "${PYFIM% *} itemsets ${PYFIM#* }" "$PEER count $text $support fpgrowth-d"
    # Twice: lists of millions of rules are Python's work.
    turns --amount "$rules" --repeats 2 \
        -- "${PYFIM% *} arules ${PYFIM#* }" "$PEER rules $text $support arules"
    [ "$THREADS" = 1 ] ||
        "$MEASURE" --kind fit --name rules-stage --shape "$case" --amount "$rules" --unit rules \
            --threads "$THREADS" --repeats "$REPEATS" \
            -- segmill "$FIT -t $THREADS rules $file $support"
done

# mlxtend's rules are counted by itself, for the time of one.
for case in "groceries 10" "T10I4D100K 100"; do
    name=${case% *} support=${case#* }
    [ -n "$(sets_of "$name" "$support")" ] || continue
    make_files "$name"
    mlxtend="$PEER mlxtend $(text_of "$name") $support"
    rules=$($mlxtend | sed -n 's/^check=//p')
    ours=$("$FIT" rules "$(file_of "$name")" "$support" | sed -n 's/^check=//p')
    "$MEASURE" --kind fit --name rules-stage --shape "$case" --unit rules --repeats "$REPEATS" \
        --amount "$ours" -- segmill "$FIT -c rules $(file_of "$name") $support" \
        --amount "$rules" -- "$(version mlxtend)" "$mlxtend"
done
