. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill train kmeans c.csv --k 2 -o k.model
quiet segmill import c.csv -o c.h5
quiet segmill score k.model c.h5 -o s.h5
quiet segmill lists s.h5 -o before
# a left; b moved over; k is new
customers | sed -e '/^a,/d' -e 's/^b,.*/b,64,95,gold,no/' -e '$a k,20,10,gold,no' >c2.csv
quiet segmill import c2.csv -o c2.h5
quiet segmill score k.model c2.h5 -o s2.h5
segmill lists s2.h5 --previous before -o after | grep -e joined -e left -e changed -e members
for part in joined left changed; do echo "--- $part"; cat after/$part.csv; done
echo "--- the same again"
segmill lists s2.h5 --previous after -o again | grep -e joined -e left -e changed
refuses segmill lists s2.h5 --previous nothing -o new
mkdir other && printf 'customer,segment_name\n' >other/members.csv
refuses segmill lists s2.h5 --previous other -o new
