. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill train kmeans c.csv --k 2 -o k.model
quiet segmill import c.csv -o c.h5
quiet segmill score k.model c.h5 -o s.h5
printf 'id\n b \r\nj\nnobody\n' >header.csv
printf '\357\273\277a,because\n"c",\n' >bare.csv
segmill lists s.h5 --suppress header.csv -o one | grep -e members -e suppressed
cut -d, -f1 one/members.csv | tr '\n' ' '; echo
segmill lists s.h5 --suppress bare.csv -o two | grep -e members -e suppressed
cut -d, -f1 two/members.csv | tr '\n' ' '; echo
: >empty.csv
echo id >only_header.csv
printf '\n\n' >blank.csv
printf 'a;b\n' >semicolon.csv
printf 'a\tb\n' >tab.csv
printf 'a\n"b\n' >quote.csv
printf 'a\n\377\n' >latin.csv
printf 'a\000\n' >nul.csv
mkdir folder
for bad in none.csv empty.csv only_header.csv blank.csv semicolon.csv tab.csv quote.csv latin.csv \
           nul.csv folder; do
    refuses segmill lists s.h5 --suppress $bad -o new
done
echo "--- nobody of the list is there: told"
echo K1 >strangers.csv
segmill lists s.h5 --suppress strangers.csv -o three 2>&1 | grep -e suppressed -e warning
