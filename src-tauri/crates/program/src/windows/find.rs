//! What Windows says of processes and of the ports they listen on.

use std::{
    collections::HashMap,
    ffi::c_void,
    mem::offset_of,
    path::{Path, PathBuf},
    ptr,
};

use estatus_core::program::ProcessId;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};
use windows_sys::Win32::{
    Foundation::ERROR_INSUFFICIENT_BUFFER,
    NetworkManagement::IpHelper::{
        GetExtendedTcpTable, MIB_TCP6ROW_OWNER_PID, MIB_TCP6TABLE_OWNER_PID, MIB_TCPROW_OWNER_PID,
        MIB_TCPTABLE_OWNER_PID, TCP_TABLE_OWNER_PID_LISTENER,
    },
    Networking::WinSock::{AF_INET, AF_INET6},
};

use super::{process::Process, process_list::processes};
use crate::facts::{Listener, Running, Usage};

/// The longest part of a command line that is kept, in bytes.
const COMMAND_LINE_LIMIT: usize = 32 * 1024;

/// Every process there is.
pub(crate) fn running() -> Vec<Running> {
    let what = ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always).with_exe(UpdateKind::Always);
    let system = look(ProcessesToUpdate::All, what);
    let listed = processes().unwrap_or_default().into_iter();
    let started: HashMap<u32, u64> = listed.map(|listed| (listed.id.pid, listed.id.started)).collect();
    let all = system.iter().flat_map(|system| system.processes().values());
    all.filter_map(|process| describe(process, &started)).collect()
}

fn look(which: ProcessesToUpdate<'_>, what: ProcessRefreshKind) -> Option<System> {
    let mut system = System::new().ok()?;
    system.refresh_processes_specifics(which, true, what);
    Some(system)
}

/// `started` tells of those whom this user may not look at.
fn describe(process: &sysinfo::Process, started: &HashMap<u32, u64>) -> Option<Running> {
    let pid = process.pid().as_u32();
    let seen = match Process::look_at(pid) {
        Ok(None) => return None,
        Ok(Some(process)) => process.started().ok(),
        Err(_) => None,
    };
    let words: Vec<_> = process.cmd().iter().map(|word| word.to_string_lossy()).collect();
    let mut command_line = words.join(" ");
    command_line.truncate(command_line.floor_char_boundary(COMMAND_LINE_LIMIT));
    Some(Running {
        process: ProcessId { pid, started: seen.or_else(|| started.get(&pid).copied())? },
        parent: process.parent().map_or(0, Pid::as_u32),
        name: process.name().to_string_lossy().into_owned(),
        path: process.exe().filter(|path| !path.as_os_str().is_empty()).map(Path::to_owned),
        called: process.cmd().first().map(PathBuf::from).unwrap_or_default(),
        command_line,
        words: process.cmd().iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        may_be_seen: seen.is_some(),
    })
}

/// Where a process runs, if this user may know it.
pub(crate) fn directory(pid: u32) -> Option<PathBuf> {
    let pid = Pid::from_u32(pid);
    let what = ProcessRefreshKind::nothing().with_cwd(UpdateKind::Always);
    look(ProcessesToUpdate::Some(&[pid]), what)?.process(pid)?.cwd().map(Path::to_owned)
}

/// Nothing here has units.
pub(crate) const fn unit(_: u32) -> Option<String> {
    None
}

/// What each of these processes uses, as far as this user may know it. They are asked one by one: a list of all processes of the
/// machine costs more than all of them, and each program is measured again and again.
pub(crate) fn usage(pids: &[u32]) -> Vec<Usage> {
    let of = |pid: &u32| Process::look_at(*pid).ok()??.usage().ok();
    pids.iter().filter_map(of).collect()
}

/// Who listens on `port`, or on any; of `among`, or of all processes.
pub(crate) fn listeners(port: Option<u16>, among: Option<&[u32]>) -> Vec<Listener> {
    let of_v4 = |row: &MIB_TCPROW_OWNER_PID| listener(row.dwLocalPort, row.dwOwningPid);
    let of_v6 = |row: &MIB_TCP6ROW_OWNER_PID| listener(row.dwLocalPort, row.dwOwningPid);
    let v4 = rows(AF_INET.into(), offset_of!(MIB_TCPTABLE_OWNER_PID, table)).into_iter().map(|row| of_v4(&row));
    let v6 = rows(AF_INET6.into(), offset_of!(MIB_TCP6TABLE_OWNER_PID, table)).into_iter().map(|row| of_v6(&row));
    v4.chain(v6)
        .filter(|it| port.is_none_or(|port| port == it.port))
        .filter(|it| among.is_none_or(|among| it.pid.is_some_and(|pid| among.contains(&pid))))
        .collect()
}

/// The port stands in the lower half, in the order of the network.
fn listener(port: u32, pid: u32) -> Listener {
    let [high, low, ..] = port.to_le_bytes();
    Listener { port: u16::from_be_bytes([high, low]), pid: Some(pid) }
}

/// The rows of the table of those who listen, which begin at `offset`.
fn rows<Row: Copy>(family: u32, offset: usize) -> Vec<Row> {
    const TRIES: usize = 8;
    const WORD: usize = size_of::<u32>();
    let mut table: Vec<u32> = Vec::new();
    for _ in 0..TRIES {
        let mut length = u32::try_from(table.len() * WORD).unwrap_or(0);
        let place = if table.is_empty() { ptr::null_mut() } else { table.as_mut_ptr().cast::<c_void>() };
        // SAFETY: `place` has room for `length` bytes, which then tells how much is needed.
        let error = unsafe { GetExtendedTcpTable(place, &raw mut length, 0, family, TCP_TABLE_OWNER_PID_LISTENER, 0) };
        match error {
            0 => return table_rows(&table, offset),
            ERROR_INSUFFICIENT_BUFFER => table.resize(usize::try_from(length).unwrap_or(0).div_ceil(WORD), 0),
            _ => break,
        }
    }
    Vec::new()
}

fn table_rows<Row: Copy>(table: &[u32], offset: usize) -> Vec<Row> {
    let room = size_of_val(table).saturating_sub(offset) / size_of::<Row>();
    let count = table.first().and_then(|&count| usize::try_from(count).ok()).unwrap_or(0).min(room);
    // SAFETY: `count` rows lie within the table from `offset` on; they are plain numbers, whatever their alignment.
    let row = |at: usize| unsafe {
        table.as_ptr().cast::<u8>().add(offset + at * size_of::<Row>()).cast::<Row>().read_unaligned()
    };
    (0..count).map(row).collect()
}
