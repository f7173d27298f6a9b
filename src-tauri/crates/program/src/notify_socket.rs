//! What a program says of itself on `NOTIFY_SOCKET` (sd_notify(3)).
//!
//! `READY=1`, `STATUS=…`, `WATCHDOG=1`, `WATCHDOG=trigger`, `WATCHDOG_USEC=…` and `MAINPID=…` are understood; the rest is
//! not for us. There is no setting for the watchdog: a program promises to say `WATCHDOG=1` in time by sending
//! `WATCHDOG_USEC=…` (of 0: it takes the promise back). Who cannot send that is given `WATCHDOG_USEC` in `env`, where
//! systemd would put it: then the first `WATCHDOG=1` begins it.

use std::time::Duration;

/// The longest message, in bytes.
pub(crate) const MESSAGE_LIMIT: usize = 4096;
/// The longest status that is kept, in bytes.
const STATUS_LIMIT: usize = 400;

/// Something that a program said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotifyMessage {
    /// It is ready.
    Ready,
    /// How it is.
    Status(String),
    /// It lives.
    Alive,
    /// It is not well, and says so.
    Unwell,
    /// It will say within this, again and again, that it lives; or no longer.
    Promise(Option<Duration>),
    /// This is its first process.
    First(u32),
}

/// What a message says, in its order; what is not understood is left out.
pub(crate) fn notices(message: &[u8]) -> Vec<NotifyMessage> {
    String::from_utf8_lossy(message).lines().filter_map(notice).collect()
}

fn notice(line: &str) -> Option<NotifyMessage> {
    let (name, value) = line.split_once('=')?;
    match (name, value) {
        ("READY", "1") => Some(NotifyMessage::Ready),
        ("STATUS", status) => Some(NotifyMessage::Status(beginning(status.trim()).to_owned())),
        ("WATCHDOG", "1") => Some(NotifyMessage::Alive),
        ("WATCHDOG", "trigger") => Some(NotifyMessage::Unwell),
        ("WATCHDOG_USEC", _) => microseconds(value).map(NotifyMessage::Promise),
        ("MAINPID", pid) => pid.parse().ok().map(NotifyMessage::First),
        _ => None,
    }
}

/// What `WATCHDOG_USEC` says; a zero is no time at all.
pub(crate) fn microseconds(value: &str) -> Option<Option<Duration>> {
    let micros = value.trim().parse().ok().map(Duration::from_micros)?;
    Some(Some(micros).filter(|micros| !micros.is_zero()))
}

fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(STATUS_LIMIT)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_is_understood() {
        let check = |message: &[u8], said: &[NotifyMessage]| {
            assert_eq!(notices(message), said, "{}", message.escape_ascii());
        };
        check(b"READY=1", &[NotifyMessage::Ready]);
        check(b"READY=0\nREADY\nFDSTORE=1\n\n=", &[]);
        check(b"STATUS= 3 of 7 \nREADY=1\n", &[NotifyMessage::Status("3 of 7".into()), NotifyMessage::Ready]);
        check(b"STATUS=a=b \xff", &[NotifyMessage::Status("a=b \u{fffd}".into())]);
        check(b"WATCHDOG=1", &[NotifyMessage::Alive]);
        check(b"WATCHDOG=trigger", &[NotifyMessage::Unwell]);
        check(b"WATCHDOG_USEC=1500000", &[NotifyMessage::Promise(Some(Duration::from_millis(1500)))]);
        check(b"WATCHDOG_USEC=0", &[NotifyMessage::Promise(None)]);
        check(b"WATCHDOG_USEC=soon\nMAINPID=-1\nMAINPID=x", &[]);
        check(b"MAINPID=4711", &[NotifyMessage::First(4711)]);
        check(b"", &[]);
    }

    #[test]
    fn a_long_status_is_cut_between_characters() {
        let long = "ñ".repeat(STATUS_LIMIT);
        let said = notices(format!("STATUS=x{long}").as_bytes());
        let [NotifyMessage::Status(status)] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!(status.len(), STATUS_LIMIT - 1);
    }
}
