//! What the page may open outside.

use std::{ffi::OsString, path::Path};

use estatus_tray::Places;
use url::Url;

/// What is opened for `url`: a web page, or the folder of the configuration or of the data, whatever of it is named.
pub(crate) fn allowed(url: &str, places: &Places) -> Option<OsString> {
    if let Ok(url) = Url::parse(url)
        && matches!(url.scheme(), "http" | "https")
    {
        return Some(String::from(url).into());
    }
    let path = Url::parse(url).ok().filter(|url| url.scheme() == "file").and_then(|url| url.to_file_path().ok());
    let path = path.as_deref().unwrap_or(Path::new(url));
    let config = places.config.parent()?;
    if path == places.config || path == config {
        Some(config.into())
    } else if path == places.data {
        Some(places.data.clone().into())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use estatus_tray::Where;

    use super::*;

    #[test]
    fn only_web_pages_and_our_own_folders_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let (config, data) = (folder.path().join("own/estatus.toml"), folder.path().join("data"));
        let places = Places::find(Where { config: Some(config.clone()), data: Some(data.clone()) }).unwrap();
        let check = |url: &str, opened: Option<&str>| {
            assert_eq!(allowed(url, &places), opened.map(OsString::from), "{url}");
        };
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let own = path(&folder.path().join("own"));
        check("https://example.org/a?b", Some("https://example.org/a?b"));
        check("http://127.0.0.1:8080", Some("http://127.0.0.1:8080/"));
        check(&path(&config), Some(&own));
        check(&own, Some(&own));
        check(&path(&data), Some(&path(&data)));
        check(Url::from_file_path(&config).unwrap().as_str(), Some(&own));
        check("javascript:alert(1)", None);
        check("file:///etc/passwd", None);
        check("/bin/sh", None);
        check("mailto:a@example.org", None);
        check(&path(&data.join("../own/x.desktop")), None);
        check("", None);
    }
}
