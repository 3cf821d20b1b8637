module example.org/gitea

go 1.19
