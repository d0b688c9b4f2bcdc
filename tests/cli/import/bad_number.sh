cp "$TREE/datasets/mangled/bad_number_line_40.csv" people.csv
segmill import people.csv -o people.h5
code=$?
ls
exit $code
