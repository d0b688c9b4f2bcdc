# Every timed case in count mode: whole processes that read and count, with one thread in seconds
# of the processor, with all of them in seconds of the clock; pyfim and the library in process. The
# figures of other programs stand beside them, as their machine took them (kind figure).
. "$TREE/bench/rules/common"

command_of() {   # FILE THREADS
    echo "echo check=$found; exec $SEGMILL train rules $1 --min-support $support" \
         "--target itemsets --count-only --threads $2 --quiet -o m.model >/dev/null"
}

# The peers of a case as words for measure; apriori where it takes no seconds.
peers() {
    for peer in eclat-o fpgrowth-d apriori; do
        case $peer,$apriori in apriori,-|apriori,[1-9]*) continue ;; esac
        set -- "$@" -- "${PYFIM% *} $peer ${PYFIM#* }" "$PEER count $text $support $peer"
    done
    "$MEASURE" --kind job --name rules-count --shape "$name $support" --amount "$sets" \
        --unit itemsets --repeats "$repeats" --clock cpu "$@"
}

cases | while read -r name support sets lcm3 fpstar eclat fpgrowth apriori; do
    echo "          $name $support" >&2
    make_files "$name"
    text=$(text_of "$name") file=$(file_of "$name")
    found=$(figure itemsets "$SEGMILL" train rules "$file" --min-support "$support" \
                   --target itemsets --count-only -o m.model)
    case $eclat in 0.0*) repeats=$((3 * REPEATS)) ;; *) repeats=$REPEATS ;; esac
    peers -- segmill "$(command_of "$file" 1)" -- "segmill text" "$(command_of "$text" 1)" \
        --kind fit -- segmill "$FIT -c count $file $support" --kind peer </dev/null
    [ "$THREADS" = 1 ] || "$MEASURE" --kind job --name rules-count --shape "$name $support" \
        --amount "$sets" --unit itemsets --threads "$THREADS" --repeats "$repeats" \
        -- segmill "$(command_of "$file" "$THREADS")" </dev/null
    for peer in lcm3 fpstar eclat fpgrowth apriori; do
        eval "seconds=\$$peer"
        timing="3,$seconds,$seconds,,$seconds"
        [ "$seconds" = - ] ||
            echo "counts.md,,figure,rules-count,$name $support,$peer,,1,$timing,,$sets,itemsets,,,"
    done
done

# What pyfim takes to read Python's lists, which is part of its calls.
cases | awk '!($1 in seen) { seen[$1] = 1; print $1, $2 }' | while read -r name support; do
    "$MEASURE" --kind peer --name rules-lists --shape "$name" --amount 1 --unit files \
        --repeats "$REPEATS" -- "$PYFIM" "$PEER lists $(text_of "$name") $support eclat-o" \
        </dev/null
done
