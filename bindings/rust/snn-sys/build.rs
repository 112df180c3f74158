//! Finds libsnn: in the folder SNN_LIB_DIR, else in the crate itself, where a release has it for each system, else where pkg-config
//! says, else where the linker looks by itself.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=SNN_LIB_DIR");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    let named = env::var_os("SNN_LIB_DIR").map(PathBuf::from);
    if let Some(folder) = named.or_else(packaged_folder).or_else(pkg_config_folder) {
        println!("cargo:rustc-link-search=native={}", folder.display());
    }
    println!("cargo:rustc-link-lib=dylib=snn");
}

fn packaged_folder() -> Option<PathBuf> {
    let system = format!("{}-{}", env::var("CARGO_CFG_TARGET_OS").ok()?, env::var("CARGO_CFG_TARGET_ARCH").ok()?);
    let folder = Path::new(&env::var_os("CARGO_MANIFEST_DIR")?).join("lib").join(system);
    folder.is_dir().then(|| folder)
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
