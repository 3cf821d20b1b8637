package v1

// Kind of what is reconciled.
const Kind = "Pitcher"
