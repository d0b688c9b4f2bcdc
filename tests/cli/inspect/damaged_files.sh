. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill import c.csv -o c.h5
quiet segmill train kmeans c.h5 --k 2 -o k.model
head -c 600 c.h5 >cut.h5
head -c 8 c.h5 >head.h5
: >empty.h5
head -c 4096 /dev/zero >zeros.h5
head -c 1000 k.model >cut.model
{
refuses segmill inspect cut.h5
refuses segmill inspect head.h5
refuses segmill inspect empty.h5
refuses segmill inspect zeros.h5
refuses segmill inspect cut.model
refuses segmill inspect none.h5
refuses segmill inspect c.h5:/nothing
refuses segmill inspect
refuses segmill inspect c.h5 c.h5
refuses segmill score cut.model c.h5 -o s.h5
refuses segmill verify cut.h5
refuses segmill export cut.model
} | sed "s,stored_eof = [0-9]*,...,"
