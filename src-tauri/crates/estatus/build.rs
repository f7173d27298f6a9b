//! Gives the program for Windows its icon, its version and its manifest.

use std::{env, io};

use winresource::WindowsResource;

/// What lies beside the program and in its file.
const ICON: &str = "../../../icons/estatus.ico";
const MANIFEST: &str = "windows.manifest";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={ICON}");
    println!("cargo::rerun-if-changed={MANIFEST}");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("windows") {
        return Ok(());
    }
    WindowsResource::new()
        .set("ProductName", "Estatus")
        .set("FileDescription", "Estatus: monitors what you run and keeps it running")
        .set("CompanyName", "Estatus")
        .set("OriginalFilename", "estatus.exe")
        .set_icon(ICON)
        .set_manifest_file(MANIFEST)
        .compile_for("estatus")
}
