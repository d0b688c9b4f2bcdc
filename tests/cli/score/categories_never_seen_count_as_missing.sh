. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill train tree c.csv --label churned -o t.model
printf 'id,age,spend,plan\na,21,10,platinum\nb,21,10,\nc,21,10,platinum\n' >new.csv
segmill score t.model new.csv -o s.csv
cut -d, -f1,2 s.csv | sed -n '2,4s/.*,//p' | uniq | wc -l
