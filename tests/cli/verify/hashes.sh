. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill import c.csv -o c.h5
quiet segmill train kmeans c.h5 --k 2 -o k.model
quiet segmill score k.model c.h5 -o s.h5
quiet segmill lists s.h5 -o lists
for file in c.h5 k.model s.h5 lists; do segmill verify $file | grep -e kind -e verified; done
# One byte of the values of X
/usr/bin/python3 - <<END
import h5py
with h5py.File("c.h5", "r+") as f:
    x = f["X"]
    x[3, 0] = x[3, 0] + 1
END
refuses segmill verify c.h5
echo x >>lists/members.csv
refuses segmill verify lists
rm lists/members.csv
refuses segmill verify lists
mkdir bare
refuses segmill verify bare
refuses segmill verify none
refuses segmill verify c.csv
