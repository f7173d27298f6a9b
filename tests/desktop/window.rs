//! The window, steered as a person would by WebKit's driver.

use std::{fs, iter, path::Path};

use estatus_tests::{BOUND, Estatus, built, eventually, free_port};
use fantoccini::{
    Client, ClientBuilder, Locator,
    error::{CmdError, ErrorStatus},
    key::Key,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::NamedTempFile;

use crate::session::{Ended, Session};

/// A window of its own, attached to the engine that runs.
pub(crate) struct Window {
    client: Client,
    _driver: Ended,
    said: NamedTempFile,
}

impl Drop for Window {
    /// A test that fails shows what the driver and the window have said.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the driver: {}", fs::read_to_string(self.said.path()).unwrap_or_default());
        }
    }
}

impl Window {
    /// Opens it on `page`.
    pub(crate) async fn open(session: &Session, estatus: &Estatus, page: &str) -> Self {
        let (port, said) = (free_port(), NamedTempFile::new().unwrap());
        let driver = session
            .command("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdout(said.reopen().unwrap())
            .stderr(said.reopen().unwrap())
            .spawn();
        let driver = Ended(driver.expect("cargo xtask test installs WebKit's driver"));
        eventually("the driver listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        let arguments = [estatus.places().as_slice(), &["--page", page]].concat();
        let options = json!({ "binary": built("estatus-window"), "args": arguments });
        let capabilities = json!({ "webkitgtk:browserOptions": options }).as_object().unwrap().clone();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("the window opens");
        Self { client, _driver: driver, said }
    }

    /// Waits until a text can be read.
    pub(crate) async fn reads(&self, text: &str) {
        let begun = std::time::Instant::now();
        while !self.text().await.contains(text) {
            assert!(begun.elapsed() < BOUND, "“{text}” is not in {}", self.text().await);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Waits until a text can be read no longer.
    pub(crate) async fn lacks(&self, text: &str) {
        let begun = std::time::Instant::now();
        while self.text().await.contains(text) {
            assert!(begun.elapsed() < BOUND, "“{text}” is in {}", self.text().await);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// All that can be read.
    pub(crate) async fn text(&self) -> String {
        let read = self.client.execute("return document.body.innerText", Vec::new()).await;
        read.map_or_else(|error| error.to_string(), |text| text.as_str().unwrap_or_default().to_owned())
    }

    /// Presses a button by what it is called.
    pub(crate) async fn press(&self, name: &str) {
        self.press_in("", name).await;
    }

    /// Presses the button of the line in which this stands.
    pub(crate) async fn press_beside(&self, text: &str, name: &str) {
        self.press_in(&format!("//li[contains(normalize-space(), '{text}')]"), name).await;
    }

    /// Presses a button of the question that is asked.
    pub(crate) async fn confirm(&self, name: &str) {
        self.press_in("//dialog[@open]", name).await;
    }

    /// Ticks the box of this label, or no longer.
    pub(crate) async fn tick(&self, label: &str) {
        self.click(&format!("//label[contains(normalize-space(), '{label}')]//input"), label).await;
    }

    /// Chooses what is called so from the list of this label.
    pub(crate) async fn select(&self, label: &str, option: &str) {
        let option = format!("//option[normalize-space()='{option}']");
        self.click(&format!("//label[contains(normalize-space(), '{label}')]{option}"), label).await;
    }

    /// Goes to one of the places that are always at hand.
    pub(crate) async fn visit(&self, place: &str) {
        self.click(&format!("//nav//a[@title='{place}']"), place).await;
    }

    /// Follows the first link on the page that says this.
    pub(crate) async fn follow(&self, text: &str) {
        self.click(&format!("//main//a[contains(normalize-space(), '{text}')]"), text).await;
    }

    /// Unfolds what is called so.
    pub(crate) async fn unfold(&self, name: &str) {
        self.click(&format!("//button[@aria-expanded='false'][contains(normalize-space(), '{name}')]"), name).await;
    }

    /// Chooses from the menu that is open.
    pub(crate) async fn choose(&self, choice: &str) {
        self.click(&format!("//*[@role='menuitem'][normalize-space()='{choice}']"), choice).await;
    }

    async fn press_in(&self, place: &str, name: &str) {
        let button = format!("{place}//*[self::button or self::a][normalize-space()='{name}' or @aria-label='{name}']");
        self.click(&button, name).await;
    }

    async fn click(&self, path: &str, name: &str) {
        let found = self.client.wait().at_most(BOUND).for_element(Locator::XPath(path)).await;
        let Ok(found) = found else { panic!("“{name}” is not in {}", self.text().await) };
        let begun = std::time::Instant::now();
        // What stands in a list that draws only what is seen cannot be clicked before it is drawn, and what is told of the last
        // deed may lie over it for a while.
        while let Err(error) = found.click().await {
            let lies_below =
                matches!(&error, CmdError::Standard(why) if why.error == ErrorStatus::ElementClickIntercepted);
            let passes = error.is_element_not_interactable() || lies_below;
            assert!(passes && begun.elapsed() < BOUND, "{name}: {error:?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Chooses a file where one is asked for.
    pub(crate) async fn choose_file(&self, file: &Path) {
        let found = self.client.wait().at_most(BOUND).for_element(Locator::Css("input[type=file]")).await.unwrap();
        found.send_keys(file.to_str().unwrap()).await.unwrap();
    }

    /// Writes into the field that has this label.
    pub(crate) async fn write(&self, label: &str, text: &str) {
        let field = format!(
            "//*[(self::input or self::textarea) and @id=//label[starts-with(normalize-space(), '{label}')]/@for]"
        );
        let found = self.client.wait().at_most(BOUND).for_element(Locator::XPath(&field)).await;
        let Ok(found) = found else { panic!("“{label}” is not in {}", self.text().await) };
        found.clear().await.unwrap();
        // The driver takes nothing for a mistake.
        if !text.is_empty() {
            found.send_keys(text).await.unwrap();
        }
    }

    /// Waits until in the field that has this label stands this.
    pub(crate) async fn holds(&self, label: &str, text: &str) {
        let script = "const named = [...document.querySelectorAll('label')].find((it) => it.innerText.trim().startsWith(arguments[0]));\
            return (named && document.getElementById(named.htmlFor)?.value) ?? null";
        let begun = std::time::Instant::now();
        loop {
            let held = self.client.execute(script, vec![json!(label)]).await;
            if held.as_ref().is_ok_and(|held| held == text) {
                return;
            }
            assert!(begun.elapsed() < BOUND, "“{label}” holds {held:?} and not “{text}”");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Moves the slider of this name to so many per cent, by the keys.
    pub(crate) async fn slide(&self, name: &str, percent: usize) {
        let slider = format!("//input[@type='range'][@aria-label='{name}']");
        let found = self.client.wait().at_most(BOUND).for_element(Locator::XPath(&slider)).await;
        let Ok(found) = found else { panic!("“{name}” is not in {}", self.text().await) };
        // From the nearer end: on its way it is heard, too.
        let (end, step, steps) =
            if percent < 50 { (Key::Home, Key::Right, percent) } else { (Key::End, Key::Left, 100 - percent) };
        let keys: String = iter::once(end).chain(iter::repeat_n(step, steps)).map(char::from).collect();
        found.send_keys(&keys).await.unwrap();
    }

    /// Waits until there is what an XPath describes.
    pub(crate) async fn awaits(&self, path: &str) {
        let found = self.client.wait().at_most(BOUND).for_element(Locator::XPath(path)).await;
        assert!(found.is_ok(), "{path} is not in {}", self.text().await);
    }

    /// Goes to a page.
    pub(crate) async fn go(&self, page: &str) {
        let script = "location.hash = arguments[0]";
        self.client.execute(script, vec![json!(page)]).await.unwrap();
    }

    /// Keeps a picture of it.
    pub(crate) async fn picture(&self, file: &Path) {
        // What was changed last is on the screen two frames later.
        let drawn = "requestAnimationFrame(() => requestAnimationFrame(() => arguments[0]()))";
        self.client.execute_async(drawn, Vec::new()).await.unwrap();
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Closes it.
    pub(crate) async fn close(self) {
        let _ = self.client.clone().close().await;
    }
}
