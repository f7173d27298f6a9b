//! Its EC2.

use std::{collections::BTreeMap, time::Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Form, Refused, State, escaped, numbered, refused};

/// A launch template; of each version, the image and the user data.
#[derive(Clone)]
pub(crate) struct FakeTemplate {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) versions: Vec<(&'static str, Vec<u8>)>,
}

/// An instance.
#[derive(Clone)]
pub(crate) struct FakeInstance {
    pub(crate) id: String,
    pub(crate) image: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) user_data: Vec<u8>,
    pub(crate) launched: Instant,
    /// What of its tags was added later, and when.
    tagged: Option<(Instant, BTreeMap<String, String>)>,
    /// When it was ended, and why: the code and the message.
    pub(crate) ended: Option<(Instant, &'static str, &'static str)>,
}

impl FakeTemplate {
    pub(crate) fn new(id: &'static str, name: &'static str) -> Self {
        Self { id, name, versions: vec![("ami-1", b"#!/bin/sh\necho of the template\n".to_vec())] }
    }
}

impl FakeInstance {
    pub(crate) fn lives(&self) -> bool {
        self.ended.is_none()
    }

    /// All its tags, those that do not show yet too.
    pub(crate) fn tag(&self, key: &str) -> Option<&str> {
        let added = self.tagged.as_ref().and_then(|(_, tags)| tags.get(key));
        added.or_else(|| self.tags.get(key)).map(String::as_str)
    }

    /// It ends by itself.
    pub(crate) fn end(&mut self, code: &'static str, message: &'static str) {
        self.ended.get_or_insert((Instant::now(), code, message));
    }
}

impl State {
    pub(crate) fn launch(&mut self, image: &str, tags: BTreeMap<String, String>, user_data: Vec<u8>) -> usize {
        let (id, image) = (self.new_id("i"), image.to_owned());
        let launched = Instant::now();
        self.instances.push(FakeInstance { id, image, tags, user_data, launched, tagged: None, ended: None });
        self.instances.len() - 1
    }

    pub(crate) fn living(&self) -> usize {
        self.instances.iter().filter(|instance| instance.lives()).count()
    }

    /// The ids of all that were ever launched under a name.
    pub(crate) fn launched_as(&self, name: &str) -> Vec<String> {
        let is_it = |instance: &&FakeInstance| instance.tag("estatus:instance") == Some(name);
        self.instances.iter().filter(is_it).map(|instance| instance.id.clone()).collect()
    }

    fn template(&self, form: &Form, prefix: &str) -> Result<FakeTemplate, Refused> {
        let by = |key: &str| form.get(&format!("{prefix}{key}")).map(String::as_str);
        let (id, name) = (by("LaunchTemplateId"), by("LaunchTemplateName"));
        let found = self.templates.iter().find(|it| Some(it.id) == id || Some(it.name) == name);
        match (found, id) {
            (Some(template), _) => Ok(template.clone()),
            (None, Some(id)) => refused(400, "InvalidLaunchTemplateId.NotFound", &format!("no {id}")),
            (None, None) => refused(400, "InvalidLaunchTemplateName.NotFoundException", "no such name"),
        }
    }

    pub(super) fn run_instances(&mut self, form: &Form) -> Result<String, Refused> {
        let template = self.template(form, "LaunchTemplate.")?;
        let token = form["ClientToken"].clone();
        if let Some((before, launched)) = self.tokens.get(&token) {
            if before != form {
                return refused(400, "IdempotentParameterMismatch", "other arguments than before");
            }
            if let Some(at) = launched {
                return Ok(format!("<instancesSet>{}</instancesSet>", self.described(*at)));
            }
        }
        self.tokens.insert(token.clone(), (form.clone(), None));
        if self.living() >= self.room {
            return refused(500, "InsufficientInstanceCapacity", "We currently do not have sufficient capacity");
        }
        let version = form["LaunchTemplate.Version"].parse::<usize>().unwrap();
        let (image, template_data) = template.versions[version - 1].clone();
        let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let mut tags = BTreeMap::from([
            tag("aws:ec2launchtemplate:id", template.id),
            tag("aws:ec2launchtemplate:version", &version.to_string()),
        ]);
        let keys = numbered(form, "TagSpecification.1.Tag.", ".Key");
        tags.extend(keys.into_iter().zip(numbered(form, "TagSpecification.1.Tag.", ".Value")).map(|(k, v)| tag(k, v)));
        let image = form.get("ImageId").map_or(image, String::as_str).to_owned();
        let user_data = form.get("UserData").map_or(template_data, |data| STANDARD.decode(data).unwrap());
        let at = self.launch(&image, tags, user_data);
        self.tokens.insert(token, (form.clone(), Some(at)));
        Ok(format!("<instancesSet>{}</instancesSet>", self.described(at)))
    }

    pub(super) fn describe_instances(&self, form: &Form) -> Result<String, Refused> {
        let filters: Vec<(&str, &str)> =
            numbered(form, "Filter.", ".Name").into_iter().zip(numbered(form, "Filter.", ".Value.1")).collect();
        let passes = |at: &usize| {
            let (instance, tags) = (&self.instances[*at], self.shown_tags(*at));
            let has = |(name, value): &(&str, &str)| {
                let tag = name.strip_prefix("tag:").expect("a filter for a tag");
                tags.get(tag).is_some_and(|its| its == value)
            };
            self.shows(instance.launched) && filters.iter().all(has)
        };
        let all: Vec<usize> = (0..self.instances.len()).filter(passes).collect();
        let from = form.get("NextToken").map_or(0, |token| token.parse().unwrap());
        let page = form["MaxResults"].parse::<usize>().unwrap();
        let items = all.iter().skip(from).take(page).map(|at| {
            format!("<item><reservationId>r</reservationId><instancesSet>{}</instancesSet></item>", self.described(*at))
        });
        let next = from + page;
        let token = if next < all.len() { format!("<nextToken>{next}</nextToken>") } else { String::new() };
        Ok(format!("<reservationSet>{}</reservationSet>{token}", items.collect::<String>()))
    }

    fn shown_tags(&self, at: usize) -> BTreeMap<String, String> {
        let instance = &self.instances[at];
        let added = instance.tagged.iter().filter(|(since, _)| self.shows(*since)).flat_map(|(_, tags)| tags.clone());
        instance.tags.clone().into_iter().chain(added).collect()
    }

    fn described(&self, at: usize) -> String {
        let instance = &self.instances[at];
        let ended = instance.ended.filter(|(since, ..)| self.shows(*since));
        let state = match ended {
            Some(_) => "terminated",
            None if instance.launched.elapsed() < self.pending_for => "pending",
            None => "running",
        };
        let reason = ended.map_or_else(String::new, |(_, code, message)| {
            format!("<stateReason><code>{code}</code><message>{message}</message></stateReason>")
        });
        let tags = self
            .shown_tags(at)
            .into_iter()
            .map(|(key, value)| format!("<item><key>{}</key><value>{}</value></item>", escaped(&key), escaped(&value)));
        format!(
            "<item><instanceId>{}</instanceId><imageId>{}</imageId><instanceState><code>0</code><name>{state}</name>\
             </instanceState>{reason}<launchTime>2026-01-01T00:00:{:02}.000Z</launchTime><tagSet>{}</tagSet></item>",
            instance.id,
            instance.image,
            at,
            tags.collect::<String>()
        )
    }

    pub(super) fn terminate_instances(&mut self, form: &Form) -> Result<String, Refused> {
        let id = &form["InstanceId.1"];
        let shows = |instance: &FakeInstance| instance.launched.elapsed() >= self.shows_after;
        let found = self.instances.iter().position(|instance| instance.id == *id && shows(instance));
        let Some(at) = found else {
            return refused(400, "InvalidInstanceID.NotFound", &format!("The instance ID '{id}' does not exist"));
        };
        self.instances[at].end("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown");
        Ok(format!("<instancesSet><item><instanceId>{id}</instanceId></item></instancesSet>"))
    }

    pub(super) fn describe_template(&self, form: &Form) -> Result<String, Refused> {
        let template = self.template(form, "")?;
        let number = match form["LaunchTemplateVersion.1"].as_str() {
            "$Default" => 1,
            "$Latest" => template.versions.len(),
            number => number.parse().unwrap(),
        };
        let Some((image, data)) = template.versions.get(number - 1) else {
            return Ok("<launchTemplateVersionSet/>".to_owned());
        };
        let data =
            if data.is_empty() { String::new() } else { format!("<userData>{}</userData>", STANDARD.encode(data)) };
        Ok(format!(
            "<launchTemplateVersionSet><item><launchTemplateId>{}</launchTemplateId><versionNumber>{number}</versionNumber>\
             <launchTemplateData><imageId>{image}</imageId>{data}</launchTemplateData></item></launchTemplateVersionSet>",
            template.id
        ))
    }

    pub(super) fn create_tags(&mut self, form: &Form) -> Result<String, Refused> {
        let id = &form["ResourceId.1"];
        let Some(at) = self.instances.iter().position(|instance| instance.id == *id) else {
            return refused(400, "InvalidID", id);
        };
        let keys = numbered(form, "Tag.", ".Key").into_iter().map(str::to_owned);
        let tags = keys.zip(numbered(form, "Tag.", ".Value").into_iter().map(str::to_owned)).collect();
        self.instances[at].tagged = Some((Instant::now(), tags));
        Ok("<return>true</return>".to_owned())
    }
}
