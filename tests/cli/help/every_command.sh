for command in import inspect features train score evaluate export import-model lists run verify doctor; do
    segmill $command --help >long || echo "$command --help failed"
    segmill help $command >again
    cmp long again
    head -1 long
    awk 'length > 100 { print "TOO WIDE:", FILENAME, $0 }' long
done
for topic in exit-codes job formats targets methods kmeans tree rules rfm; do
    segmill help $topic >text && [ -s text ] || echo "$topic: no help"
done
segmill help formats >text
[ "$(wc -l <text)" -le 60 ] || echo "formats: longer than a page"
awk 'length > 96 { print "TOO WIDE:", $0 }' text
# The page names options that there are, and all formats of dates.
segmill help import >options
for option in $(grep -o -e '--[a-z-]*' text | sort -u); do
    grep -q -e "$option" options || [ "$option" = --schema ] || echo "no such option: $option"
done
for format in iso d/m/y m/d/y compact epoch epoch-ms; do
    grep -q -e "$format" text || echo "not told: $format"
    printf 'id,x\n1,2\n' >c.csv
    segmill import c.csv --dates $format -o c.h5 >/dev/null || echo "not taken: $format"
done
segmill help | sed -n 1,3p
segmill --version | sed 's/[0-9].*/N/'
