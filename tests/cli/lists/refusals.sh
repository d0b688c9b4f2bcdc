. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill train kmeans c.csv --k 2 -o k.model
quiet segmill import c.csv -o c.h5
quiet segmill score k.model c.h5 -o s.h5
quiet segmill score k.model c.h5 -o s.csv
quiet segmill import c.csv --id "" --drop id -o no_ids.h5
quiet segmill score k.model no_ids.h5 -o s_no_ids.h5
mkdir there
echo kept >file
refuses segmill lists s.h5
refuses segmill lists s.h5 -o there
refuses segmill lists s.h5 -o there/
refuses segmill lists s.h5 -o file
refuses segmill lists s.h5 -o file/lists
refuses segmill lists s.h5 --target hubspt -o new
refuses segmill lists s.h5 --target hubspot,hubspot -o new
refuses segmill lists s.h5 --segment "low spends" -o new
refuses segmill lists c.h5 -o new
refuses segmill lists k.model -o new
refuses segmill lists s.csv -o new
refuses segmill lists s_no_ids.h5 -o new
refuses segmill lists none.h5 -o new
cat file
echo "--- a slash at the end is no other folder"
quiet segmill lists s.h5 -o new/
ls new
echo "--- one segment"
segmill lists s.h5 --segment "high age and high spend" -o some | grep -e members -e high -e low
cut -d, -f1 some/members.csv | tr '\n' ' '
