pub fn hidden(word: &str) -> String {
    "*".repeat(word.len())
}
