segmill report .
