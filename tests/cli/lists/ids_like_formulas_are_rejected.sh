. "$TREE/tests/cli/lib.sh"
printf 'id,x\n=1+1,1\n+49170,2\n-7,3\n@home,4\n"a,b",5\n"say ""hi""",6\n-x,7\n\357\274\235cmd,8\n' >c.csv
quiet segmill import c.csv --id id -o c.h5
quiet segmill train kmeans c.h5 --k 2 -o k.model
quiet segmill score k.model c.h5 -o s.h5
segmill lists s.h5 -o lists | grep -e members -e rejected
cut -c1-12 lists/members.csv
cat lists/rejected.csv
