segmill help >/dev/full
