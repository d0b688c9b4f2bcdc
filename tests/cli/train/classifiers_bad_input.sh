# Each classifier says in one line what is wrong with the data, or goes on and says so.
. "$TREE/tests/cli/lib.sh"
methods="tree forest boost"

awk 'BEGIN {
    print "id,age,spend,plan,churned"
    for (i = 0; i < 400; i++) {
        age = 18 + i * 37 % 60
        yes = (age < 35) != (i % 9 == 0)
        print "k" i "," age "," i * 13 % 97 / 10 "," substr("abc", i % 3 + 1, 1) "," (yes ? "yes" : "no")
    }
}' >t.csv
sed 's/,[^,]*$/,yes/; 1s/,yes$/,churned/' t.csv >one_value.csv
sed '7s/,[^,]*$/,perhaps/' t.csv >three_values.csv
cut -d, -f1-4 t.csv >no_label.csv
awk -F, 'BEGIN { OFS = "," } NR == 32 { $2 = "7x" } { print }' t.csv >one_word.csv
awk -F, 'BEGIN { OFS = "," } NR > 1 { $3 = "" } { print }' t.csv >empty_column.csv
awk -F, 'BEGIN { OFS = "," } NR > 1 { $2 = $3 = $4 = "" } { print }' t.csv >all_empty.csv
head -1 t.csv >no_rows.csv
head -2 t.csv >one_row.csv
awk -F, 'NR == 1 || !seen[$5]++' t.csv >two_rows.csv
sed '1s/age/years/' no_label.csv >renamed.csv
cut -d, -f1,2,4 t.csv >column_gone.csv
awk -F, 'BEGIN { OFS = "," } NR > 1 { $2 = "about " substr("xyz", NR % 3 + 1, 1) } { print }' \
    no_label.csv >words.csv
awk -F, 'BEGIN { OFS = "," } NR % 4 == 0 { $4 = "new" } { print }' no_label.csv >new_category.csv
awk -F, 'BEGIN { OFS = "," } NR > 1 { $4 = NR % 7 } { print }' no_label.csv >numbers.csv

# What it prints, without the figures.
tells() {
    "$@" >out.txt 2>err.txt
    echo "$?: $(cat err.txt)"
    rm -f out.txt err.txt
}

for m in $methods; do
    echo "--- $m: training"
    refuses segmill train $m no_label.csv -o m
    refuses segmill train $m no_label.csv --label churned -o m
    refuses segmill train $m one_value.csv --label churned -o m
    refuses segmill train $m one_value.csv --label churned --cv 3 -o m
    refuses segmill train $m three_values.csv --label churned -o m
    refuses segmill train $m three_values.csv --label churned --cv 3 -o m
    refuses segmill train $m one_word.csv --label churned -o m
    refuses segmill train $m no_rows.csv --label churned -o m
    refuses segmill train $m one_row.csv --label churned -o m
    refuses segmill train $m one_row.csv --label churned --cv 2 -o m
    refuses segmill train $m t.csv --label churned --drop age,spend,plan -o m
    refuses segmill train $m t.csv --label churned --max-depth 31 -o m
    refuses segmill train $m t.csv --label churned --cv 100 --group plan -o m
    echo "--- $m: odd, but possible"
    tells segmill train $m two_rows.csv --label churned -o m
    tells segmill train $m all_empty.csv --label churned --cv 3 -o m
    tells segmill train $m t.csv --label churned --min-leaf 300 -o m
    segmill score m t.csv -o s.csv >out.txt
    cut -d, -f2 s.csv | sort -u | wc -l
    tells segmill train $m empty_column.csv --label churned --cv 3 -o m
    tells segmill score m t.csv -o s.csv
    quiet segmill train $m t.csv --label churned -o m
    echo "--- $m: scoring"
    rm -f s.csv out.txt
    refuses segmill score m renamed.csv -o s.csv
    refuses segmill score m column_gone.csv -o s.csv
    refuses segmill score m words.csv -o s.csv
    refuses segmill score m numbers.csv -o s.csv
    refuses segmill score m no_rows.csv -o s.csv
    refuses segmill evaluate m no_label.csv
    tells segmill score m new_category.csv -o s.csv
    awk -F, 'NR > 1 && !($2 >= 0 && $2 <= 1) { bad++ } END { print NR - 1 " scores, " bad + 0 " outside 0 .. 1" }' s.csv
    tells segmill score m empty_column.csv -o s.csv
    tells segmill score m one_row.csv -o s.csv
    rm -f m s.csv
done

# Parts of the time, with a gap; the column is not learned from.
awk -F, 'BEGIN { OFS = "," } NR == 1 { print $0, "seen"; next }
         { print $0, sprintf("2024-%02d-%02d", NR * 5 % 12 + 1, NR * 3 % 28 + 1) }' t.csv >dated.csv
for m in $methods; do
    echo "--- $m: forward"
    segmill train $m dated.csv --label churned --time seen --gap 20 -o m | sed -n '/^parts/,/^leaks/p'
    segmill train $m dated.csv --label churned --time age --cv 1 -o m | sed -n '/^parts/,/^leaks/p'
    segmill inspect m | grep '^features'
done
