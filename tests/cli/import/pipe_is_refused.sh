mkfifo orders.csv
segmill import orders.csv -o orders.h5
