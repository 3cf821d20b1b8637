// Package digest stands for a module that is vendored.
package digest

import (
	"crypto/sha256"
	"fmt"
)

func Of(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }
