. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill train kmeans c.csv --k 2 -o k.model
quiet segmill train tree c.csv --label churned --drop id -o t.model
segmill export k.model --to csv
segmill export k.model --to text | timeless
segmill export k.model --to json | /usr/bin/python3 -c '
import json, sys
m = json.load(sys.stdin)
print(m["k"], [s["rows"] for s in m["segments"]])'
segmill export t.model --to csv -o t.csv
head -2 t.csv
refuses segmill export k.model --to pmml
refuses segmill export k.model --to csv -o none/k.csv
refuses segmill export c.csv
