. "$TREE/tests/cli/lib.sh"
customers >c.csv
printf '[job]\noutput = out\n[import a]\ninput = c.csv\n[train m]\nmethod = kmeans\ndata = @a\nk = 2\n' >j.job
quiet segmill run j.job
flock out/.lock sh -c '
    . "$TREE/tests/cli/lib.sh"
    refuses segmill run j.job
    refuses segmill run j.job --lock-wait 0.2' | sed 's,/tmp[^:]*/out,OUT,'
quiet segmill run j.job
