# Everything on 20,000 customers with 24 MB, in 150 MB of address space: it works. With far
# too little: exit 75 and one line that names --memory.
# The address sanitizer alone wants terabytes of address space.
case $BUILD in *asan*|*tsan*) exit 77 ;; esac
ulimit -v 150000
"$BUILD/make-data" --customers 20000 -o . >/dev/null 2>&1 || exit 1

all() {
    for words in \
        "import customers.csv --label churned -o c.h5" \
        "import orders.csv -o o.h5" \
        "inspect customers.csv" \
        "inspect o.h5" \
        "features o.h5 -o f.h5" \
        "train kmeans c.h5 --k 4 --max-iter 20 -o k.model" \
        "train kmeans customers.csv --k 4 --max-iter 5 -o k2.model" \
        "train tree c.h5 --label churned -o t.model" \
        "train rules o.h5 --min-support 1% --min-confidence 20% -o r.model" \
        "train rfm o.h5 -o m.model" \
        "score k.model c.h5 -o s.h5" \
        "score r.model o.h5 -o offers.csv" \
        "score m.model o.h5 -o cells.h5" \
        "lists cells.h5 --target generic -o $1"
    do
        timeout 120 segmill $words --memory "$1" --quiet >/dev/null 2>err
        echo "${words%% -*}: exit $?"
        cat err
    done
}
all 24M
segmill import customers.csv --label churned -o no.h5 --memory 1M --quiet 2>err
echo "exit $?: $(wc -l <err) line, $(grep -o "give more with --memory" err)"
[ ! -e no.h5 ] && echo "nothing is left"
