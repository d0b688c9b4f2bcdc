. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill train kmeans c.csv --k 2 -o k.model
quiet segmill train tree c.csv --label churned --drop id -o t.model
quiet segmill import c.csv -o c.h5
quiet segmill import "$TREE/datasets/orders.csv" -o o.h5
printf 'id,spend,plan\na,1,gold\n' >no_age.csv
printf 'id,age,spend,plan\na,old,1,gold\nb,young,2,gold\n' >age_words.csv
printf 'id,age,spend,plan\na,1,1,3\nb,2,2,4\n' >plan_numbers.csv
printf 'id,age,spend,plan\n' >header_only.csv
refuses segmill score k.model no_age.csv -o s.h5
refuses segmill score k.model age_words.csv -o s.h5
refuses segmill score t.model plan_numbers.csv -o s.h5
refuses segmill score k.model header_only.csv -o s.h5
refuses segmill score k.model o.h5 -o s.h5
refuses segmill score c.h5 k.model -o s.h5
refuses segmill score c.csv c.csv -o s.h5
refuses segmill score k.model k.model -o s.h5
refuses segmill score k.model -o s.h5
refuses segmill score k.model c.csv
refuses segmill score none.model c.csv -o s.h5
refuses segmill score k.model none.csv -o s.h5
refuses segmill score k.model c.csv -o none/s.h5
refuses segmill score k.model c.csv -o s.csv.gz
