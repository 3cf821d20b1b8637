module example.org/coredns

go 1.19
