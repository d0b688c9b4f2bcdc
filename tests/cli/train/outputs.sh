. "$TREE/tests/cli/lib.sh"
customers >c.csv
cp c.csv start.csv
ln -s c.csv link.csv
echo "--- the standard output is for the result"
refuses segmill train kmeans c.csv --k 2 -o -
refuses segmill train kmeans c.csv --k 2 -o m --scores -
refuses segmill import c.csv -o o.h5 --rejects -
refuses segmill train kmeans c.csv --k 2 -o ""
echo "--- an input is not written over, whatever it is called"
refuses segmill import c.csv -o o.h5 --rejects c.csv --max-errors 3
refuses segmill import c.csv -o o.h5 --rejects link.csv
refuses segmill train kmeans c.csv --init start.csv -o m --scores ./start.csv
cmp c.csv start.csv
echo "--- two outputs are two files"
mkdir d
refuses segmill import c.csv -o o.h5 --rejects ./o.h5
refuses segmill train kmeans c.csv --k 2 -o m --scores d/../m
refuses segmill train kmeans c.csv --k 2 -o d/m --scores ./d/./m
echo "--- what was there stays when the model cannot be written"
echo old >s.csv
refuses segmill train kmeans c.csv --k 2 -o none/m --scores s.csv
cat s.csv
echo "--- the scores of a training are those of score, and name the model"
quiet segmill train kmeans c.csv --k 2 -o m --scores trained.h5
quiet segmill score m c.csv -o scored.h5
cmp trained.h5 scored.h5
quiet segmill lists trained.h5 --target generic -o lists
echo "$(sed -n 2p lists/members.csv | sed 's/.*,//') is $(sha256sum m | cut -c1-12)" |
    awk '{ print $1 == $3 ? "named" : $0 }'
echo "--- every command"
refuses segmill lists trained.h5 --target generic -o -
refuses segmill score m c.csv -o -
refuses segmill report m -o -
refuses segmill export m --to json -o -
