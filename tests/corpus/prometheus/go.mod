module example.org/prometheus

go 1.19
