package main

import (
	"fmt"
	"os"
)

var user = ""

func main() {
	fmt.Println(os.Getenv("PUID"), os.Getenv("STHOMEDIR"), os.Getenv("STGUIADDRESS"), "by", user, os.Args[1:])
}
