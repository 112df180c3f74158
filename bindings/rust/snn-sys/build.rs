//! Finds libsnn: in the folder SNN_LIB_DIR, else where pkg-config says, else where the linker looks by itself.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=SNN_LIB_DIR");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    if let Ok(folder) = env::var("SNN_LIB_DIR") {
        println!("cargo:rustc-link-search=native={folder}");
    } else if let Some(folder) = pkg_config_folder() {
        println!("cargo:rustc-link-search=native={folder}");
    }
    println!("cargo:rustc-link-lib=dylib=snn");
}

/// Without the crate pkg-config: one question needs no dependency.
fn pkg_config_folder() -> Option<String> {
    let answer = Command::new("pkg-config")
        .args(["--variable=libdir", "snn"])
        .output()
        .ok()?;
    let folder = String::from_utf8(answer.stdout).ok()?.trim().to_owned();
    (answer.status.success() && !folder.is_empty()).then(|| folder)
}
