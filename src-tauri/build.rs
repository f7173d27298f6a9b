//! Puts what Tauri needs to know of the window's pages and capabilities where it finds it.

use tauri_build::{Attributes, WindowsAttributes, try_build};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let windows = WindowsAttributes::new().window_icon_path("../icons/estatus.ico");
    Ok(try_build(Attributes::new().windows_attributes(windows))?)
}
