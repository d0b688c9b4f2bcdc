for command in import inspect features train score evaluate export lists run verify doctor; do
    segmill $command --help >long || echo "$command --help failed"
    segmill help $command >again
    cmp long again
    head -1 long
    awk 'length > 100 { print "TOO WIDE:", FILENAME, $0 }' long
done
for topic in exit-codes job formats targets methods kmeans tree rules rfm; do
    segmill help $topic >text && [ -s text ] || echo "$topic: no help"
done
segmill help | sed -n 1,3p
segmill --version | sed 's/[0-9].*/N/'
