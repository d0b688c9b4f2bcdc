. "$TREE/tests/cli/lib.sh"
# A pattern that no shell has expanded is; in the order of bytes; in job files too.
mkdir in
printf 'id,x\na,1\nb,2\n' >in/o-2024-02.csv
printf 'id,x\nc,3\n' >in/o-2024-10.csv
printf 'id,x\nd,4\ne,5\n' | gzip >in/o-2024-1.csv.gz
printf 'id,x\nf,6\n' | zstd -q >in/o-2024-2.csv.zst
printf 'id,x\nz,9\n' >'in/o[1].csv'
printf 'id,x\ny,9\n' >in/o1.csv
names() { segmill import "$@" -o o.csv | grep -e '^rows' -e '^files'; tail -n +2 o.csv | tr '\n' ' '; echo; rm o.csv; }
names 'in/o-2024-*'
names 'in/o-2024-0?.csv' 'in/o-2024-[1].csv.gz'
names 'in/o[1].csv'
refuses segmill import 'in/p-*.csv' -o o.h5
refuses segmill import 'in/*.csv' -o in/o1.csv
mkdir in/o-folder.csv
refuses segmill import 'in/o-f*' -o o.h5
mkfifo in/o-pipe.csv
refuses segmill import 'in/o-p*' -o o.h5
refuses segmill import /dev/zero -o o.h5
rmdir in/o-folder.csv
rm in/o-pipe.csv
cat >j.job <<END
[job]
name   = months
output = out
[import all]
input  = in/o-2024-*.csv*
id     = id
[train m]
method = kmeans
data   = @all
k      = 2
END
quiet segmill run j.job
segmill inspect out/current/m.model | grep rows
segmill run j.job | grep before
echo "--- a file more is another run"
printf 'id,x\ng,7\nh,8\n' >in/o-2024-11.csv
quiet segmill run j.job
segmill inspect out/current/m.model | grep rows
sed -i 's/in.o-2024/in\/p-2024/' j.job
refuses segmill run j.job
echo "--- from the command line, starting where it was typed"
mkdir there
cd there
segmill run ../j.job 'all.input=../in/o-2024-0*.csv' --dry-run | grep '^  all'
