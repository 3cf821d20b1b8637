package controller

import v1 "example.org/operator/api/v1"

// Reconcile says what it did.
func Reconcile(name string) string { return v1.Kind + " " + name + " reconciled" }
