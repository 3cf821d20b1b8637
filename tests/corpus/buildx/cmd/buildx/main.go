package main

import "fmt"

var version, pkg = "none", "none"

func line() string { return pkg + " " + version }

func main() { fmt.Println(line()) }
