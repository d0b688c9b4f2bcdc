cp "$TREE/datasets/mangled/bad_number_line_40.csv" people.csv
segmill import people.csv -o people.h5 --max-errors 1 --rejects bad.csv --quiet >report || exit
grep -E '^(rows|rejected)' report
cat bad.csv
