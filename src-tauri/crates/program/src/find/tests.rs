//! Processes are recognised, and ports are found with who holds them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use std::time::Duration;

use super::*;

fn process(name: &str, path: Option<&str>, command_line: &str) -> Running {
    Running {
        process: ProcessId { pid: 10, started: 10 },
        parent: 1,
        name: name.into(),
        path: path.map(PathBuf::from),
        called: command_line.split(' ').next().unwrap_or_default().into(),
        command_line: command_line.into(),
        words: Vec::new(),
        may_be_seen: true,
    }
}

#[test]
#[cfg(unix)]
fn a_process_is_recognised_by_what_is_known_of_it() {
    let check = |wanted: Wanted, process: &Running, fits: bool| {
        assert_eq!(Fitting::new(&wanted).fits(process), fits, "{wanted:?} {process:?}");
    };
    let name = |text: &str| Wanted::Name(text.to_owned());
    let path = |text: &str| Wanted::Path(text.into());
    let line = |text: &str| Wanted::CommandLine(regex::Regex::new(text).unwrap());

    let nginx = process("nginx", Some("/usr/sbin/nginx"), "nginx: master process");
    check(name("nginx"), &nginx, true);
    check(name("nginx.exe"), &nginx, true);
    check(name("Nginx"), &nginx, false);
    check(path("/usr/sbin/nginx"), &nginx, true);
    check(path("/usr/bin/nginx"), &nginx, false);
    check(line("^nginx: master"), &nginx, true);
    check(Wanted::Pid(10), &nginx, true);
    check(Wanted::Pid(11), &nginx, false);

    let script = process("reloj.py", Some("/usr/bin/python3.11"), "/usr/bin/python3 ./reloj.py");
    check(name("reloj.py"), &script, true);
    check(name("python3.11"), &script, true);
    check(name("python3"), &script, false);

    let other = process("a-rather-long-n", None, "/opt/x/a-rather-long-name -d");
    check(name("a-rather-long-name"), &other, true);
    check(name("a-rather-long-nonsense"), &other, false);
    check(path("/opt/x/a-rather-long-name"), &other, true);
}

#[test]
fn estatus_itself_is_nobody_to_be_kept() {
    let own = std::env::current_exe().unwrap();
    let check = |path: &std::path::Path, ours: bool| {
        assert_eq!(is_ours(&process("x", path.to_str(), "x")), ours, "{}", path.display());
    };
    check(&own, true);
    check(&own.with_file_name(format!("estatus-tray{}", std::env::consts::EXE_SUFFIX)), true);
    check(&own.with_file_name("node"), false);
    check(&own.parent().unwrap().join("elsewhere/estatus"), false);
    let shim = own.parent().unwrap().join("shims/estatus-0123456789abcdef.exe");
    check(&shim, cfg!(windows));
}

#[test]
fn a_younger_parent_is_none() {
    let of = |pid: u32, parent: u32, started: u64| {
        let process = Running { process: ProcessId { pid, started }, parent, ..process("x", None, "x") };
        (pid, process)
    };
    let table = Table([of(1, 0, 1), of(2, 1, 5), of(3, 2, 9), of(4, 9, 9), of(9, 1, 20), of(7, 7, 1)].into());
    let check = |pid: u32, line: &[u32]| {
        assert_eq!(table.line_of(pid).map(|it| it.process.pid).collect::<Vec<_>>(), line, "{pid}");
    };
    check(3, &[3, 2, 1]);
    check(4, &[4]);
    check(7, &[7]);
    check(8, &[]);
}

#[test]
fn who_listens_on_a_port_is_named() {
    let check = |address: SocketAddr| {
        let listener = TcpListener::bind(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        match holder_of(port) {
            Port::HeldBy(holder) => {
                assert_eq!(holder.pid, std::process::id(), "{address}");
                assert_eq!(holder.to_string(), format!("{} (pid {})", holder.name, holder.pid));
            }
            other => panic!("{address}: {other:?}"),
        }
        assert!(ports_of(&[std::process::id()]).contains(&port), "{address}");
        assert!(!ports_of(&[1]).contains(&port), "{address}");
        drop(listener);
        assert_eq!(holder_of(port), Port::Free, "{address}");
    };
    check((Ipv4Addr::LOCALHOST, 0).into());
    check((Ipv4Addr::UNSPECIFIED, 0).into());
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        check((Ipv6Addr::LOCALHOST, 0).into());
        check((Ipv6Addr::UNSPECIFIED, 0).into());
    }
}

#[test]
fn memory_and_cpu_of_processes_are_measured_together() {
    let own = std::process::id();
    let before = measure(&[own]);
    assert!(before.memory > 500_000, "{before:?}");
    assert_eq!(measure(&[]), Usage::default());
    assert_eq!(measure(&[u32::MAX]), Usage::default());
    let ballast = vec![1_u8; 50_000_000];
    while measure(&[own]).cpu_time < before.cpu_time + Duration::from_millis(30) {
        std::hint::black_box(&ballast);
    }
    assert!(measure(&[own]).memory > before.memory + 40_000_000);
}
