package main

import "testing"

func TestLine(t *testing.T) {
	if line() != "none none" {
		t.Fatal(line())
	}
}
