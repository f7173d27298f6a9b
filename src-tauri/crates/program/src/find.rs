//! Finds processes: by what they are, and by the ports they listen on.

mod keeper;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};

use estatus_core::{
    naming::{comparable_name, comparable_path},
    program::ProcessId,
};

use crate::{
    facts::{Running, Usage},
    platform,
};

/// Which running process is meant.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// By the name of its executable, with or without `.exe`, upper and lower case as the system compares it.
    Name(String),
    /// By the full path of its executable.
    Path(PathBuf),
    /// By its command line.
    CommandLine(regex::Regex),
    /// By a TCP port that it listens on.
    Port(u16),
    /// By its number.
    Pid(u32),
}

/// A process that is running and could be adopted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The process.
    pub process: ProcessId,
    /// Its name as the system shows it.
    pub name: String,
    /// Its command line, if this user may know it.
    pub command_line: String,
    /// Where it runs, if this user may know it.
    pub directory: Option<PathBuf>,
    /// The TCP ports it listens on, as far as this user may know them.
    pub ports: Vec<u16>,
}

/// The processes that fit, in the order of their pids. Of a process and its descendants only the topmost is among them,
/// and neither Estatus itself nor what it was started by.
pub fn candidates(wanted: &Wanted) -> Vec<Candidate> {
    let table = Table::read();
    let fitting = Fitting::new(wanted);
    let fits: BTreeSet<u32> = table.0.values().filter(|it| fitting.fits(it)).map(|it| it.process.pid).collect();
    let ours: BTreeSet<u32> = table.line_of(std::process::id()).map(|it| it.process.pid).collect();
    let is_ours = |it: &Running| ours.contains(&it.process.pid) || is_ours(it);
    let is_topmost = |pid: u32| !table.line_of(pid).skip(1).any(|above| fits.contains(&above.process.pid));
    // Who is named by a number or a port is meant, though this user may not adopt it: that is said then.
    let is_named = matches!(wanted, Wanted::Pid(_) | Wanted::Port(_));
    let chosen = table.0.values().filter(|it| fits.contains(&it.process.pid) && (is_named || it.may_be_seen));
    let chosen = chosen.filter(|it| !is_ours(it) && is_topmost(it.process.pid));
    chosen.map(|it| Candidate::of(it, ports_of(&[it.process.pid]))).collect()
}

impl Candidate {
    fn of(process: &Running, ports: Vec<u16>) -> Self {
        Self {
            process: process.process,
            name: process.name.clone(),
            command_line: process.command_line.clone(),
            directory: platform::directory(process.process.pid),
            ports,
        }
    }
}

/// A process that could be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surveyed {
    /// The process.
    pub candidate: Candidate,
    /// Its command line, word by word; empty where the system does not keep the words, or this user may not know them.
    pub words: Vec<String>,
    /// The pids of itself, its parent, and so on.
    pub line: Vec<u32>,
    /// What keeps it running already, as people call that: systemd with the name of its unit, PM2, runit, …
    pub keeper: Option<String>,
}

/// What runs on this machine: first all that listens and may be seen, by the lowest port of each; then what else this user
/// runs, the newest first, at most 300. Without Estatus, what it was started by, and workers that share the ports of a
/// process above them: they are that one's.
pub fn survey() -> Vec<Surveyed> {
    let table = Table::read();
    let mut ports: BTreeMap<u32, BTreeSet<u16>> = BTreeMap::new();
    for listener in platform::listeners(None, None) {
        if let Some(pid) = listener.pid {
            ports.entry(pid).or_default().insert(listener.port);
        }
    }
    let above: BTreeSet<u32> = table.line_of(std::process::id()).map(|it| it.process.pid).collect();
    let (listening, others): (Vec<&Running>, Vec<&Running>) = table
        .0
        .values()
        .filter(|it| it.may_be_seen && !is_ours(it))
        .partition(|it| ports.contains_key(&it.process.pid));
    let own_ports = |process: &Running| -> BTreeSet<u16> {
        let mut line = table.line_of(process.process.pid).map(|it| ports.get(&it.process.pid));
        let held = line.next().flatten().cloned().unwrap_or_default();
        line.flatten().fold(held, |own, above| &own - above)
    };
    let mut listening: Vec<Surveyed> = listening
        .into_iter()
        .map(|process| table.surveyed(process, own_ports(process)))
        .filter(|it| !it.candidate.ports.is_empty())
        .collect();
    listening.sort_by(|one, other| one.candidate.ports.cmp(&other.candidate.ports));
    let mut others: Vec<&Running> =
        others.into_iter().filter(|it| !it.words.is_empty() && !above.contains(&it.process.pid)).collect();
    others.sort_by_key(|it| std::cmp::Reverse(it.process.started));
    // Of other users' processes one may not know where they run.
    let others = others.into_iter().map(|process| table.surveyed(process, BTreeSet::new()));
    let others = others.filter(|it| it.candidate.directory.is_some()).take(OTHERS);
    listening.into_iter().chain(others).collect()
}

/// Of what does not listen, so many are told of.
const OTHERS: usize = 300;

/// The executables of Estatus, which lie beside each other.
const EXECUTABLES: [&str; 3] = ["estatus", "estatus-tray", "estatus-window"];

/// Whether it is a process of Estatus: it runs the executable that this process runs or another that lies beside it, or
/// supervises a program.
fn is_ours(process: &Running) -> bool {
    let (Some(path), Ok(own)) = (&process.path, std::env::current_exe()) else { return false };
    let is_of_estatus = path.file_stem().is_some_and(|stem| EXECUTABLES.iter().any(|name| stem == *name));
    *path == own || (is_of_estatus && path.parent() == own.parent()) || platform::is_shim(path)
}

/// All processes, by pid.
struct Table(BTreeMap<u32, Running>);

impl Table {
    fn read() -> Self {
        Self(platform::running().into_iter().map(|it| (it.process.pid, it)).collect())
    }

    fn surveyed(&self, process: &Running, ports: BTreeSet<u16>) -> Surveyed {
        Surveyed {
            candidate: Candidate::of(process, ports.into_iter().collect()),
            words: process.words.clone(),
            line: self.line_of(process.process.pid).map(|it| it.process.pid).collect(),
            keeper: keeper::keeper(self.line_of(process.process.pid)),
        }
    }

    /// The process with this pid, its parent, and so on. A parent that is younger has come by the pid of the true one.
    fn line_of(&self, pid: u32) -> impl Iterator<Item = &Running> {
        let above = |it: &&Running| {
            let parent = self.0.get(&it.parent).filter(|parent| parent.process.pid != it.process.pid)?;
            (parent.process.started <= it.process.started).then_some(parent)
        };
        // Even of a table that was read while processes came and went, no line is longer than it.
        std::iter::successors(self.0.get(&pid), above).take(self.0.len())
    }
}

/// What is wanted, made ready to be compared many times.
enum Fitting<'a> {
    Name(String),
    /// As it was written, and where it leads.
    Path([String; 2]),
    CommandLine(&'a regex::Regex),
    Pids(Vec<u32>),
}

impl<'a> Fitting<'a> {
    fn new(wanted: &'a Wanted) -> Self {
        match wanted {
            Wanted::Name(name) => Self::Name(comparable_name(name)),
            Wanted::Path(path) => {
                let leads_to = path.canonicalize().unwrap_or_else(|_| path.clone());
                Self::Path([path, &leads_to].map(|path| comparable_path(path)))
            }
            Wanted::CommandLine(pattern) => Self::CommandLine(pattern),
            Wanted::Port(port) => {
                let listeners = platform::listeners(Some(*port), None);
                Self::Pids(listeners.into_iter().filter_map(|listener| listener.pid).collect())
            }
            Wanted::Pid(pid) => Self::Pids(vec![*pid]),
        }
    }

    fn fits(&self, process: &Running) -> bool {
        match self {
            Self::Name(name) => process.called().is(name),
            Self::Path(paths) => paths.contains(&process.called().path()),
            Self::CommandLine(pattern) => pattern.is_match(&process.command_line),
            Self::Pids(pids) => pids.contains(&process.process.pid),
        }
    }
}

/// How a port of this machine stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// Nobody listens on it.
    Free,
    /// A process that this user may not see does.
    HeldUnseen,
    /// This one does.
    HeldBy(Holder),
}

/// Who listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) pid: u32,
    pub(crate) name: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {})", self.name, self.pid)
    }
}

/// Who listens on the TCP port `port` of this machine; of several, who started first.
pub(crate) fn holder_of(port: u16) -> Port {
    let listeners = platform::listeners(Some(port), None);
    if listeners.is_empty() {
        return Port::Free;
    }
    let table = Table::read();
    let holders = listeners.iter().filter_map(|listener| table.0.get(&listener.pid?));
    match holders.min_by_key(|it| (it.process.started, it.process.pid)) {
        Some(it) => Port::HeldBy(Holder { pid: it.process.pid, name: it.name.clone() }),
        None => Port::HeldUnseen,
    }
}

/// The TCP ports that these processes listen on, the lowest first.
pub(crate) fn ports_of(pids: &[u32]) -> Vec<u16> {
    let ports: BTreeSet<u16> =
        platform::listeners(None, Some(pids)).into_iter().map(|listener| listener.port).collect();
    ports.into_iter().collect()
}

/// What these processes use together.
pub(crate) fn measure(pids: &[u32]) -> Usage {
    platform::usage(pids).into_iter().fold(Usage::default(), |sum, it| Usage {
        memory: sum.memory.saturating_add(it.memory),
        cpu_time: sum.cpu_time.saturating_add(it.cpu_time),
    })
}

#[cfg(test)]
mod tests;
