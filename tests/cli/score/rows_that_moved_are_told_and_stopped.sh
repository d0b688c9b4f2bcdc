# Trained on all customers, scored are those of the new plan: their tenure is another one.
. "$TREE/tests/cli/lib.sh"
{ echo id,tenure,spend,plan,churned
  i=0
  while [ $i -lt 600 ]; do
      tenure=$((i * 7 % 60))
      plan=$([ $tenure -lt 20 ] && echo new || echo old)
      churned=$([ $((i * 11 % 60)) -gt $((tenure + i % 13)) ] && echo yes || echo no)
      echo "$i,$tenure,$((i * 31 % 97)),$plan,$churned"
      i=$((i + 1))
  done
} >all.csv
awk -F, 'NR == 1 || $4 == "new"' all.csv >new.csv
quiet segmill train tree all.csv --label churned --min-leaf 5 -o t.model
echo "-- the rows it was trained on"
segmill score t.model all.csv -o s.csv --fail-psi 0.1 && rm s.csv
echo "-- others are scored, with a warning"
segmill score t.model new.csv -o s.csv 2>&1 && rm s.csv
echo "-- or not"
refuses segmill score t.model new.csv -o s.csv --fail-psi 0.25
cat >nightly.job <<END
[job]
name = nightly
output = runs
[score who]
model = $PWD/t.model
data = $PWD/new.csv
fail-psi = 0.25
END
echo "-- nor is a run published"
segmill run nightly.job 2>&1
echo "exit $?"
ls runs 2>/dev/null
