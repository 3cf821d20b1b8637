package main

import (
	"embed"
	"fmt"
	"os"
)

//go:embed public/assets
var assets embed.FS

var version = "dev"

func main() {
	files, _ := assets.ReadDir("public/assets")
	fmt.Printf("gitea %s %s uid=%d custom=%s", version, os.Args[1], os.Getuid(), os.Getenv("GITEA_CUSTOM"))
	for _, f := range files {
		fmt.Print(" ", f.Name())
	}
	fmt.Println()
}
