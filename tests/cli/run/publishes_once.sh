. "$TREE/tests/cli/lib.sh"
customers >c.csv
cat >j.job <<END
; a comment
[job]
name   = weekly   ; what it is called
output = out
keep   = 2
[import a]
input  = c.csv
id     = id
[train m]
method = kmeans
data   = @a
k      = 2
[score s]
model  = @m
data   = @a
[lists crm]
scores = @s
END
segmill run j.job | sed -e 's/run-[0-9]*-[0-9a-f]*/run-DAY-HASH/' -e 's,/.*/out,OUT,' -e 's/ *[0-9.]*$//'
ls -A out/current/
readlink out/current | sed 's/[0-9a-f]*-[0-9a-f]*$/DAY-HASH/'
quiet segmill verify out
echo "--- the same again is the same run"
segmill run j.job | grep before
ls out | wc -l
echo "--- other data, another run, compared with the one before"
sed -i 's/^a,21,10.5/a,60,90/' c.csv
segmill run j.job | grep before
ls out/current/crm
cat out/current/crm/changed.csv
echo "--- a stage that fails publishes nothing"
sed -i 's/^k .*/k = 99/' j.job
before=$(readlink out/current)
refuses segmill run j.job
[ "$(readlink out/current)" = "$before" ] && echo "current stays"
ls -A out | sed 's/run-.*/run/' | sort | uniq -c
