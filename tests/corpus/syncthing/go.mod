module example.org/syncthing

go 1.19
