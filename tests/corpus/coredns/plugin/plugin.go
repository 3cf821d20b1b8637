package plugin

// Names of the parts that are built in.
func Names() []string { return []string{"cache", "errors", "forward"} }
