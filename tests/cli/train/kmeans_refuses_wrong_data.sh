. "$TREE/tests/cli/lib.sh"
customers >c.csv
printf 'x\n1\n2\n3\n' >one.csv
printf 'x,y\n' >header_only.csv
: >empty.csv
printf 'x,y\n1,\n2,\n3,\n' >hollow.csv
printf 'x,y\n1,a\n2,b\n3,c\n' >one_number.csv
printf 'x\na\nb\na\n' >words.csv
printf 'x,y\n1,2\n3,4\n5,6\n' >log.csv
printf 'x\n-1\n-3\n5\n' >negative.csv
echo "--- k"
refuses segmill train kmeans c.csv --id id --k 11 -o m
refuses segmill train kmeans c.csv --k 11 -o m
refuses segmill train kmeans c.csv --k 2..11 -o m
refuses segmill train kmeans c.csv --k 0 -o m
refuses segmill train kmeans c.csv --k 3..2 -o m
refuses segmill train kmeans c.csv --k -1 -o m
refuses segmill train kmeans c.csv --k many -o m
refuses segmill train kmeans c.csv --k 65537 -o m
echo "--- rows and columns"
refuses segmill train kmeans header_only.csv --k 1 -o m
refuses segmill train kmeans empty.csv --k 1 -o m
refuses segmill train kmeans hollow.csv --k 2 --features y -o m
refuses segmill train kmeans words.csv --k 1 -o m
refuses segmill train kmeans negative.csv --k 2 --scale log1p-z -o m
echo "--- features"
refuses segmill train kmeans c.csv --k 2 --features agee -o m
refuses segmill train kmeans c.csv --k 2 --features plan -o m
refuses segmill train kmeans c.csv --k 2 --features age,age -o m
refuses segmill train kmeans c.csv --k 2 --features "" -o m
echo "--- a file of centroids"
printf 'x,y\n1,2\n' >init.csv
printf 'x\n1\n' >init_lacks.csv
printf 'x,y\n1,\n' >init_missing.csv
printf 'x,y\n1,2\n1,2\n3,4\n5,6\n' >init_many.csv
printf 'x,y\n' >init_none.csv
refuses segmill train kmeans log.csv --init nothing.csv -o m
refuses segmill train kmeans log.csv --init init_lacks.csv -o m
refuses segmill train kmeans log.csv --init init_missing.csv -o m
refuses segmill train kmeans log.csv --init init_many.csv -o m
refuses segmill train kmeans log.csv --init init_none.csv -o m
printf 'x,y\n-2,2\n' >init_low.csv
refuses segmill train kmeans log.csv --init init_low.csv --scale log1p-z -o m
printf 'x,y\n1,a\n2,b\n' >init_text.csv
printf 'x,y\n1,2\n3\n' >init_cut.csv
printf 'x,y\n1,nan\n' >init_nan.csv
printf 'x,y\n1,1e39\n' >init_huge.csv
: >init_empty.csv
refuses segmill train kmeans log.csv --init init_text.csv -o m
refuses segmill train kmeans log.csv --init init_cut.csv -o m
refuses segmill train kmeans log.csv --init init_nan.csv -o m
refuses segmill train kmeans log.csv --init init_huge.csv -o m
refuses segmill train kmeans log.csv --init init_empty.csv -o m
refuses segmill train kmeans log.csv --init . -o m
echo "--- values that are none"
/usr/bin/python3 - <<END || exit 77
import h5py, numpy
for name, rows in ("inf", [[1, 2], [3, numpy.inf]]), ("nan", [[1, numpy.nan], [2, numpy.nan]]):
    h5py.File(name + ".h5", "w")["X"] = numpy.array(rows, "f4")
h5py.File("none.h5", "w")["X"] = numpy.zeros((0, 2), "f4")
END
refuses segmill train kmeans inf.h5:/X --k 2 -o m
refuses segmill train kmeans nan.h5:/X --k 2 -o m
refuses segmill train kmeans none.h5:/X --k 2 -o m
