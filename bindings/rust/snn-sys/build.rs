//! Finds libsnn: in the folder SNN_LIB_DIR, else in the crate itself, where a release has it for each system, else where pkg-config
//! says, else where the linker looks by itself.
//!
//! The library is copied into the build's own folder: `cargo run` and `cargo test` tell the system to look for libraries where build
//! scripts say, but only inside the folder `target`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=SNN_LIB_DIR");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    let named = env::var_os("SNN_LIB_DIR").map(PathBuf::from);
    if let Some(folder) = named.or_else(packaged_folder).or_else(pkg_config_folder) {
        println!("cargo:rustc-link-search=native={}", folder.display());
        if let Some(copies) = copy_of_library(&folder) {
            println!("cargo:rustc-link-search=native={}", copies.display());
        }
    }
    println!("cargo:rustc-link-lib=dylib=snn");
}

fn packaged_folder() -> Option<PathBuf> {
    let system = format!("{}-{}", env::var("CARGO_CFG_TARGET_OS").ok()?, env::var("CARGO_CFG_TARGET_ARCH").ok()?);
    let folder = Path::new(&env::var_os("CARGO_MANIFEST_DIR")?).join("lib").join(system);
    folder.is_dir().then(|| folder)
}

/// The folder with a copy of what programs load; none where only what is linked lies in `folder`.
fn copy_of_library(folder: &Path) -> Option<PathBuf> {
    let copies = PathBuf::from(env::var_os("OUT_DIR")?);
    let names = ["libsnn.so", "libsnn.dylib", "libsnn.dll"];
    let file = names.iter().map(|name| folder.join(name)).find(|file| file.is_file())?;
    let copy = copies.join(file.file_name()?);
    println!("cargo:rerun-if-changed={}", file.display());
    let _ = fs::remove_file(&copy); // rather than written over: a program that runs keeps the one that it has loaded
    if let Err(error) = fs::copy(&file, &copy) {
        panic!("cannot copy {} to {}: {error}", file.display(), copy.display());
    }
    Some(copies)
}

/// Without the crate pkg-config: one question needs no dependency.
fn pkg_config_folder() -> Option<PathBuf> {
    let answer = Command::new("pkg-config")
        .args(["--variable=libdir", "snn"])
        .output()
        .ok()?;
    let folder = String::from_utf8(answer.stdout).ok()?.trim().to_owned();
    (answer.status.success() && !folder.is_empty()).then(|| folder.into())
}
