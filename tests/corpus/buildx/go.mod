module example.org/buildx

go 1.19
