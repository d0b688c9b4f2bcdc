printf 'id,a.b,c\n1,2,3\n2,3,4\n3,9,9\n4,1,8\n' >dots.csv
segmill train kmeans dots.csv --k 2 --scale none -o dots.model --quiet >train.txt || exit 1
segmill export dots.model --to csv
