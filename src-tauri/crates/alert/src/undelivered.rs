//! What a delivery that failed comes to.

use estatus_core::incident::DeliveryResult;

/// A failure that may pass by itself.
pub(crate) fn temporary(error: String) -> DeliveryResult {
    DeliveryResult::Failed { error, perhaps_received: false, permanent: false }
}

/// A failure that stays until the configuration is changed.
pub(crate) fn permanent(error: String) -> DeliveryResult {
    DeliveryResult::Failed { error, perhaps_received: false, permanent: true }
}

/// A failure after which nobody here can know whether the message arrived.
pub(crate) fn unconfirmed(error: String) -> DeliveryResult {
    DeliveryResult::Failed { error, perhaps_received: true, permanent: false }
}
