. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill import c.csv -o c.h5
quiet segmill import "$TREE/datasets/orders.csv" -o o.h5
refuses segmill features c.h5 -o f.h5
refuses segmill features o.h5
refuses segmill features none.h5 -o f.h5
refuses segmill features o.h5 --as-of 2024-13-01 -o f.h5
refuses segmill features o.h5 --as-of 1999-01-01 -o f.h5
refuses segmill features o.h5 --as-off 2024-01-01 -o f.h5
