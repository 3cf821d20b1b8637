package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 4 || os.Args[1] != "check" || os.Args[2] != "config" {
		fmt.Println("usage: promtool check config FILE")
		os.Exit(2)
	}
	fmt.Println("SUCCESS:", os.Args[3])
}
