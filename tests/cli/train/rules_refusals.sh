. "$TREE/tests/cli/lib.sh"
printf '1 2 3\n1 2\n1 3\n2 3\n1 2 3\n' >b.dat
refuses segmill train rules b.dat -o m
refuses segmill train rules b.dat --min-support 0 --min-confidence 0.5 -o m
refuses segmill train rules b.dat --min-support 200% --min-confidence 0.5 -o m
refuses segmill train rules b.dat --min-support often --min-confidence 0.5 -o m
refuses segmill train rules b.dat --min-support 2 --min-confidence 2 -o m
refuses segmill train rules none.dat --min-support 2 --min-confidence 0.5 -o m
customers >c.csv
quiet segmill import c.csv -o c.h5
refuses segmill train rules c.h5 --min-support 2 --min-confidence 0.5 -o m
refuses segmill train rfm c.h5 -o m
segmill train rules b.dat --min-support 2 --min-confidence 0.5 -o m | grep -e itemsets -e rules
echo "--- a cap that is reached is a gate"
refuses segmill train rules b.dat --min-support 1 --min-confidence 0.5 --max-itemsets 3 -o m
quiet segmill train rules b.dat --min-support 1 --min-confidence 0.5 --max-itemsets 3 --allow-partial -o m
