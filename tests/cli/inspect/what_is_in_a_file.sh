. "$TREE/tests/cli/lib.sh"
customers | sed 's/age/a.g.e/' >c.csv
quiet segmill import c.csv --label churned -o c.h5
segmill inspect c.h5
segmill inspect c.csv | sed -n 1,2p
quiet segmill train kmeans c.h5 --k 2 -o k.model
segmill inspect k.model | grep -v sha256 | timeless
segmill inspect k.model --json | /usr/bin/python3 -c '
import json, sys
print(sorted(json.load(sys.stdin)))'
