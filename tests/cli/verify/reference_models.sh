# Every reference model loads, verifies and scores its fixed rows as it did when it was made.
for model in "$TREE"/models/reference/*.model; do
    name=$(basename "$model" .model)
    case $name in kmeans-* | tree-* | forest-* | boost-*) rows=customers.csv ;; *) rows=orders.csv ;; esac
    segmill verify "$model" --json | grep -o '"selfcheck_rows": [0-9]*' | sed "s/^/$name: /"
    segmill score "$model" "$TREE/models/reference/$rows" -o "$name.csv" --quiet >/dev/null
    cmp "$name.csv" "$TREE/models/reference/$name.csv" && echo "$name: same scores"
done
