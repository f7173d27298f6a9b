//! Puts what Tauri needs to know of the window's pages and capabilities where it finds it, and gives the programs for
//! Windows their icon, version and manifest.

use tauri_build::{Attributes, WindowsAttributes, try_build};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=windows.manifest");
    let windows = WindowsAttributes::new()
        .window_icon_path("../icons/estatus.ico")
        .app_manifest(include_str!("windows.manifest"));
    Ok(try_build(Attributes::new().windows_attributes(windows))?)
}
