//! Lays the functions out in another order than the linker would choose. Where code lies decides what shares a line or a set of
//! the processor's caches, so a build may be some percent faster than another of the same code. A run shows by how much.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Cargo sets both for every build script.
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    // Where rustc links by its own lld, the order is shuffled, the same way each time; GNU's linker can sort by name.
    let order = if target("OS") != "linux" {
        return;
    } else if target("ARCH") == "x86_64" && target("ENV") == "gnu" {
        "--shuffle-sections=.text*=7"
    } else {
        "--sort-section=name"
    };
    println!("cargo::rustc-link-arg-bins=-Wl,{order}");
}
