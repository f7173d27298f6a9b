//! As whom a service runs.

use std::fmt;

/// As whom a service runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// As itself: the account that Windows has for each service, and that nobody can log on with.
    Virtual,
    /// As a user, whose name is `.\name` or `DOMAIN\name`.
    User(String),
    /// As LocalSystem, which may do anything.
    System,
}

impl Account {
    /// The user called `name`: one of this machine, where no domain is named.
    pub(super) fn user(name: &str) -> Self {
        let is_whole = name.contains(['\\', '@']);
        Self::User(if is_whole { name.to_owned() } else { format!(r".\{name}") })
    }

    /// What the service control manager calls it.
    pub(super) fn of_manager(name: &str) -> Self {
        match name {
            _ if name.eq_ignore_ascii_case("LocalSystem") => Self::System,
            _ if name.eq_ignore_ascii_case(&Self::Virtual.to_string()) => Self::Virtual,
            name => Self::User(name.to_owned()),
        }
    }

    /// The name without machine or domain.
    pub(super) fn bare_name(&self) -> &str {
        match self {
            Self::Virtual => super::NAME,
            Self::System => "SYSTEM",
            Self::User(name) => name.rsplit('\\').next().and_then(|name| name.split('@').next()).unwrap_or(name),
        }
    }

    /// Whether it is the user who runs this.
    pub(super) fn is_current(&self) -> bool {
        let current = std::env::var("USERNAME").unwrap_or_default();
        matches!(self, Self::User(_)) && self.bare_name().eq_ignore_ascii_case(&current)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Virtual => write!(f, r"NT SERVICE\{}", super::NAME),
            Self::User(name) => f.write_str(name),
            Self::System => f.write_str("LocalSystem"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_called_as_the_service_control_manager_calls_it() {
        let check = |account: Account, shown: &str, bare: &str| {
            assert_eq!((account.to_string().as_str(), account.bare_name()), (shown, bare));
            assert_eq!(Account::of_manager(shown), account);
        };
        check(Account::Virtual, r"NT SERVICE\Estatus", "Estatus");
        check(Account::System, "LocalSystem", "SYSTEM");
        check(Account::user("luz"), r".\luz", "luz");
        check(Account::user(r"OFFICE\luz"), r"OFFICE\luz", "luz");
        check(Account::user("luz@office.example"), "luz@office.example", "luz");
    }
}
