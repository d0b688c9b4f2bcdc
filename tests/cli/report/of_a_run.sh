# The page that the job wrote, made again from the published run: the same bytes.
segmill run "$TREE/models/shop.job" job.output="$PWD/out" --quiet >job.txt || exit 1
segmill report out -o page.html >first.txt && grep sections first.txt
cmp page.html out/current/page.html && echo same
segmill report out/current -o again.html --threads 1 --memory 64M >again.txt
cmp page.html again.html && echo same
! grep -e 'http' -e 'K0000' -e '@shop.example' page.html
