package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	for _, e := range os.Environ() {
		if rest := strings.TrimPrefix(e, "GITEA__"); rest != e {
			fmt.Println(strings.ToLower(rest))
		}
	}
}
