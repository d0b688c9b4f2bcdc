. "$TREE/tests/cli/lib.sh"
awk 'BEGIN { for (j = 0; j < 200; j++) printf "%sx%d", j ? "," : "", j; print ""
             for (i = 0; i < 300; i++) { for (j = 0; j < 200; j++) printf "%s%d", j ? "," : "", (i * j) % 17; print "" } }' >c.csv
quiet segmill import c.csv -o c.h5
refuses segmill train kmeans c.h5 --k 200 --memory 1M -o m | sed 's/[0-9.]* [kMG]*B/SIZE/g'
quiet segmill train kmeans c.h5 --k 20 --memory 64M -o m
