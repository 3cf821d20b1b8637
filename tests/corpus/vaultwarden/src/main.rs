fn main() {
    let features: Vec<&str> = [("sqlite", cfg!(feature = "sqlite")), ("mysql", cfg!(feature = "mysql")),
        ("postgresql", cfg!(feature = "postgresql"))].iter().filter(|f| f.1).map(|f| f.0).collect();
    let page = std::fs::read_to_string("web-vault/index.html").unwrap();
    println!("{} {} {} port {} {}", env!("VW"), features.join("+"), pass::hidden("abc"), std::env::var("ROCKET_PORT").unwrap(), page);
}
