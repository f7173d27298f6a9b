//! Processes of Unix, with all that is known of them.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use estatus_program::{Candidate, Wanted, candidates, survey};
use regex::Regex;

use super::pids;

/// A process of a test, with its descendants in a group of its own.
struct Started(Child);

impl Started {
    /// Starts a shell in `directory`; it says when it is ready.
    fn shell(line: &str, directory: &Path) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]).current_dir(directory).process_group(0).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "ready\n", "{line}");
        Self(child)
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.0.wait();
    }
}

/// A program with a name that nobody else has.
fn program(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    fs::copy("/bin/sleep", &path).unwrap();
    path
}

#[test]
fn a_process_is_found_with_its_command_line_and_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().canonicalize().unwrap();
    let name = format!("nap-{}", std::process::id());
    let path = program(&directory, &name);
    let started = Started::shell(&format!("echo ready; exec {} 1234", path.display()), &directory);
    let check = |wanted: Wanted| {
        // Between the word and the other program there is an instant, and one between its name and its command line.
        let found = loop {
            match candidates(&wanted).as_slice() {
                [found] if found.name == name && !found.command_line.is_empty() => break found.clone(),
                found => assert!(found.iter().all(|it| it.process.pid == started.pid()), "{wanted:?}: {found:?}"),
            }
        };
        let process = found.process;
        assert_eq!(process.pid, started.pid());
        assert!(process.started > 0);
        let command_line = format!("{} 1234", path.display());
        let whole =
            Candidate { process, name: name.clone(), command_line, directory: Some(directory.clone()), ports: vec![] };
        assert_eq!(found, whole, "{wanted:?}");
    };
    check(Wanted::Pid(started.pid()));
    check(Wanted::Name(name.clone()));
    check(Wanted::Name(format!("{name}.exe")));
    check(Wanted::Path(path.clone()));
    check(Wanted::CommandLine(Regex::new(&format!("{name} 12+34")).unwrap()));
    assert_eq!(pids(&Wanted::Name(format!("{name}x"))), [0; 0]);
    assert_eq!(pids(&Wanted::Path(directory.join("other"))), [0; 0]);
}

#[test]
fn of_a_tree_with_one_word_in_all_command_lines_only_the_top_is_a_candidate() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("nap-tree-{}", std::process::id());
    let path = program(folder.path(), &name);
    let line = format!("sh -c '{0} 99 & echo ready; wait' & {0} 98 & wait", path.display());
    let started = Started::shell(&line, folder.path());
    // Both shells and both sleepers have it in their command lines.
    let by_line = Wanted::CommandLine(Regex::new(&name).unwrap());
    assert_eq!(pids(&by_line), [started.pid()]);
}

#[test]
fn a_process_is_found_by_a_port_of_either_version() {
    let listens = "import socket, time; s = socket.socket(socket.AF_INET6 if V6 else socket.AF_INET); \
                   s.bind(('::1' if V6 else '127.0.0.1', 0)); s.listen(); \
                   open('port', 'w').write(str(s.getsockname()[1])); print('ready', flush=True); time.sleep(999)";
    for v6 in ["False", "True"] {
        let folder = tempfile::tempdir().unwrap();
        let line = format!("exec python3 -c \"{}\"", listens.replace("V6", v6));
        let started = Started::shell(&line, folder.path());
        let port = fs::read_to_string(folder.path().join("port")).unwrap().parse().unwrap();
        let found = candidates(&Wanted::Port(port));
        let found: Vec<_> = found.iter().map(|it| (it.process.pid, it.ports.as_slice())).collect();
        assert_eq!(found, [(started.pid(), [port].as_slice())]);
    }
}

#[test]
fn what_started_this_process_is_no_candidate_either() {
    let own = std::process::id();
    let parent = std::os::unix::process::parent_id();
    assert_eq!(pids(&Wanted::Pid(parent)), [0; 0]);
    let all = pids(&Wanted::CommandLine(Regex::new("").unwrap()));
    assert!(![own, parent].iter().any(|pid| all.contains(pid)));
}

#[test]
fn what_listens_is_found_with_its_port_its_words_and_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let server = "import socket; s = socket.create_server(('127.0.0.1', 0)); print('ready', flush=True); input()";
    let started = Started::shell(&format!("sleep 1000 | exec /usr/bin/python3 -c \"{server}\""), folder.path());
    let found = survey().into_iter().find(|it| it.line.contains(&started.pid())).expect("it listens");
    assert_eq!(found.words, ["/usr/bin/python3", "-c", server]);
    assert_eq!(found.candidate.ports.len(), 1);
    assert_eq!(found.candidate.directory, Some(folder.path().canonicalize().unwrap()));
}

#[test]
fn workers_that_share_a_port_are_one_with_the_process_above_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = "import os, socket; s = socket.create_server(('127.0.0.1', 0)); pid = os.fork(); \
                  pid and print('ready', flush=True); input()";
    let line = format!("sleep 1000 | exec /usr/bin/python3 -c \"{server}\"");
    let started = Started::shell(&line, folder.path());
    let found: Vec<_> = survey().into_iter().filter(|it| it.line.contains(&started.pid())).collect();
    let listening: Vec<_> = found.iter().filter(|it| !it.candidate.ports.is_empty()).collect();
    assert_eq!(listening.len(), 1, "{found:#?}");
    let worker = |it: &&estatus_program::Surveyed| it.line.get(1) == Some(&listening[0].candidate.process.pid);
    assert!(!found.iter().any(|it| worker(&it)), "{found:#?}");
}

#[test]
fn what_does_not_listen_comes_after_what_does_without_this_process_and_what_started_it() {
    let folder = tempfile::tempdir().unwrap();
    let line = "echo ready; sleep 1000; :";
    let started = Started::shell(line, folder.path());
    let found = survey();
    let own = found.iter().position(|it| it.candidate.process.pid == started.pid()).expect("it runs");
    assert_eq!(found[own].words, ["/bin/sh", "-c", line]);
    assert_eq!(found[own].candidate.directory, Some(folder.path().canonicalize().unwrap()));
    assert!(found[own..].iter().all(|it| it.candidate.ports.is_empty()));
    let ours = [std::process::id(), std::os::unix::process::parent_id()];
    assert!(found.iter().all(|it| !ours.contains(&it.candidate.process.pid)));
}

#[test]
fn what_another_supervisor_keeps_is_told_with_who_that_is() {
    let folder = tempfile::tempdir().unwrap();
    // Called like it: that is what it is known by.
    let supervisor = folder.path().join("runsv");
    fs::copy("/bin/sh", &supervisor).unwrap();
    let line = format!("exec {} -c 'sleep 1234 & echo ready; wait'", supervisor.display());
    let started = Started::shell(&line, folder.path());
    let begun = std::time::Instant::now();
    let kept = loop {
        // Between its start as a copy of the shell and its own program there is an instant.
        let kept = |it: &estatus_program::Surveyed| it.line.get(1) == Some(&started.pid()) && it.words[0] == "sleep";
        if let Some(kept) = survey().into_iter().find(kept) {
            break kept;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:#?}", survey());
    };
    assert_eq!(kept.keeper.as_deref(), Some("runit"));
    let own = survey().into_iter().find(|it| it.candidate.process.pid == started.pid()).expect("it runs");
    assert_eq!(own.keeper, None);
}
