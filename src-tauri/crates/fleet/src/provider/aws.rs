//! Asks AWS, or what speaks as it does, by the Query form of its services: a signed POST, answered by XML.

pub(crate) mod call;
pub(crate) mod credentials;
mod http;
mod line;
pub(crate) mod refusal;
mod sign;
pub(crate) mod xml;

use estatus_core::{
    fleet::{
        Cloud,
        command::{ProviderError, ProviderErrorKind as Kind},
    },
    ports::Ports,
    words::Words,
};
use roxmltree::Node;

use self::{
    call::Call,
    credentials::{Environment, Vault},
    line::Line,
    refusal::Refusal,
};
use super::pace::Pace;

/// What all that is asked of AWS shares: connections, credentials, and what its clock says.
pub(crate) struct Aws {
    vault: Vault,
    line: Line,
}

/// Whose cloud is asked, and in whose words it is told what came of it.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) ports: &'a dyn Ports,
    pub(crate) words: &'a Words,
}

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    /// AWS has refused it.
    Refused {
        refusal: Refusal,
        /// It may have done it all the same, or at an earlier try.
        perhaps_done: bool,
    },
    /// There is no answer, or none that can be understood; or nothing was asked.
    Failed(ProviderError),
}

impl From<CallError> for ProviderError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused { refusal, perhaps_done } => {
                Self { kind: refusal.kind(), error: refusal.to_string(), perhaps_done }
            }
            CallError::Failed(error) => error,
        }
    }
}

impl From<ProviderError> for CallError {
    fn from(error: ProviderError) -> Self {
        Self::Failed(error)
    }
}

impl CallError {
    /// Whether AWS refused it with this code.
    pub(crate) fn is(&self, code: &str) -> bool {
        matches!(self, Self::Refused { refusal, .. } if refusal.code == code)
    }

    /// What kind of reason it is.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Refused { refusal, .. } => refusal.kind(),
            Self::Failed(error) => error.kind,
        }
    }

    fn perhaps_done(&mut self) -> &mut bool {
        match self {
            Self::Refused { perhaps_done, .. } => perhaps_done,
            Self::Failed(error) => &mut error.perhaps_done,
        }
    }
}

impl Aws {
    /// What asks at this pace, with what this environment says of credentials.
    pub(crate) fn new(pace: &Pace, environment: Environment) -> Self {
        Self { vault: Vault::new(environment), line: Line::new(pace) }
    }

    /// Makes a request, again where that does no more and may help, and reads its answer by `read`.
    ///
    /// # Errors
    /// If there are no credentials, it is refused, or there is no answer that `read` understands.
    pub(crate) async fn ask<T>(
        &self,
        asking: Asking<'_>,
        call: &Call,
        read: impl Fn(Node<'_, '_>) -> Option<T>,
    ) -> Result<T, CallError> {
        let keys = self.vault.keys(asking, &self.line).await?;
        let asked = self.line.ask(asking, call, Some(&keys), read).await;
        if asked.as_ref().is_err_and(|error| error.kind() == Kind::Credentials) {
            // They may have been changed since they were looked for.
            self.vault.forget(asking.cloud);
        }
        asked
    }
}
