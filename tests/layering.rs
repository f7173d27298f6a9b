//! The house stands as it was drawn: who may depend on whom, and on what from outside.

#![allow(missing_docs, clippy::expect_used, reason = "a test program")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

/// The floor of every room; a room may depend on those of lower floors only. Nothing but the programs, on floor 3, and
/// the tests is above the engine.
const FLOORS: [(&str, u8); 16] = [
    ("estatus-core", 0),
    ("estatus-access", 0),
    ("estatus-api", 0),
    ("estatus-tls", 0),
    ("estatus-config", 1),
    ("estatus-probe", 1),
    ("estatus-program", 1),
    ("estatus-alert", 1),
    ("estatus-store", 1),
    ("estatus-fleet", 1),
    ("estatus-engine", 2),
    ("estatus-crowd", 2),
    ("estatus", 3),
    ("estatus-tray", 3),
    ("estatus-simulation", 4),
    ("estatus-tests", 4),
];

/// The ground: every other room may depend on these, whatever its floor.
const GROUND: [&str; 2] = ["estatus-core", "estatus-access"];
/// They know no room and are known by none.
const APART: [&str; 2] = ["xtask", "reloj"];
/// What tests are made of: it knows no room, and no program is made of it.
const OF_TESTS: &str = "estatus-valet";
/// Who may have it for more than tests: what runs them, and what they share.
const MAY_SERVE_TESTS: [&str; 2] = ["xtask", "estatus-tests"];
const MAY_SEE_TAURI: [&str; 1] = ["estatus-tray"];
/// All that the core is made of: nothing that has a clock, a file, a socket, a task or chance of its own.
const CORE_IS_MADE_OF: [&str; 9] =
    ["cronexpr", "jiff", "minijinja", "regex", "serde", "serde_json", "thiserror", "url", "zeroize"];
/// What other rooms may ask of it for their tests, and no program has.
const CORE_ON_WISH: [&str; 1] = ["ts-rs"];
const CORE_IS_TESTED_WITH: [&str; 3] = ["insta", "proptest", "serde_json"];
const NEVER_BELOW_CORE: [&str; 9] =
    ["getrandom", "hyper", "mio", "rand", "reqwest", "rusqlite", "rustls", "socket2", "tokio"];
/// Words of a source file that read a clock or touch the world.
const NEVER_IN_CORE: [&str; 9] = [
    "Instant::now(",
    "SystemTime::now(",
    "Timestamp::now(",
    "Zoned::now(",
    "TimeZone::system(",
    "TcpStream",
    "std::env::",
    "std::fs::",
    "std::thread::",
];
/// The rooms of the core that hold the states of something and move them.
const MACHINES: [&str; 6] = ["execution", "healing", "monitor", "network", "outbox", "supervision"];
/// Under the MPL-2.0, whose terms end at their own files. They come with Tauri, and with what steers its window in tests.
const FREE_FILE_BY_FILE: [&str; 6] =
    ["cssparser", "cssparser-macros", "dtoa-short", "option-ext", "selectors", "webdriver"];
/// TLS stacks beside rustls with ring.
const NEVER_LINKED: [&str; 7] =
    ["aws-lc-fips-sys", "aws-lc-rs", "aws-lc-sys", "boring-sys", "native-tls", "openssl", "openssl-sys"];
/// Crates of which two incompatible versions would meet in one program, or cost too much twice.
const ONCE: [&str; 27] = [
    "bytes",
    "clap",
    "h2",
    "http",
    "http-body",
    "hyper",
    "hyper-util",
    "jiff",
    "libsqlite3-sys",
    "prost",
    "regex",
    "reqwest",
    "ring",
    "rusqlite",
    "rustix",
    "rustls",
    "rustls-pki-types",
    "rustls-webpki",
    "serde",
    "serde_json",
    "socket2",
    "tokio",
    "tokio-rustls",
    "tonic",
    "tracing",
    "url",
    "zbus",
];
/// Licences that let anybody use, change and sell what is built (SPDX).
const PERMISSIVE: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn every_room_depends_on_lower_floors_only() {
    assert_eq!(wrong_edges(&edges(&metadata())), [""; 0]);
}

#[test]
fn every_member_of_the_workspace_has_a_place_in_the_house() {
    let metadata = metadata();
    let lost: Vec<&str> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.as_str())
        .filter(|name| !has_place(name))
        .collect();
    assert_eq!(lost, [""; 0], "give it a floor in FLOORS");
}

#[test]
fn an_edge_that_goes_the_wrong_way_is_named() {
    use DependencyKind::{Build, Development, Normal};
    let check = |from: &str, to: &str, kind, expected: Option<&str>| {
        let edge = Edge { from: from.to_owned(), to: to.to_owned(), kind, is_optional: false };
        let said = wrong_edge(&edge).map(|why| format!("{from} -> {to}: {why}"));
        assert_eq!(said.as_deref(), expected);
    };
    check("estatus-engine", "estatus-probe", Normal, None);
    check("estatus-api", "estatus-core", Normal, None);
    check("estatus-tls", "estatus-core", Normal, None);
    check("estatus-api", "estatus-access", Normal, None);
    check("estatus-probe", "estatus-tls", Normal, None);
    check("estatus", "estatus-engine", Normal, None);
    check("estatus-tests", "estatus-engine", Development, None);
    check("estatus-tray", "tauri", Normal, None);
    check("estatus-tray", "tauri-build", Build, None);
    check("estatus-core", "jiff", Normal, None);
    check("estatus-core", "proptest", Development, None);

    let up = "a room may depend on lower floors only";
    check("estatus-probe", "estatus-store", Normal, Some(&format!("estatus-probe -> estatus-store: {up}")));
    check("estatus-probe", "estatus-store", Development, Some(&format!("estatus-probe -> estatus-store: {up}")));
    check("estatus-alert", "estatus-engine", Build, Some(&format!("estatus-alert -> estatus-engine: {up}")));
    check("estatus-core", "estatus-api", Normal, Some(&format!("estatus-core -> estatus-api: {up}")));
    check("estatus-core", "estatus-access", Normal, Some(&format!("estatus-core -> estatus-access: {up}")));
    check("estatus-access", "estatus-core", Normal, Some(&format!("estatus-access -> estatus-core: {up}")));
    check("estatus-api", "estatus-tls", Normal, Some(&format!("estatus-api -> estatus-tls: {up}")));
    check("estatus", "estatus-tests", Development, Some(&format!("estatus -> estatus-tests: {up}")));
    let apart = "it stands apart from the rooms";
    check("xtask", "estatus-core", Normal, Some(&format!("xtask -> estatus-core: {apart}")));
    check("reloj", "estatus-core", Normal, Some(&format!("reloj -> estatus-core: {apart}")));
    check("estatus", "xtask", Build, Some(&format!("estatus -> xtask: {apart}")));
    check("estatus-probe", "estatus-valet", Development, None);
    check("xtask", "estatus-valet", Normal, None);
    check("estatus-valet", "estatus-core", Normal, Some(&format!("estatus-valet -> estatus-core: {apart}")));
    check("estatus-probe", "estatus-valet", Normal, Some("estatus-probe -> estatus-valet: only tests see it"));
    check("estatus", "tauri", Normal, Some("estatus -> tauri: only estatus-tray sees Tauri"));
    check(
        "estatus-engine",
        "tauri-plugin-x",
        Normal,
        Some("estatus-engine -> tauri-plugin-x: only estatus-tray sees Tauri"),
    );
    check("estatus-core", "tokio", Normal, Some("estatus-core -> tokio: the core is made of none of this"));
    check("estatus-core", "proptest", Normal, Some("estatus-core -> proptest: the core is made of none of this"));
    check("estatus-core", "tokio", Development, Some("estatus-core -> tokio: the core is tested with none of this"));
}

#[test]
fn nothing_far_below_the_core_touches_the_world() {
    let metadata = metadata();
    let below = below(&metadata, "estatus-core");
    assert!(below.contains("jiff"), "the search found nothing: {below:?}");
    let touching: Vec<&str> = NEVER_BELOW_CORE.into_iter().filter(|name| below.contains(*name)).collect();
    assert_eq!(touching, [""; 0]);
}

#[test]
fn the_core_reads_no_clock_and_opens_nothing() {
    let mut found = Vec::new();
    let files = rust_files(&root().join("src-tauri/crates/core/src"));
    assert!(!files.is_empty());
    for file in files {
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            if let Some(word) = NEVER_IN_CORE.into_iter().find(|word| line.contains(word)) {
                found.push(format!("{}:{}: {word}", file.display(), number + 1));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn the_rooms_of_the_core_need_each_other_in_no_circle() {
    let rooms = rooms_of("core");
    assert!(rooms["engine"].contains("healing"), "the search found nothing: {rooms:?}");
    assert_eq!(circle(rooms), BTreeMap::new());
}

#[test]
fn the_files_of_the_engine_need_each_other_in_no_circle() {
    let files = rooms_of("engine");
    assert!(files["event_loop"].contains("tasks"), "the search found nothing: {files:?}");
    assert_eq!(circle(files), BTreeMap::new());
}

#[test]
fn the_files_of_the_rooms_need_each_other_in_no_circle() {
    // In `config` what declares a table reads it, and is read by it; in `tls` a handshake and its verdict need each other.
    for member in ["access", "alert", "api", "estatus", "fleet", "probe", "program", "store", "xtask"] {
        assert_eq!(circle(rooms_of(member)), BTreeMap::new(), "{member}");
    }
    assert!(rooms_of("program")["find"].contains("unix"), "what every system has was not found");
}

#[test]
fn what_the_core_does_calls_back_by_signals_alone() {
    let mut files = methods_called("core", "engine");
    assert!(files["settled"].contains("incidents"), "the search found nothing: {files:?}");
    // Whoever sends a signal has it heard.
    assert!(files.remove("signals").is_some());
    assert_eq!(circle(files), BTreeMap::new());
}

#[test]
fn no_machine_of_the_core_sees_another() {
    let rooms = rooms_of("core");
    for machine in MACHINES {
        let others: Vec<&str> =
            MACHINES.into_iter().filter(|other| *other != machine && rooms[machine].contains(*other)).collect();
        assert_eq!(others, [""; 0], "{machine} sees them");
        assert!(!rooms[machine].contains("engine"), "{machine} sees the engine");
    }
}

#[test]
fn a_circle_is_found_whatever_leads_to_it() {
    let rooms = |edges: &[(&str, &str)]| {
        let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in edges {
            rooms.entry((*from).to_owned()).or_default().insert((*to).to_owned());
            rooms.entry((*to).to_owned()).or_default();
        }
        rooms
    };
    assert_eq!(circle(rooms(&[("a", "b"), ("b", "c"), ("a", "c")])), BTreeMap::new());
    let found = circle(rooms(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]));
    assert_eq!(found, rooms(&[("b", "c"), ("c", "b")]));
    let source = "use crate::{ids::{Key, x}, time};\n#[cfg(test)]\nuse crate::no;\nfn a() { crate::words::b() } // crate::no\n\
                  #[cfg(test)]\nmod tests {\nuse crate::no;";
    assert_eq!(rooms_named(source).into_iter().collect::<Vec<_>>(), ["ids", "time", "words"]);
}

#[test]
fn there_is_one_tls_stack() {
    let metadata = metadata();
    let names: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let others: Vec<&str> = NEVER_LINKED.into_iter().filter(|name| names.contains(name)).collect();
    assert_eq!(others, [""; 0]);
    assert!(names.contains("rustls") && names.contains("ring"));
}

#[test]
fn the_important_crates_are_there_once() {
    let metadata = metadata();
    // What only tests are made of meets nobody in a program.
    let programs: BTreeSet<_> =
        ["estatus", "estatus-tray"].iter().flat_map(|program| built_with(&metadata, program)).collect();
    let packages = metadata.packages.iter().filter(|package| programs.contains(&package.id));
    assert_eq!(twice(packages.map(|package| (package.name.as_str(), compatible(package)))), [""; 0]);
}

#[test]
fn an_important_crate_that_is_there_twice_is_named() {
    let found = [("tokio", "1"), ("tokio", "1"), ("rustls", "0.23"), ("rustls", "0.24"), ("syn", "2"), ("syn", "3")];
    assert_eq!(twice(found.map(|(name, version)| (name, version.to_owned()))), ["rustls: 0.23, 0.24"]);
}

/// `cargo clean` takes what is built of such a crate for ours: CI, which keeps the parts that are not, would build it anew in
/// every run, and whatever is made of it.
#[test]
fn nothing_of_ours_is_called_as_a_crate_it_may_be_made_of() {
    let metadata = metadata();
    let (ours, theirs): (Vec<_>, Vec<_>) =
        metadata.packages.iter().partition(|package| metadata.workspace_members.contains(&package.id));
    let names = |packages: Vec<&Package>, libraries: bool| -> BTreeSet<String> {
        let targets = packages.into_iter().flat_map(|package| &package.targets);
        let meant =
            targets.filter(|target| !libraries || target.is_lib() || target.is_rlib() || target.is_proc_macro());
        meant.map(|target| target.name.replace('-', "_")).collect()
    };
    let theirs = names(theirs, true);
    let both: Vec<String> = names(ours, false).into_iter().filter(|name| theirs.contains(name)).collect();
    assert_eq!(both, [""; 0]);
}

#[test]
fn every_licence_is_permissive() {
    let metadata = metadata();
    let others: Vec<String> = metadata
        .packages
        .iter()
        .filter(|package| !FREE_FILE_BY_FILE.contains(&package.name.as_str()))
        .filter(|package| !package.license.as_deref().is_some_and(is_permissive))
        .map(|package| format!("{}: {:?}", package.name, package.license))
        .collect();
    assert_eq!(others, [""; 0]);
}

#[test]
fn a_licence_is_permissive_if_one_of_its_choices_is() {
    let check = |text: &str, expected: bool| assert_eq!(is_permissive(text), expected, "{text}");
    check("MIT", true);
    check("MIT/Apache-2.0", true);
    check("MIT OR Apache-2.0 OR LGPL-2.1-or-later", true);
    check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
    check("Apache-2.0 WITH LLVM-exception", true);
    check("GPL-3.0-only", false);
    check("MIT AND GPL-3.0-only", false);
    check("MPL-2.0", false);
    check("whatever you like", false);
}

/// The rooms in a crate, each a module with all that is in it, and which others each needs.
fn rooms_of(member: &str) -> BTreeMap<String, BTreeSet<String>> {
    let source = root().join("src-tauri/crates").join(member).join("src");
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in rust_files(&source).into_iter().filter(|file| !file.ends_with("tests.rs")) {
        let inside = file.strip_prefix(&source).expect("a file of the crate").with_extension("");
        let room = inside.iter().next().expect("a name").to_string_lossy().into_owned();
        let named = rooms_named(&fs::read_to_string(&file).expect("a file that can be read"));
        // The files of each system have the same functions, so one stands for both.
        let named = named.into_iter().map(|other| if other == "platform" { "unix".to_owned() } else { other });
        rooms.entry(room.clone()).or_default().extend(named.filter(|other| *other != room));
    }
    rooms
}

/// The files below a module that share the methods of one type, and whose methods each calls: what no import shows.
fn methods_called(member: &str, module: &str) -> BTreeMap<String, BTreeSet<String>> {
    let folder = root().join("src-tauri/crates").join(member).join("src").join(module);
    let name = |file: &Path| file.file_stem().expect("a name").to_string_lossy().into_owned();
    let read = |file: PathBuf| (name(&file), fs::read_to_string(&file).expect("a file that can be read"));
    let files: BTreeMap<String, String> = rust_files(&folder).into_iter().map(read).collect();
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let after = |source: &str, mark: &str| source.split(mark).skip(1).map(word).collect::<BTreeSet<_>>();
    let homes = |method: &String| {
        let declares = |source: &String| after(source, "    pub(super) fn ").contains(method);
        files.iter().filter(|(_, source)| declares(source)).map(|(file, _)| file.clone()).collect::<BTreeSet<_>>()
    };
    let needs = |(file, source): (&String, &String)| {
        let called = after(source, "self.").iter().flat_map(homes).filter(|home| home != file).collect();
        (file.clone(), called)
    };
    files.iter().map(needs).collect()
}

/// The first names of all paths in `source` that begin at the crate, its tests and comments left out.
fn rooms_named(source: &str) -> BTreeSet<String> {
    let mut pieces = source.split("#[cfg(test)]\n");
    let mut code = pieces.next().unwrap_or_default().to_owned();
    // What is but one line is left out; what is longer stands at the end.
    let rest = pieces.map_while(|piece| piece.split_once('\n').filter(|(line, _)| line.ends_with(';')));
    rest.for_each(|(_, rest)| code.push_str(rest));
    let code: String = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut named = BTreeSet::new();
    for path in code.split("crate::").skip(1) {
        let Some(group) = path.strip_prefix('{') else {
            named.insert(name(path));
            continue;
        };
        let (mut depth, mut begins) = (0, true);
        for (at, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                letter if begins && letter.is_alphabetic() => {
                    named.insert(name(&group[at..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    named
}

/// What is left of `rooms` without those that need nobody and those that nobody needs: only circles, and what lies
/// between two.
fn circle(mut rooms: BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    loop {
        let needed: BTreeSet<String> = rooms.values().flatten().cloned().collect();
        let count = rooms.len();
        rooms.retain(|room, needs| !needs.is_empty() && needed.contains(room));
        let left: BTreeSet<String> = rooms.keys().cloned().collect();
        rooms.values_mut().for_each(|needs| needs.retain(|room| left.contains(room)));
        if rooms.len() == count {
            return rooms;
        }
    }
}

/// A dependency as a member of the workspace declares it.
struct Edge {
    from: String,
    to: String,
    kind: DependencyKind,
    is_optional: bool,
}

fn wrong_edges(edges: &[Edge]) -> Vec<String> {
    edges
        .iter()
        .filter_map(|edge| Some(format!("{} -> {} ({}): {}", edge.from, edge.to, edge.kind, wrong_edge(edge)?)))
        .collect()
}

/// Why a dependency must not be, if it must not. Those for tests and for building obey the same rules: a test that
/// needs a room of the same floor belongs to a floor above.
fn wrong_edge(Edge { from, to, kind, is_optional }: &Edge) -> Option<&'static str> {
    let is_tauri = to == "tauri" || to.starts_with("tauri-");
    if is_tauri && !MAY_SEE_TAURI.contains(&from.as_str()) {
        return Some("only estatus-tray sees Tauri");
    }
    if to == OF_TESTS && from != "estatus-core" {
        let may_have_it = *kind == DependencyKind::Development || MAY_SERVE_TESTS.contains(&from.as_str());
        return (!may_have_it).then_some("only tests see it");
    }
    let is_apart = |name: &String| APART.contains(&name.as_str()) || name == OF_TESTS;
    if (is_apart(from) && has_place(to)) || is_apart(to) {
        return Some("it stands apart from the rooms");
    }
    if let (Some(above), Some(below)) = (floor(from), floor(to)) {
        let is_ground = |room: &str| GROUND.contains(&room);
        let stands_on_it = is_ground(to) && !is_ground(from);
        return (above <= below && !stands_on_it).then_some("a room may depend on lower floors only");
    }
    let (allowed, why): (&[&str], _) = match kind {
        DependencyKind::Development => (&CORE_IS_TESTED_WITH, "the core is tested with none of this"),
        _ if *is_optional => (&CORE_ON_WISH, "the core knows none of this, on no wish"),
        _ => (&CORE_IS_MADE_OF, "the core is made of none of this"),
    };
    (from == "estatus-core" && !allowed.contains(&to.as_str())).then_some(why)
}

fn floor(name: &str) -> Option<u8> {
    FLOORS.into_iter().find_map(|(room, floor)| (room == name).then_some(floor))
}

fn has_place(name: &str) -> bool {
    APART.contains(&name) || name == OF_TESTS || floor(name).is_some()
}

fn edges(metadata: &Metadata) -> Vec<Edge> {
    let declared = |package: &&Package| {
        let from = package.name.to_string();
        let edge = |dependency: &cargo_metadata::Dependency| Edge {
            from: from.clone(),
            to: dependency.name.clone(),
            kind: dependency.kind,
            is_optional: dependency.optional,
        };
        package.dependencies.iter().map(edge).collect::<Vec<_>>()
    };
    metadata.workspace_packages().iter().flat_map(declared).collect()
}

/// The names of all that `room` is built with.
fn below(metadata: &Metadata, room: &str) -> BTreeSet<String> {
    let built_with = built_with(metadata, room);
    let packages = metadata.packages.iter().filter(|package| built_with.contains(&package.id));
    packages.map(|package| package.name.to_string()).collect()
}

/// All that `room` is built with, however far down, tests and build scripts left out.
fn built_with<'a>(metadata: &'a Metadata, room: &str) -> BTreeSet<&'a PackageId> {
    let nodes: BTreeMap<_, _> =
        metadata.resolve.iter().flat_map(|resolve| &resolve.nodes).map(|node| (&node.id, node)).collect();
    let mut open: Vec<_> =
        metadata.packages.iter().filter(|package| package.name == room).map(|package| &package.id).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let built_with = nodes[id]
            .deps
            .iter()
            .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        open.extend(built_with.map(|dependency| &dependency.pkg));
    }
    seen
}

/// The part of the version that must be the same for two to be compatible: `1` of 1.2.3, `0.2` of 0.2.3.
fn compatible(package: &Package) -> String {
    let version = &package.version;
    if version.major > 0 { version.major.to_string() } else { format!("0.{}", version.minor) }
}

fn twice<'a>(packages: impl IntoIterator<Item = (&'a str, String)>) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, version) in packages.into_iter().filter(|(name, _)| ONCE.contains(name)) {
        versions.entry(name).or_default().insert(version);
    }
    versions
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| format!("{name}: {}", versions.into_iter().collect::<Vec<_>>().join(", ")))
        .collect()
}

fn is_permissive(license: &str) -> bool {
    spdx::Expression::parse_mode(license, spdx::ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|asked| asked.license.id().is_some_and(|id| PERMISSIVE.contains(&id.name)))
    })
}

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml")).other_options(["--locked".to_owned()]);
    command.exec().expect("cargo metadata")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace's root").to_owned()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}
