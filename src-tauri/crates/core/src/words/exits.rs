//! How processes end.
//!
//! What a code or a signal means stands in the catalogues under `code.N` and `signal.NAME`. Codes come from shells
//! (POSIX 2.8.2), `sysexits.h`, Windows (`ntstatus.h`) and the runtimes of some languages.

use super::Words;
use crate::exit::{Exit, signal_name};

/// A shell ends with this and the number of the signal that ended its command.
const BY_SIGNAL: i32 = 128;
/// Codes further from 0 than this are nobody's choice: they are Windows's statuses, which are written in hexadecimal.
const CHOSEN: u32 = 0x1_0000;

impl Words {
    /// How a process ended, and what that means where it is known, like `exit code 127 (the command was not found)`.
    pub fn exit(&self, exit: Exit) -> String {
        match exit {
            Exit::Code(code) => self.exit_code(code),
            // There are none on Windows: it is how what was ended from here is told.
            Exit::Signal(_) if cfg!(windows) => self.text("exit.ended", &[]),
            Exit::Signal(number) => self.known("exit.signal", exit.to_string(), self.signal(number)),
            Exit::Unseen => self.text("exit.unseen", &[]),
        }
    }

    fn exit_code(&self, code: i32) -> String {
        let shown = shown(code);
        let meaning = self.find(&format!("code.{shown}")).or_else(|| self.family(code));
        self.known("exit.code", shown, meaning)
    }

    /// What a code means that stands for many.
    fn family(&self, code: i32) -> Option<String> {
        // The two highest bits of an NTSTATUS say that it is an error.
        if code.cast_unsigned() >> 30 == 0b11 && code.unsigned_abs() >= CHOSEN {
            return self.find("code.status");
        }
        let number = code.checked_sub(BY_SIGNAL)?;
        let (name, meaning) = (signal_name(number)?, self.signal(number)?);
        Some(self.text("code.signal", &[("signal", name), ("meaning", &meaning)]))
    }

    fn signal(&self, number: i32) -> Option<String> {
        self.find(&format!("signal.{}", signal_name(number)?))
    }

    /// The text under `key`, with `meaning` in brackets where there is one.
    fn known(&self, key: &str, shown: String, meaning: Option<String>) -> String {
        let exit = self.text(key, &[("exit", &shown)]);
        match meaning {
            Some(meaning) => self.text("exit.known", &[("exit", &exit), ("meaning", &meaning)]),
            None => exit,
        }
    }
}

/// A code as whoever looks for it would write it.
fn shown(code: i32) -> String {
    if code.unsigned_abs() < CHOSEN { code.to_string() } else { format!("0x{code:08X}") }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{super::ENGLISH, *};
    use crate::{config::Language, exit::signal_number};

    #[test]
    fn how_a_process_ended_is_told_with_what_it_means() {
        let words = Words::new(Language::English, TimeZone::UTC);
        let check = |exit: Exit, text: &str| assert_eq!(words.exit(exit), text);
        check(Exit::Code(0), "exit code 0 (success)");
        check(Exit::Code(1), "exit code 1 (general error)");
        check(Exit::Code(2), "exit code 2 (error, often invalid arguments)");
        check(Exit::Code(3), "exit code 3");
        check(Exit::Code(78), "exit code 78 (configuration error)");
        check(Exit::Code(126), "exit code 126 (the command cannot be executed)");
        check(Exit::Code(127), "exit code 127 (command not found)");
        check(Exit::Code(128), "exit code 128");
        check(Exit::Code(130), "exit code 130 (SIGINT: interrupted, for example by Ctrl-C)");
        check(Exit::Code(137), "exit code 137 (SIGKILL: killed, manually or because memory ran out)");
        check(Exit::Code(139), "exit code 139 (SIGSEGV: segmentation fault)");
        check(Exit::Code(143), "exit code 143 (SIGTERM: asked to terminate)");
        check(Exit::Code(128 + 19), "exit code 147");
        check(Exit::Code(255), "exit code 255");
        check(Exit::Code(-1), "exit code -1");
        check(Exit::Code(9009), "exit code 9009 (command not found)");
        check(Exit::Code(i32::MAX), "exit code 0x7FFFFFFF");
        check(Exit::Code(i32::MIN), "exit code 0x80000000");
        // There are no signals on Windows: what Estatus ends is told so.
        let signal = |number: i32, text: &str| {
            check(Exit::Signal(number), if cfg!(windows) { "ended by Estatus" } else { text });
        };
        signal(9, "SIGKILL (killed, manually or because memory ran out)");
        signal(15, "SIGTERM (asked to terminate)");
        signal(34, "signal 34");
        signal(-1, "signal -1");
        check(Exit::Unseen, "exit status unknown");
    }

    #[test]
    fn what_windows_says_of_a_crash_is_told_in_words() {
        let words = Words::new(Language::English, TimeZone::UTC);
        let check = |status: u32, text: &str| assert_eq!(words.exit(Exit::Code(status.cast_signed())), text);
        check(0xC000_0005, "exit code 0xC0000005 (memory access violation)");
        check(0xC000_013A, "exit code 0xC000013A (interrupted by Ctrl-C, or its console was closed)");
        check(0xC000_0135, "exit code 0xC0000135 (a DLL that it needs is missing)");
        check(0xC000_0142, "exit code 0xC0000142 (a DLL that it needs failed to initialize)");
        check(0xC000_00FD, "exit code 0xC00000FD (stack overflow)");
        check(0xC000_0409, "exit code 0xC0000409 (aborted, or detected a stack buffer overrun)");
        check(0xC000_0374, "exit code 0xC0000374 (heap corruption)");
        check(0xE043_4352, "exit code 0xE0434352 (uncaught .NET exception)");
        check(0xC012_3456, "exit code 0xC0123456 (crashed with this Windows status code)");
        check(0x4001_0004, "exit code 0x40010004 (ended because of a logoff or shutdown)");
        check(0x8000_4005, "exit code 0x80004005");
    }

    /// A key that no code is written as would never be found.
    #[test]
    fn every_meaning_belongs_to_a_code_or_a_signal() {
        for key in ENGLISH.keys() {
            if let Some(code) = key.strip_prefix("code.").filter(|code| !matches!(*code, "status" | "signal")) {
                let number = code.strip_prefix("0x").map_or_else(
                    || code.parse().expect("a number"),
                    |status| u32::from_str_radix(status, 16).expect("a number").cast_signed(),
                );
                assert_eq!(shown(number), code);
            }
            if let Some(signal) = key.strip_prefix("signal.") {
                assert!(signal_number(signal).is_some(), "{signal}");
            }
        }
        let all = (1..64).filter_map(signal_name).map(|name| format!("signal.{name}"));
        assert_eq!(all.filter(|key| !ENGLISH.contains_key(key)).collect::<Vec<_>>(), Vec::<String>::new());
    }
}
