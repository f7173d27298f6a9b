//! The figures of a Linux machine, from `/proc` (proc(5)) and statvfs(3).

use std::{fs, io, path::Path};

use super::{CpuTimes, Disk, share};

/// What the cores have done so far, in clock ticks.
pub(crate) fn cpu_times() -> io::Result<CpuTimes> {
    parse_cpu_times(&fs::read_to_string("/proc/stat")?).ok_or_else(|| unreadable("/proc/stat"))
}

/// Memory in use, in percent: what is not available to a new program without swapping.
pub(crate) fn memory() -> io::Result<f64> {
    parse_memory(&fs::read_to_string("/proc/meminfo")?).ok_or_else(|| unreadable("/proc/meminfo"))
}

/// The load average over one minute.
pub(crate) fn load() -> io::Result<f64> {
    parse_load(&fs::read_to_string("/proc/loadavg")?).ok_or_else(|| unreadable("/proc/loadavg"))
}

/// The disk that holds `path`.
pub(crate) fn disk(path: &Path) -> io::Result<Disk> {
    let stat = rustix::fs::statvfs(path)?;
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    Ok(Disk {
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
        total: used.saturating_add(stat.f_bavail).saturating_mul(stat.f_frsize),
    })
}

fn unreadable(file: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{file} is not in its known form"))
}

/// The first line: user, nice, system, idle, iowait, irq, softirq, steal; what follows is part of user and nice.
fn parse_cpu_times(stat: &str) -> Option<CpuTimes> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let times: Vec<u64> = line.split_whitespace().take(8).map_while(|ticks| ticks.parse().ok()).collect();
    let [_, _, _, idle, ref rest @ ..] = *times.as_slice() else { return None };
    let total = times.iter().sum();
    let waiting = rest.first().copied().unwrap_or_default();
    Some(CpuTimes { busy: total - idle - waiting, total })
}

fn parse_memory(meminfo: &str) -> Option<f64> {
    let figure = |name: &str| -> Option<u64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let total = figure("MemTotal")?;
    Some(share(total.checked_sub(figure("MemAvailable")?)?, total))
}

fn parse_load(loadavg: &str) -> Option<f64> {
    loadavg.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_the_cpu_are_read() {
        let check = |stat: &str, times: Option<(u64, u64)>| {
            assert_eq!(parse_cpu_times(stat).map(|times| (times.busy, times.total)), times, "{stat}");
        };
        check("cpu  100 20 30 800 50 1 2 3 40 5\ncpu0 1 2 3 4", Some((156, 1006)));
        check("cpu  100 20 30 800\n", Some((150, 950)));
        check("cpu  100 20\n", None);
        check("intr 5", None);
        check("", None);
    }

    #[test]
    fn memory_in_use_is_what_is_not_available() {
        let check = |meminfo: &str, used: Option<f64>| assert_eq!(parse_memory(meminfo), used, "{meminfo}");
        check("MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    250 kB\n", Some(75.0));
        check("MemTotal:       1000 kB\nMemFree:         100 kB\n", None);
        check("", None);
    }

    #[test]
    fn the_load_of_one_minute_is_read() {
        assert_eq!(parse_load("0.41 0.30 0.20 1/300 4242\n"), Some(0.41));
        assert_eq!(parse_load(""), None);
    }
}
