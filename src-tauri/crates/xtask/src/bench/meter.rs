//! What a process has used, from Linux's `/proc` (see proc(5)).

use std::{collections::BTreeMap, fs, time::Duration};

use anyhow::{Context, Result};

use super::daemon::ticks_per_second;

/// CPU time of all its threads, in user and kernel.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let file = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&file).with_context(|| format!("Failed to read {file} (a bench needs Linux)"))?;
    let ticks = cpu_ticks(&text).with_context(|| format!("{file} has no CPU time"))?;
    Ok(Duration::from_secs_f64(ticks as f64 / ticks_per_second()?))
}

/// CPU time of all threads that live, to the nanosecond: what is too little for [`cpu`] to count.
pub(crate) fn cpu_of_threads(pid: u32) -> Result<Duration> {
    let of_thread = |text: &str| text.split_whitespace().next()?.parse().ok();
    threads(pid, "schedstat", of_thread).map(Duration::from_nanos)
}

/// How often a thread that lives went to sleep, and so was woken.
pub(crate) fn wakes(pid: u32) -> Result<u64> {
    threads(pid, "status", |text| number_of(text, "voluntary_ctxt_switches:"))
}

/// The sum of what `read` finds in a file of each thread.
fn threads(pid: u32, file: &str, read: impl Fn(&str) -> Option<u64>) -> Result<u64> {
    let folder = format!("/proc/{pid}/task");
    let threads = fs::read_dir(&folder).with_context(|| format!("Failed to read {folder} (a bench needs Linux)"))?;
    // A thread that has ended meanwhile is none.
    let texts = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join(file)).ok());
    texts.map(|text| read(&text).with_context(|| format!("{folder}/*/{file} is not as expected"))).sum()
}

/// Resident memory, in bytes.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let file = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&file).with_context(|| format!("Failed to read {file} (a bench needs Linux)"))?;
    resident_bytes(&text).with_context(|| format!("{file} has no VmRSS"))
}

/// The memory of a process with its share of what it has in common with others (PSS), in bytes; nothing if it has ended.
pub(crate) fn proportional(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    line_of_kilobytes(&text, "Pss:").unwrap_or_default()
}

/// How many files a process may open that asks for as many as it can get.
pub(crate) fn open_files_limit() -> Result<u64> {
    let text =
        fs::read_to_string("/proc/self/limits").context("Failed to read our own limits (a bench needs Linux)")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files")).context("there is no such limit")?;
    let hard = line.split_whitespace().nth(1).context("it has no value")?;
    if hard == "unlimited" { Ok(u64::MAX) } else { hard.parse().context("it is no number") }
}

/// The processes that came of this one and live, itself included.
pub(crate) fn tree(root: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for pid in processes() {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if let Some(parent) = parent(&stat) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut tree = vec![root];
    let mut next = 0;
    while let Some(pid) = tree.get(next) {
        tree.extend(children.remove(pid).unwrap_or_default());
        next += 1;
    }
    tree
}

/// The processes that live and have `mark` in their command line.
pub(crate) fn marked(mark: &str) -> Vec<u32> {
    let has = |pid: &u32| command_line(*pid).contains(mark);
    processes().filter(has).collect()
}

/// The command line of a process; empty if it has ended.
pub(crate) fn command_line(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

fn processes() -> impl Iterator<Item = u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn parent(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

/// Fields 14 and 15; counted from behind the name, in which anything may stand.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn resident_bytes(status: &str) -> Option<u64> {
    line_of_kilobytes(status, "VmRSS:")
}

fn number_of(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
}

fn line_of_kilobytes(text: &str, name: &str) -> Option<u64> {
    let kilobytes = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(kilobytes.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_a_name_with_spaces_and_brackets() {
        let stat = "42 (a) b) (c) S 1 42 42 0 -1 4194560 100 0 0 0 70 30 5 6 20 0 4 0 123 456 789";
        assert_eq!(cpu_ticks(stat), Some(100));
        assert_eq!(parent(stat), Some(1));
        assert_eq!(cpu_ticks("nonsense"), None);
    }

    #[test]
    fn resident_memory_is_read_in_bytes() {
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t    2048 kB\nThreads:\t1\n"), Some(2048 * 1024));
        assert_eq!(resident_bytes("Name:\tx\n"), None);
    }

    #[test]
    fn sleeps_by_choice_are_told_from_those_that_are_not() {
        let status = "nonvoluntary_ctxt_switches:\t7\nvoluntary_ctxt_switches:\t42\n";
        assert_eq!(number_of(status, "voluntary_ctxt_switches:"), Some(42));
    }
}
