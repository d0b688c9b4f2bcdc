. "$TREE/tests/cli/lib.sh"
awk 'BEGIN { print "id,x,email,churned"
    for (i = 0; i < 400; i++)
        print "c" i "," i * 7 % 13 ",p" i % 40 "@mail.example," (i % 40 < 15 ? "yes" : "no") }' >c.csv
segmill import c.csv --id id --label churned -o c.h5 | grep email
quiet segmill train tree c.h5 -o m --scores s.h5
quiet segmill lists s.h5 --target generic -o lists
quiet segmill report m s.h5 -o r.html
grep -rl mail.example m s.h5 lists r.html
echo "--- unless it is asked for"
segmill import c.csv --id id --label churned --types email:category -o c.h5 | grep email
