package main

import (
	"fmt"
	"os"
	"runtime"

	"example.org/operator/internal/controller"
)

func main() {
	fmt.Println(controller.Reconcile(os.Args[1]), runtime.GOOS, runtime.GOARCH, os.Getuid(), os.Getgid())
}
