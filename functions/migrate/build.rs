//! The migrations are embedded when the crate is compiled: a new file has to compile it again.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
