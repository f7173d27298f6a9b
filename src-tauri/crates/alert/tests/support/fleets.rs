//! Examples of what is told of fleets.

use estatus_core::{
    fleet::{Trouble, command::ProviderErrorKind},
    incident::{Alert, News},
};

/// A fleet that is told of.
fn fleet(news: News) -> Alert {
    Alert { subject: "web".into(), check: None, target: String::new(), news }
}

/// The provider does not launch, and says this.
pub fn cannot_launch(reason: Option<ProviderErrorKind>, said: &str) -> Alert {
    fleet(News::FleetTrouble { trouble: Trouble::CannotLaunch, why: Some(said.to_owned()), reason })
}

/// An instance is lost.
pub fn lost(instance: Option<&str>) -> Alert {
    fleet(News::FleetTrouble { trouble: Trouble::Lost, why: instance.map(str::to_owned), reason: None })
}

/// Something else is wrong.
pub fn trouble(trouble: Trouble) -> Alert {
    fleet(News::FleetTrouble { trouble, why: None, reason: None })
}

/// It is over.
pub fn well(trouble: Trouble) -> Alert {
    fleet(News::FleetWell { trouble })
}
