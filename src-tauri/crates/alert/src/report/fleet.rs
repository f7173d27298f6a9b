//! What is told of a fleet.

use estatus_core::{
    fleet::{Trouble, command::ProviderErrorKind},
    incident::News,
    words::Words,
};

use super::VALUE_LIMIT;
use crate::text::one_line;

/// The end of the keys of the texts that tell that something is wrong.
pub(super) const fn trouble_key(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::CannotLaunch => "fleet_trouble.cannot_launch",
        Trouble::AtMax => "fleet_trouble.at_max",
        Trouble::Lost => "fleet_trouble.lost",
        Trouble::Held => "fleet_trouble.held",
    }
}

/// The end of the keys of the texts that tell that it is no more.
pub(super) const fn well_key(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::CannotLaunch => "fleet_well.cannot_launch",
        Trouble::AtMax => "fleet_well.at_max",
        Trouble::Lost => "fleet_well.lost",
        Trouble::Held => "fleet_well.held",
    }
}

/// What kind of reason the provider has, in a few words.
pub(super) fn reason(news: &News, words: &Words) -> Option<String> {
    let News::FleetTrouble { reason: Some(reason), .. } = news else { return None };
    let key = match reason {
        ProviderErrorKind::Credentials => "mail.provider.credentials",
        ProviderErrorKind::Configuration => "mail.provider.configuration",
        ProviderErrorKind::Capacity => "mail.provider.capacity",
        ProviderErrorKind::Throttled => "mail.provider.throttled",
        ProviderErrorKind::Unreachable => "mail.provider.unreachable",
        ProviderErrorKind::Other => return None,
    };
    Some(words.text(key, &[]))
}

/// What the provider said, in one line without a full stop.
pub(crate) fn said(news: &News) -> Option<String> {
    let News::FleetTrouble { trouble: Trouble::CannotLaunch, why: Some(why), .. } = news else { return None };
    let said = one_line(why, VALUE_LIMIT);
    Some(said.trim_end_matches('.').to_owned()).filter(|said| !said.is_empty())
}

/// The name of the instance that was lost.
pub(crate) fn lost(news: &News) -> Option<String> {
    let News::FleetTrouble { trouble: Trouble::Lost, why: Some(instance), .. } = news else { return None };
    Some(one_line(instance, VALUE_LIMIT))
}

/// What is to be done about it in `fleet`, or is done, in one sentence without a full stop.
pub(crate) fn remedy(trouble: Trouble, reason: Option<ProviderErrorKind>, fleet: &str, words: &Words) -> String {
    let key = match (trouble, reason) {
        (Trouble::CannotLaunch, Some(ProviderErrorKind::Credentials)) => "mail.fleet.credentials",
        (Trouble::CannotLaunch, Some(ProviderErrorKind::Configuration)) => "mail.fleet.configuration",
        (Trouble::CannotLaunch, Some(ProviderErrorKind::Capacity)) => "mail.fleet.capacity",
        (Trouble::CannotLaunch, Some(ProviderErrorKind::Throttled)) => "mail.fleet.throttled",
        (Trouble::CannotLaunch, Some(ProviderErrorKind::Unreachable)) => "mail.fleet.unreachable",
        (Trouble::CannotLaunch, Some(ProviderErrorKind::Other) | None) => "mail.fleet.cannot_launch",
        (Trouble::AtMax, _) => "mail.fleet.at_max",
        (Trouble::Lost, _) => "mail.fleet.lost",
        (Trouble::Held, _) => "mail.fleet.held",
    };
    words.text(key, &[("fleet", &one_line(fleet, VALUE_LIMIT))])
}
