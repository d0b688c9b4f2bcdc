. "$TREE/tests/cli/lib.sh"
customers >c.csv
printf '[job]\nname = a\noutput = runs\n[import c]\ninput = c.csv\n[train r]\nmethod = rules\ndata = @c\n' >a.job
refuses segmill run a.job
refuses segmill run a.job --dry-run
printf '[job]\nname = b\noutput = runs\n[import c]\ninput = c.csv\n[train t]\nmethod = tree\ndata = @c\noffer-cost = 5\n' >b.job
refuses segmill run b.job
segmill doctor --json | grep -c '"schema": 1'
