package version

var version, revision = "unknown", "unknown"

func String() string { return version + " (" + revision + ")" }
