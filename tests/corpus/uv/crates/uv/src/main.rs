fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    println!("{} {} [{}] on {}", "uv", env!("CARGO_PKG_VERSION"), words.join(" "), platform::name());
}
