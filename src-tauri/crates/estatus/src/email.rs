//! `estatus email test`: are the settings right?

use estatus_core::{config::Channel, incident::DeliveryResult};

use crate::{CommandError, Outcome, Result, configuration::Places};

pub(crate) async fn test(places: &Places, wanted: Option<&str>) -> Result {
    let config = places.load()?;
    let channels: Vec<_> = config
        .channels
        .iter()
        .filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name))
        .filter_map(|(name, channel)| match channel {
            Channel::Email(email) => Some((name, channel, email)),
            Channel::Webhook(_) | Channel::Command(_) => None,
        })
        .collect();
    if channels.is_empty() {
        let file = places.config.display();
        return Err(CommandError::Wrong(match wanted {
            Some(name) => format!("{file} has no email channel called “{name}”"),
            None => format!("{file} has no [email] table: set the mail server and the recipients there"),
        }));
    }
    let mut outcome = Outcome::Well;
    for (name, channel, email) in channels {
        match estatus_engine::test_channel(name, channel, &config, &places.data).await {
            DeliveryResult::Delivered => {
                say!("{name}: {} accepted an email to {}", email.server, email.to.join(", "));
            }
            DeliveryResult::Failed { error, .. } => {
                say!("{name}: {error}");
                outcome = Outcome::NotWell;
            }
        }
    }
    Ok(outcome)
}
