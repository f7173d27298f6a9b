//! Telling the person something where there is no icon and no window to say it.

#[cfg_attr(unix, path = "dialog/unix.rs")]
#[cfg_attr(windows, path = "dialog/windows.rs")]
mod platform;

use std::process::ExitCode;

use clap::Parser;

/// Whether anybody sees what is written to standard error.
pub(crate) fn somebody_reads() -> bool {
    platform::somebody_reads()
}

/// Tells `text`, in a box where nobody would see it on standard error.
pub fn tell(text: &str) {
    tracing::error!("{text}");
    if !platform::somebody_reads() {
        platform::show(text);
    }
}

/// Asks `question`, whose answer is yes or no; no where nobody can be asked.
pub fn ask(question: &str) -> bool {
    platform::ask(question)
}

/// The arguments that this program was started with.
///
/// # Errors
/// What it ends with, where it is not to run on: they are not understood, which the person is told, or help is wanted.
pub fn arguments<A: Parser>() -> Result<A, ExitCode> {
    A::try_parse().map_err(|error| {
        if platform::somebody_reads() {
            // Who cannot be told is gone.
            let _ = error.print();
        } else {
            platform::show(&error.render().to_string());
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(u8::MAX))
    })
}
