//! Puts what the operating system, rustls and hyper report into the words of [`Cause`].

use std::{error::Error, io};

use estatus_core::observation::Cause;
use h2::Reason;

/// Too many open files in this process or on this machine (errno.h; winsock2.h).
const OUT_OF_FILES: &[i32] = if cfg!(windows) { &[10024] } else { &[23, 24] };

/// What an error on a connection means.
pub(crate) fn of_io(error: &io::Error) -> Cause {
    use io::ErrorKind as Kind;
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return estatus_tls::of_tls(error);
    }
    if error.raw_os_error().is_some_and(|code| OUT_OF_FILES.contains(&code)) {
        return Cause::OutOfFiles;
    }
    match error.kind() {
        Kind::ConnectionRefused => Cause::Refused,
        Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable
        | Kind::PermissionDenied
        | Kind::TimedOut => Cause::Unreachable { error: text(error) },
        Kind::UnexpectedEof => Cause::Closed,
        Kind::InvalidData | Kind::InvalidInput => Cause::Protocol { error: text(error) },
        _ => Cause::Broken { error: text(error) },
    }
}

/// What an error of hyper means.
pub(crate) fn of_hyper(error: &hyper::Error) -> Cause {
    if let Some(error) = within(error) {
        return of_io_below_http(error);
    }
    if let Some(error) = within(error) {
        return of_http2(error);
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Cause::Closed;
    }
    let whole = chain(error);
    if error.is_parse() { Cause::Protocol { error: whole } } else { Cause::Broken { error: whole } }
}

/// Whether a server that was asked over HTTP/2 asks to be asked over HTTP/1.1 instead.
pub(crate) fn wants_http1(error: &hyper::Error) -> bool {
    within::<h2::Error>(error).is_some_and(|error| error.reason() == Some(Reason::HTTP_1_1_REQUIRED))
}

/// Whoever writes where the other side has closed is told of a broken pipe; h2 says the same of an end that comes too early.
fn of_io_below_http(error: &io::Error) -> Cause {
    if error.kind() == io::ErrorKind::BrokenPipe { Cause::Closed } else { of_io(error) }
}

fn of_http2(error: &h2::Error) -> Cause {
    match (error.get_io(), error.reason()) {
        (Some(error), _) => of_io_below_http(error),
        (None, Some(Reason::NO_ERROR)) => Cause::Closed,
        (None, Some(reason)) if error.is_remote() => {
            Cause::Protocol { error: format!("over HTTP/2, the server broke off with {reason:?}") }
        }
        (None, Some(reason)) => Cause::Protocol { error: format!("it is broken HTTP/2 ({reason:?})") },
        (None, None) => Cause::Protocol { error: error.to_string() },
    }
}

/// What the operating system says, without its number.
pub(crate) fn text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words).to_owned()
}

fn within<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    std::iter::successors(error.source(), |&error| error.source()).find_map(|error| error.downcast_ref())
}

fn chain(error: &dyn Error) -> String {
    let mut whole = error.to_string();
    for source in std::iter::successors(error.source(), |&error| error.source()) {
        let text = source.to_string();
        if !whole.ends_with(&text) {
            whole = format!("{whole}: {text}");
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_are_told_apart() {
        let check = |kind: io::ErrorKind, cause: fn(String) -> Cause| {
            assert_eq!(of_io(&kind.into()), cause(io::Error::from(kind).to_string()), "{kind:?}");
        };
        check(io::ErrorKind::ConnectionRefused, |_| Cause::Refused);
        check(io::ErrorKind::NetworkUnreachable, |error| Cause::Unreachable { error });
        check(io::ErrorKind::HostUnreachable, |error| Cause::Unreachable { error });
        check(io::ErrorKind::UnexpectedEof, |_| Cause::Closed);
        check(io::ErrorKind::ConnectionReset, |error| Cause::Broken { error });
        check(io::ErrorKind::InvalidData, |error| Cause::Protocol { error });
    }

    #[test]
    fn running_out_of_open_files_is_not_the_targets_fault() {
        let error = io::Error::from_raw_os_error(OUT_OF_FILES[0]);
        assert!(of_io(&error).is_ours());
    }

    #[test]
    fn the_number_of_an_error_is_left_out() {
        assert!(!text(&io::Error::from_raw_os_error(1)).contains("os error"));
    }
}
