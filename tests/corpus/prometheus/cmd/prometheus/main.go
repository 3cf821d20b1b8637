package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	config := flag.String("config.file", "none", "")
	storage := flag.String("storage.tsdb.path", "none", "")
	flag.Parse()
	text, err := os.ReadFile(*config)
	if err == nil {
		err = os.WriteFile(filepath.Join(*storage, "wal"), []byte("head"), 0o600)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Printf("%d bytes of %s, data in %s\n", len(text), *config, *storage)
}
