fn main() {
    println!("cargo:rustc-env=VW={}", std::env::var("VW_VERSION").unwrap_or("dev".into()));
    println!("cargo:rerun-if-env-changed=VW_VERSION");
}
