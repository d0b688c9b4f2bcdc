# Rules to one product of retail at 20, for HEADS products from rare to frequent, beside all rules.
. "$TREE/bench/rules/common"
wanted retail || exit 77
make_files retail
file=$(file_of retail) support=20
train="$SEGMILL train rules $file --min-support $support --min-confidence 0.5 --threads 1 --quiet"
everything="exec $train -o all.model >/dev/null"
tr ' ' '\n' <"$(text_of retail)" | sort | uniq -c | sort -k 1,1n -k 2,2n |
    awk -v least=$support -v heads="${HEADS:-20}" '
        $1 >= least { item[n++] = $2 }
        END { for (i = 0; i < heads; i++) print item[int((i + 0.5) * n / heads)] }' >heads
"$MEASURE" --kind job --name rules-heads --shape "retail $support all" --amount 1 --unit heads \
    --repeats "$REPEATS" --clock cpu -- segmill "$everything"
while read -r head; do
    "$MEASURE" --kind job --name rules-heads --shape "retail $support head=$head" --amount 1 \
        --unit heads --repeats "$REPEATS" --clock cpu \
        -- segmill "exec $train --head $head -o one.model >/dev/null" </dev/null
done <heads
