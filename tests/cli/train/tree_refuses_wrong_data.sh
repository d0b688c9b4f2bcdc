. "$TREE/tests/cli/lib.sh"
customers >c.csv
printf 'x,y\n1,yes\n2,yes\n3,yes\n' >constant.csv
printf 'x,y\n1,a\n2,b\n3,c\n4,a\n' >three.csv
printf 'x,y\n1,\n2,\n3,\n' >hollow.csv
printf 'y\nyes\nno\n' >label_only.csv
refuses segmill train tree c.csv -o m
refuses segmill train tree c.csv --label churnd -o m
refuses segmill train tree constant.csv --label y -o m
refuses segmill train tree three.csv --label y -o m
refuses segmill train tree hollow.csv --label y -o m
refuses segmill train tree label_only.csv --label y -o m
refuses segmill train tree c.csv --label churned --positive perhaps -o m
refuses segmill train tree c.csv --label churned --drop agee -o m
refuses segmill train tree c.csv --label age -o m
echo "--- folds"
refuses segmill train tree c.csv --label churned --cv 1 -o m
refuses segmill train tree c.csv --label churned --cv 11 -o m
refuses segmill train tree c.csv --label churned --cv 101 -o m
printf '0\n1\n0\n' >short.txt
printf '0\nx\n' >word.txt
printf '0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n' >one.txt
printf '0\n2\n0\n2\n0\n2\n0\n2\n0\n2\n' >gap.txt
printf '0\n1\n0\n1\n0\n0\n0\n1\n0\n1\n' >lopsided.txt
printf '0\n1\n0\n1\n0\n1\n0\n1\n0\n1\n' | gzip >cut.gz
truncate -s -6 cut.gz
refuses segmill train tree c.csv --label churned --folds short.txt -o m
refuses segmill train tree c.csv --label churned --folds word.txt -o m
refuses segmill train tree c.csv --label churned --folds one.txt -o m
refuses segmill train tree c.csv --label churned --folds gap.txt -o m
refuses segmill train tree c.csv --label churned --folds cut.gz -o m
refuses segmill train tree c.csv --label churned --folds lopsided.txt -o m
refuses segmill train tree c.csv --label churned --folds none.txt -o m
refuses segmill train tree c.csv --label churned --folds short.txt --cv 5 -o m
echo "--- groups and time"
refuses segmill train tree c.csv --label churned --group plam -o m
refuses segmill train tree c.csv --label churned --group churned -o m
refuses segmill train tree c.csv --label churned --group plan -o m
refuses segmill train tree c.csv --label churned --group plan --time age -o m
refuses segmill train tree c.csv --label churned --group plan --cv 2 --folds short.txt -o m
refuses segmill train tree c.csv --label churned --time plan -o m
refuses segmill train tree c.csv --label churned --time id -o m
refuses segmill train tree c.csv --label churned --time age --gap 10 -o m
refuses segmill train tree c.csv --label churned --time age --cv 10 -o m
refuses segmill train tree c.csv --label churned --gap 10 -o m
