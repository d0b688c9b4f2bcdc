. "$TREE/tests/cli/lib.sh"
# What programs write, cut to a few lines. Each is read, or one line says what to give; then
# it is given.
bring() {
    echo "--- $*"
    segmill import "$@" -o o.h5 2>err >out || cat err
    sed -n -e '/^columns/,/^notes/p' out | grep '^  ' | grep -v '^  name ' | sed 's/  */ /g'
    sed -n '/^notes/,/^output/p' out | sed -e 1d -e '$d' -e '/rows are taken as/d' -e '/ is the id /d'
    rm -f out err o.h5
}

printf 'Kundennr;Name;Seit;Umsatz\r\n1001;M\374ller;09.12.2011;1.234,56\r\n1002;Wei\337;31.01.2012;99,00\r\n' >excel_de.csv
bring excel_de.csv
bring excel_de.csv --encoding WINDOWS-1252
bring excel_de.csv --encoding CP1252 --decimal , --id Kundennr
printf '\357\273\277Customer ID,Since,Revenue,Share\r\n1001,12/9/2011,"$1,234.56",12 %%\r\n1002,1/31/2012,-$99.00,3%%\r\n' >excel_us.csv
bring excel_us.csv
bring excel_us.csv --signs --thousands ,
printf "Kunde;Umsatz\n1;1'234.50\n2;99.00\n" >excel_ch.csv
bring excel_ch.csv
bring excel_ch.csv --thousands "'"
printf 'id;montant\n1;1\342\200\257234,50 \342\202\254\n2;99,00 \342\202\254\n' >excel_fr.csv
bring excel_fr.csv
bring excel_fr.csv --signs --decimal , --thousands ' '
printf 'Kunde;Datum;Menge;Betrag\n0000100123;20240131;1,000;1.234,56-\n0000100124;20240201;2.000,000;99,00 \n' >sap.csv
bring sap.csv
bring sap.csv --decimal , --signs --types Datum:date --id Kunde
cat >shopify.csv <<END
Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem price,Customer ID
#1001,a@x.com,2024-01-05 12:01:20 +0100,2,Shirt - L,10.00,77001
#1001,a@x.com,2024-01-05 12:01:20 +0100,1,Mug,4.00,77001
#1002,b@x.com,2024-01-06 08:59:00 +0100,2,Mug,4.00,77002
END
bring shopify.csv
bring shopify.csv --customer 'Customer ID' --time 'Created at' --order Name --item 'Lineitem name' \
    --quantity 'Lineitem quantity' --price 'Lineitem price'
printf '# Audience Overview\n# 20240101-20240131\n\nSource,Users,Revenue\ngoogle,"1,234","$5,678.90"\nbing,89,$12.50\n' >analytics.csv
bring analytics.csv
tail -n +3 analytics.csv >names_first.csv
bring names_first.csv
bring names_first.csv --thousands , --signs
printf ',a,b,city\n0,1.5,2,Wien\n1,2.5,3,Bern\n2,,4,Wien\n' >pandas.csv
bring pandas.csv
printf '"","id","amount","city"\n"1","A1",12.5,"Wien"\n"2","A2",NA,"Bern"\n' >r.csv
bring r.csv --drop column_1
printf 'id,name,age,joined\n1,Ann,\\N,2024-01-05 12:00:00+00\n2,\\N,33,\\N\n' >postgresql.csv
bring postgresql.csv
printf 'id\tname\tage\n1\tAnn\tNULL\n2\tBob\t33\n' >mysql.tsv
bring mysql.tsv
printf 'id,Created (UTC),Amount,Customer ID\nch_1,2024-01-05 12:01,"1,024.00",cus_1\nch_2,2024-01-05 13:01,24.50,cus_2\n' >stripe.csv
bring stripe.csv --customer 'Customer ID' --time 'Created (UTC)' --amount Amount
bring stripe.csv --customer 'Customer ID' --time 'Created (UTC)' --amount Amount --thousands ,
printf 'id, age , spend\n1, 33 ,  12.50\n2, 44 ,   9.00 \n' >blanks.csv
bring blanks.csv
printf 'CUSTOMER NO,FIRST NAME,TOTAL SPEND\n0017,ANN,12.5\n0018,BOB,99\n' >capitals.csv
bring capitals.csv --id 'CUSTOMER NO'
printf '\357\273\277id;x\r\n1;2\r\n2;3\r\n' >mark.csv
bring mark.csv
printf 'id,x,\n1,2,\n2,3,\n' >trailing.csv
bring trailing.csv
printf 'id,x,y\n1,2,5,\n2,3,6,\n' >trailing_rows.csv
bring trailing_rows.csv
printf 'id,x,y\n1,2,5\n2,3,6\nTotal: 2\n' >footer.csv
bring footer.csv
bring footer.csv --max-errors 1
printf 'Customers in January\n\nid,x\n1,2\n' >title.csv
bring title.csv
printf 'sep=;\nid;x\n1;2\n' >sep.csv
bring sep.csv
printf '\377\376i\0d\0\t\0n\0\n\0001\0\t\000\374\0\n\0' >utf16.txt
bring utf16.txt
printf 'id,joined\n1,01/02/2024\n2,05/06/2024\n' >either.csv
bring either.csv
bring either.csv --dates d/m/y
printf 'id,joined,left\n1,05-Jan-2024,05.01.24\n2,17-Feb-2024,17.02.24\n' >months.csv
bring months.csv
printf 'id,users\n1,"1,234"\n2,"5,678"\n' >commas.csv
bring commas.csv
bring commas.csv --thousands ,
printf 'customer_id,ts,ms\na,1704456082,1704456082000\nb,1704556082,1704556082000\n' >epoch.csv
bring epoch.csv --types ts:date,ms:date
printf 'id,note\n1,"he said \\"hi\\""\n' >backslashes.csv
bring backslashes.csv
