//! What an engine in a terminal does when Windows tells that the session or the program is to end.

use estatus_tests::{Estatus, is_alive};
use tempfile::TempDir;

use crate::programs::with_program;

/// As winuser.h numbers them.
const WM_CLOSE: u32 = 0x10;
const WM_QUERYENDSESSION: u32 = 0x11;
const WM_ENDSESSION: u32 = 0x16;

/// An engine whose program writes a file while it cleans up.
struct Scene {
    estatus: Estatus,
    folder: TempDir,
    program: u64,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tidied = folder.path().join("tidied");
        let mut estatus = with_program(&format!("'tidy', '{}'", tidied.display()), "");
        estatus.start();
        let program = estatus.wait_for_process("web", None);
        Self { estatus, folder, program }
    }

    fn ends_well(mut self) {
        assert!(self.estatus.ended().success());
        assert!(!is_alive(self.program));
        assert!(self.folder.path().join("tidied").exists(), "the program was asked to end");
    }
}

#[test]
fn programs_are_stopped_before_the_session_ends() {
    let scene = Scene::new();
    assert_eq!(scene.estatus.tell(WM_QUERYENDSESSION, 0), 1, "the session may end");
    assert!(is_alive(scene.program));
    scene.estatus.tell(WM_ENDSESSION, 1);
    assert!(!is_alive(scene.program), "nothing is answered before");
    scene.ends_well();
}

#[test]
fn a_session_that_does_not_end_after_all_changes_nothing() {
    let scene = Scene::new();
    assert_eq!(scene.estatus.tell(WM_QUERYENDSESSION, 0), 1);
    assert_eq!(scene.estatus.tell(WM_ENDSESSION, 0), 0);
    assert_eq!(scene.estatus.wait_for_process("web", None), scene.program);
    assert_eq!(scene.estatus.tell(WM_CLOSE, 0), 0);
    scene.ends_well();
}
