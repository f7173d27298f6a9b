//! Files and folders that a person chooses in the dialog of the system, or drags onto the window.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use estatus_tests::{BOUND, Estatus, eventually};
use estatus_valet::{Fixture, Running};

use crate::{
    pictures,
    session::{Ended, Session},
    window::Window,
};

const ALONE: &str = "language = \"en\"\n[network]\nreference = []\n";
/// What the dialogs are called.
const PROGRAM: &str = "Choose a program, script or package.json";
const FOLDER: &str = "Choose a folder";
/// What the form says while something is held over it.
const RELEASE: &str = "Drop it to run it";

/// A desktop with a folder of projects, and the form of a new program.
struct Desk {
    session: Session,
    _frames: Ended,
    _estatus: Estatus,
    window: Window,
}

impl Desk {
    async fn new() -> Self {
        let session = Session::start();
        let frames = session.frames();
        session.paint_ground("#56657a");
        let mut estatus = Estatus::new(ALONE);
        estatus.start();
        let window = Window::open(&session, &estatus, "new/program").await;
        window.reads("Or drop a file or folder here.").await;
        Self { session, _frames: frames, _estatus: estatus, window }
    }

    /// A file in the home of its user.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.session.home().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        file
    }

    /// Opens the dialog of a field, and waits until the person is in it.
    async fn browse(&self, field: &str, title: &str) {
        self.window.press(&format!("{field}: browse…")).await;
        self.session.is_in(title);
    }

    fn does(&self, words: &[&str]) {
        let done = self.session.xdotool(words);
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Moves what is dragged about a place until the form awaits it, or no longer.
    async fn drags(&self, x: u32, y: u32, is_awaited: bool) {
        let begun = Instant::now();
        // Whoever drags hears only of the moves that come after the drag has begun.
        for step in (0..8).cycle() {
            self.does(&["mousemove", &(x + step).to_string(), &y.to_string()]);
            if self.window.text().await.contains(RELEASE) == is_awaited {
                return;
            }
            assert!(begun.elapsed() < BOUND, "the form does not see what is dragged to {x}, {y}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Keeps a picture of the whole screen as soon as it no longer changes.
    fn picture(&self, name: &str) {
        let mut before = self.session.screen().whole();
        let still = eventually("the screen is still", || {
            let now = self.session.screen().whole();
            let is_still = now == before;
            before = now;
            is_still.then(|| before.clone())
        });
        still.save(&pictures().join(name));
    }
}

/// A file that lies in the upper left corner of the screen, to be dragged.
struct Draggable(Running);

impl Draggable {
    fn new(session: &Session, file: &Path) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/desktop/drag.py");
        let python = Fixture::new("/usr/bin/python3").args([script, file.to_str().unwrap()]);
        let draggable = Self(python.envs(session.variables()).start());
        draggable.says("shown");
        draggable
    }

    fn says(&self, word: &str) {
        assert_eq!(self.0.expect_line(BOUND, word), word);
    }
}

#[tokio::test]
async fn a_program_is_browsed_for_in_the_dialog_of_the_system_which_proposes_its_command() {
    let desk = Desk::new().await;
    let (window, session) = (&desk.window, &desk.session);
    let script = desk.file("codigos/reloj.py", "print()\n");
    let folder = script.parent().unwrap().to_str().unwrap();

    desk.browse("Command", PROGRAM).await;
    desk.picture("browse-program.png");
    desk.does(&["key", "Escape"]);
    session.is_in("New program – Estatus");
    window.holds("Command", "").await;

    // It begins at home.
    desk.browse("Command", PROGRAM).await;
    desk.does(&["type", "--delay", "20", "./codigos/reloj.py"]);
    desk.does(&["key", "Return"]);
    window.holds("Command", "python3 reloj.py").await;
    window.holds("Folder", folder).await;
    window.holds("Name", "reloj").await;
    window.picture(&pictures().join("browsed-program.png")).await;

    // From now on it begins where that was, unless the form says another place.
    let other = desk.file("shop/server.js", "");
    window.write("Folder", "").await;
    desk.browse("Folder", FOLDER).await;
    desk.picture("browse-folder.png");
    desk.does(&["type", "--delay", "20", "../shop"]);
    desk.does(&["key", "Return"]);
    window.holds("Folder", other.parent().unwrap().to_str().unwrap()).await;
    desk.browse("Command", PROGRAM).await;
    desk.does(&["type", "--delay", "20", "./server.js"]);
    desk.does(&["key", "Return"]);
    window.holds("Command", "node server.js").await;
}

#[tokio::test]
async fn a_file_that_is_dropped_on_the_window_does_what_one_that_is_browsed_for_does() {
    let desk = Desk::new().await;
    let window = &desk.window;
    let package = r#"{ "scripts": { "build": "vite build", "dev": "vite" } }"#;
    let package = desk.file("persistenciaDatos/package.json", package);
    let draggable = Draggable::new(&desk.session, &package);

    desk.does(&["mousemove", "32", "32", "mousedown", "1", "mousemove", "60", "60"]);
    desk.drags(640, 450, true).await;
    window.picture(&pictures().join("drop.png")).await;
    desk.drags(32, 32, false).await;
    desk.drags(640, 450, true).await;
    desk.does(&["mouseup", "1"]);
    draggable.says("ended");
    window.holds("Command", "npm run dev").await;
    window.holds("Folder", package.parent().unwrap().to_str().unwrap()).await;
    window.lacks(RELEASE).await;
    window.reads("Scripts of package.json").await;
    window.picture(&pictures().join("dropped.png")).await;
}
