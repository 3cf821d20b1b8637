pub fn name() -> &'static str {
    std::env::consts::OS
}
