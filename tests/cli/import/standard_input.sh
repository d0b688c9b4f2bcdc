printf 'id;x;k\na;1,5;"p;q"\nb;;r\n' | gzip | segmill import - --decimal , -o clean.csv --quiet >report || exit
cat clean.csv
