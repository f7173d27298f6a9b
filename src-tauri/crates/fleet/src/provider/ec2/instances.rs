//! Instances as EC2 describes them.

use std::collections::BTreeMap;

use roxmltree::Node;

use crate::provider::aws::{
    Asking, Aws, CallError,
    call::{Call, Service},
    xml::Element,
};

/// So many are asked for at once: the most that EC2 gives.
const PAGE: &str = "1000";
/// More pages than any fleet can have are not asked for.
const PAGES: u32 = 500;

/// The tags by which what Estatus has launched is found again.
pub(crate) mod tags {
    /// The installation of Estatus that has launched it.
    pub(crate) const OWNER: &str = "estatus:owner";
    /// The fleet.
    pub(crate) const FLEET: &str = "estatus:fleet";
    /// The instance's name in its fleet.
    pub(crate) const INSTANCE: &str = "estatus:instance";
    /// EC2 writes there which launch template it was launched from, and in which version.
    pub(crate) const TEMPLATE: &str = "aws:ec2launchtemplate:id";
    /// See [`TEMPLATE`].
    pub(crate) const TEMPLATE_VERSION: &str = "aws:ec2launchtemplate:version";
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) image: Option<String>,
    /// When it was launched, in words that are in order.
    pub(crate) launched: String,
    /// It is there, or will be; a stopped one is.
    pub(crate) lives: bool,
    /// Why it is not, where it ended by itself: not by a user, nor by us.
    pub(crate) ended_by_itself: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Seen {
    pub(crate) fn tag(&self, key: &str) -> Option<&str> {
        self.tags.get(key).map(String::as_str)
    }

    /// Its name, if it is of that fleet of that installation.
    pub(crate) fn name(&self, owner: &str, fleet: &str) -> Option<&str> {
        let is_ours = self.tag(tags::OWNER) == Some(owner) && self.tag(tags::FLEET) == Some(fleet);
        self.tag(tags::INSTANCE).filter(|_| is_ours)
    }

    pub(crate) fn read(node: Node<'_, '_>) -> Option<Self> {
        let state = node.child("instanceState").and_then(|state| state.text_of("name"));
        let reason = node.child("stateReason");
        let (code, message) = (reason.and_then(|it| it.text_of("code")), reason.and_then(|it| it.text_of("message")));
        let lives = !matches!(state, Some("shutting-down" | "terminated"));
        let by_somebody = |code: &&str| !code.starts_with("Client.UserInitiated");
        let tag = |tag: Node<'_, '_>| {
            Some((tag.text_of("key")?.to_owned(), tag.text_of("value").unwrap_or_default().to_owned()))
        };
        Some(Self {
            id: node.text_of("instanceId")?.to_owned(),
            image: node.text_of("imageId").map(str::to_owned),
            launched: node.text_of("launchTime").unwrap_or_default().to_owned(),
            lives,
            ended_by_itself: code.filter(|_| !lives).filter(by_somebody).map(|code| message.unwrap_or(code).to_owned()),
            tags: node.list("tagSet").filter_map(tag).collect(),
        })
    }
}

/// The instances that pass all of these filters.
///
/// # Errors
/// If EC2 does not say.
pub(crate) async fn describe(aws: &Aws, asking: Asking<'_>, filters: &[(&str, &str)]) -> Result<Vec<Seen>, CallError> {
    let mut all = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..PAGES {
        let mut call = Call::new(Service::Ec2, "DescribeInstances").with("MaxResults", PAGE);
        for (number, (name, value)) in (1..).zip(filters) {
            call = call.with(format!("Filter.{number}.Name"), *name);
            call = call.with(format!("Filter.{number}.Value.1"), escaped(value));
        }
        let call = call.with_some("NextToken", next.take());
        let (seen, token) = aws.ask(asking, &call, page).await?;
        all.extend(seen);
        match token {
            Some(token) => next = Some(token),
            None => break,
        }
    }
    Ok(all)
}

/// In the value of a filter `*` and `?` stand for others.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('*', "\\*").replace('?', "\\?")
}

fn page(root: Node<'_, '_>) -> Option<(Vec<Seen>, Option<String>)> {
    // Where there are none, the set is there and empty.
    root.child("reservationSet")?;
    let instances = root.list("reservationSet").flat_map(|reservation| reservation.list("instancesSet"));
    let seen = instances.filter_map(Seen::read).collect();
    Some((seen, root.text_of("nextToken").map(str::to_owned)))
}
