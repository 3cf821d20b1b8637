package main

import (
	"fmt"
	"os"

	"example.com/digest"
	"example.org/distribution/version"
)

func main() {
	if os.Args[1] == "--version" {
		fmt.Println("registry", version.String())
		return
	}
	b, err := os.ReadFile(os.Args[2])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(os.Args[1], digest.Of(b)[:12], os.Getenv("OTEL_TRACES_EXPORTER"))
}
