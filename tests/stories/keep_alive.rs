//! The fourth document: `reloj`, a program of two threads that print the time, is looked for by its process name and kept
//! alive as a service would. Closed by any means it comes back by itself, and goes on from the count it had reached.

use estatus_tests::{Estatus, built, eventually, signal};

/// Each thread prints so often.
const TIMES: usize = 20;

/// How it is closed once it has printed so often: as the system and people do. Wine says of what was ended by Ctrl-C that it
/// ended well, so that on Windows it is only ended from outside.
const CLOSED: [(usize, &str); 4] = if cfg!(unix) {
    [(2, "-KILL"), (5, "-TERM"), (8, "-INT"), (11, "-SEGV")]
} else {
    [(2, "-KILL"), (5, "-KILL"), (8, "-KILL"), (11, "-KILL")]
};

/// It prints so often, in words of the configuration.
fn kept_alive(every: &str) -> Estatus {
    let reloj = built("reloj");
    Estatus::new(&format!(
        "[network]\nreference = []\n\
         [[program]]\nname = \"reloj\"\ncommand = ['{}', '--every', '{every}']\nrestart = \"on-failure\"\n\
         [[monitor]]\nname = \"reloj is running\"\nprocess = {{ path = '{0}' }}\nevery = \"2s\"\n\
         on_down = {{ start = \"reloj\" }}\n",
        reloj.display()
    ))
}

/// What `reloj` has printed, thread by thread.
fn printed(estatus: &Estatus) -> [usize; 2] {
    let said = estatus.say(&["logs", "reloj", "-n", "1000"]).out;
    ["Hilo-1: ", "Hilo-2: "].map(|thread| said.lines().filter(|line| line.contains(thread)).count())
}

#[test]
fn reloj_comes_back_however_it_is_closed_and_goes_on_from_its_count() {
    // A look at what it has printed takes another process, which Windows is slow to start.
    let mut estatus = kept_alive(if cfg!(windows) { "500ms" } else { "100ms" });
    estatus.start();
    let mut before = None;
    for (reached, close) in CLOSED {
        let pid = estatus.wait_for_process("reloj", before);
        eventually("it prints the time", || (printed(&estatus)[0] >= reached).then_some(()));
        signal(u32::try_from(pid).unwrap(), close);
        before = Some(pid);
    }
    // Wine says of what was killed that it has ended well, so that it is not enough that it has finished.
    eventually("it has printed all it has to", || {
        let is_finished = estatus.program("reloj").is_some_and(|program| program["state"] == "finished");
        (is_finished && printed(&estatus).iter().all(|&count| count >= TIMES)).then_some(())
    });
    // A kill may fall between a line and the note of it, so that the line is printed once more.
    for count in printed(&estatus) {
        assert!(count <= TIMES + 4, "printed {count} times, not {TIMES}");
    }
}

#[test]
fn reloj_is_found_again_when_estatus_itself_was_closed() {
    // It ends by itself after twenty of them.
    let mut estatus = kept_alive("1s");
    estatus.start();
    let pid = estatus.wait_for_process("reloj", None);
    estatus.wait_for("reloj is running", "up");
    estatus.kill();
    estatus.start();
    assert_eq!(estatus.wait_for_process("reloj", None), pid, "the same process is kept, no second one is started");
    let said = estatus.say(&["stop", "reloj"]);
    assert_eq!(said.code, 0, "{said:?}");
    eventually("it is stopped", || estatus.program("reloj").filter(|program| program["state"] == "stopped"));
    assert_eq!(estatus.monitor("reloj is running").unwrap()["health"], "up", "what the user stops is no alarm");
}
