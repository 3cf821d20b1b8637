package main

import (
	"fmt"
	"net"
	"os"
	"strings"

	"example.org/coredns/plugin"
)

// Binds a port below 1024, which a user without capabilities may not.
func main() {
	l, err := net.ListenPacket("udp", "127.0.0.1:53")
	if err != nil {
		fmt.Println("cannot bind:", err)
		os.Exit(1)
	}
	defer l.Close()
	fmt.Printf("uid %d answers %s on %s\n", os.Getuid(), strings.Join(plugin.Names(), ","), l.LocalAddr())
}
