. "$TREE/tests/cli/lib.sh"
# try LINE...: a job of these lines.
try() {
    printf '%s\n' "$@" >j.job
    refuses segmill run j.job
}
begin='[job]
output = out'
refuses segmill run none.job
refuses segmill run
: >j.job
refuses segmill run j.job
printf '[job]\000\n' >j.job
refuses segmill run j.job
echo "--- lines"
try 'k = 3' '[job]'
try "$begin" 'words'
try "$begin" '[import'
try "$begin" '[]'
try "$begin" '[impot a]' 'input = c.csv'
try "$begin" '[inspect a]' 'input = c.csv'
try "$begin" '[import a b]' 'input = c.csv'
try "$begin" '[import job]' 'input = c.csv'
try "$begin" '[import a]' 'input = c.csv' '[features a]' 'data = @a'
try "$begin" 'outputs = x'
try "$begin" 'output = x'
try "$begin" 'keep = few' '[import a]' 'input = c.csv'
try "$begin" '[import a]' 'input = c.csv' 'input = d.csv'
try "$begin" '[import a]' ' input = c.csv' ' id = id'
echo "--- stages"
try '[job]' 'name = x' '[import a]' 'input = c.csv'
try "$begin"
try "$begin" '[import a]'
try "$begin" '[import a]' 'input = c.csv' 'ouput = x'
try "$begin" '[import a]' 'input = c.csv' 'output = x'
try "$begin" '[import a]' 'input = c.csv' 'labl = x'
try "$begin" '[import a]' 'input = c.csv' '[train m]' 'data = @a'
try "$begin" '[import a]' 'input = c.csv' '[train m]' 'method = kmean' 'data = @a'
try "$begin" '[import a]' 'input = c.csv' '[train m]' 'method = kmeans' 'data = @b'
try "$begin" '[train m]' 'method = kmeans' 'data = @a' '[import a]' 'input = c.csv'
echo "--- values, before the first stage runs"
try "$begin" '[import a]' 'input = c.csv' '' '[train m]' 'method = kmeans' 'data = @a' 'max-iter = x'
try "$begin" '[import a]' 'input = c.csv' '[train m]' 'method = kmeans' 'data = @a' 'tol = 2'
try "$begin" '[import a]' 'input = c.csv' '[train m]' 'method = kmeans' 'data = @a' 'scale = big'
echo "--- keys from the command line"
customers >c.csv
printf '%s\n' "$begin" '[import a]' 'input = none.csv' '[train m]' 'method = kmeans' 'data = @a' 'k = 2' >j.job
refuses segmill run j.job b.input=c.csv
refuses segmill run j.job a.inptu=c.csv
refuses segmill run j.job input=c.csv
refuses segmill run j.job m.max-iter=x
refuses segmill run j.job --only x
segmill run j.job a.input=c.csv --dry-run | grep -v output
