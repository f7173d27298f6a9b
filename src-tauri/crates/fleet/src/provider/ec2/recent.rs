//! What was done a moment ago, which EC2 may not show yet.
//!
//! EC2 says itself that what it describes is right in the end only. So whatever was launched less than
//! [`Pace::visible_within`] ago is there although it does not show, and what was terminated is not although it does. Who
//! began to ask less than that ago does not know what was launched before, and takes nothing for gone because it does not
//! show.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use crate::provider::pace::Pace;

/// For so long it is remembered that a launch was asked for: nobody tries for longer at one.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// What was done a moment ago with one fleet.
pub(crate) struct Recent {
    began: Instant,
    pace: Pace,
    /// By the ids.
    launched: BTreeMap<String, (Arc<str>, Instant)>,
    ended: BTreeMap<String, Instant>,
    /// When EC2 was last asked to launch what is called so.
    tried: BTreeMap<Arc<str>, Instant>,
    /// Since when EC2 says of a try that it knows it, and shows nothing of it.
    hidden: BTreeMap<(Arc<str>, u32), Instant>,
    /// Of whom it has been told that they ended by themselves.
    told: BTreeSet<String>,
}

impl Recent {
    /// Nothing has been done yet.
    pub(crate) fn new(pace: &Pace) -> Self {
        Self {
            began: Instant::now(),
            pace: pace.clone(),
            launched: BTreeMap::new(),
            ended: BTreeMap::new(),
            tried: BTreeMap::new(),
            hidden: BTreeMap::new(),
            told: BTreeSet::new(),
        }
    }

    /// A launch of `instance` is asked for now; when that was done last.
    pub(crate) fn tries(&mut self, instance: &Arc<str>) -> Option<Instant> {
        self.forget_the_old();
        self.tried.insert(Arc::clone(instance), Instant::now())
    }

    /// What was asked for now has certainly not been done; what was asked for `before` may have been.
    pub(crate) fn has_not_tried(&mut self, instance: &Arc<str>, before: Option<Instant>) {
        match before {
            Some(before) => self.tried.insert(Arc::clone(instance), before),
            None => self.tried.remove(instance),
        };
    }

    /// Whether nobody can have launched `instance`: it was never asked for.
    pub(crate) fn is_new(&self, instance: &str) -> bool {
        !self.tried.contains_key(instance) && self.is_old(self.began)
    }

    /// `instance` was launched, as `id`.
    pub(crate) fn launched(&mut self, instance: &Arc<str>, id: &str) {
        self.hidden.retain(|(name, _), _| name != instance);
        self.launched.entry(id.to_owned()).or_insert((Arc::clone(instance), Instant::now()));
    }

    /// `id` was terminated.
    pub(crate) fn ended(&mut self, id: &str) {
        self.ended.insert(id.to_owned(), Instant::now());
    }

    /// Whether `id` was terminated, although it may show.
    pub(crate) fn has_ended(&self, id: &str) -> bool {
        self.ended.contains_key(id)
    }

    /// What was launched and may not show; those that were terminated since are left out.
    pub(crate) fn launches(&mut self) -> Vec<(String, Arc<str>)> {
        self.forget_the_old();
        let lives = self.launched.iter().filter(|(id, _)| !self.ended.contains_key(*id));
        lives.map(|(id, (name, _))| (id.clone(), Arc::clone(name))).collect()
    }

    /// Whether `id` would show by now, if it were there.
    pub(crate) fn would_show(&self, id: &str) -> bool {
        self.launched.get(id).is_none_or(|(_, at)| self.is_old(*at)) && self.is_old(self.began)
    }

    /// The same of whatever is called `instance`.
    pub(crate) fn name_would_show(&self, instance: &str) -> bool {
        self.tried.get(instance).is_none_or(|at| self.is_old(*at)) && self.is_old(self.began)
    }

    /// EC2 knows this try at `instance` and shows nothing of it; whether it would by now.
    pub(crate) fn hides(&mut self, instance: &Arc<str>, attempt: u32) -> bool {
        let since = *self.hidden.entry((Arc::clone(instance), attempt)).or_insert_with(Instant::now);
        self.is_old(since)
    }

    /// Those of `seen`, who all ended by themselves, of whom that has not been told; and now it has.
    pub(crate) fn untold<'a>(&mut self, seen: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
        let seen: BTreeSet<String> = seen.map(str::to_owned).collect();
        let untold = seen.difference(&self.told).cloned().collect();
        // Those that EC2 has forgotten need not be remembered.
        self.told = seen;
        untold
    }

    fn is_old(&self, at: Instant) -> bool {
        at.elapsed() >= self.pace.visible_within
    }

    fn forget_the_old(&mut self) {
        let within = self.pace.visible_within;
        self.launched.retain(|_, (_, at)| at.elapsed() < within);
        self.ended.retain(|_, at| at.elapsed() < within);
        self.tried.retain(|_, at| at.elapsed() < REMEMBERED);
        // As long again, so that it can be said that it would show.
        self.hidden.retain(|_, at| at.elapsed() < within * 2);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn what_does_not_show_is_believed_to_be_gone_once_it_would_show() {
        let (one, other): (Arc<str>, Arc<str>) = ("web-1".into(), "web-2".into());
        let mut recent = Recent::new(&Pace::default());
        assert!(!recent.would_show("i-of-another-start") && !recent.name_would_show("web-1"));
        advance(5 * MINUTE).await;
        assert!(recent.would_show("i-of-another-start") && recent.name_would_show("web-1") && recent.is_new("web-1"));

        recent.tries(&one);
        recent.launched(&one, "i-1");
        assert!(!recent.would_show("i-1") && !recent.name_would_show("web-1"));
        assert_eq!(recent.launches(), [("i-1".to_owned(), Arc::clone(&one))]);
        advance(4 * MINUTE).await;
        recent.tries(&other);
        recent.launched(&other, "i-2");
        recent.ended("i-2");
        assert_eq!(recent.launches(), [("i-1".to_owned(), one)]);
        assert!(recent.has_ended("i-2"));
        advance(MINUTE).await;
        assert!(recent.would_show("i-1") && !recent.would_show("i-2"));
        assert!(recent.name_would_show("web-1") && !recent.is_new("web-1"));
        assert_eq!(recent.launches(), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_that_never_shows_is_given_up() {
        let name: Arc<str> = "web-1".into();
        let mut recent = Recent::new(&Pace::default());
        assert!(!recent.hides(&name, 0));
        advance(4 * MINUTE).await;
        assert!(!recent.hides(&name, 0) && !recent.hides(&name, 1));
        advance(MINUTE).await;
        assert!(recent.hides(&name, 0) && !recent.hides(&name, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_is_told_once() {
        let mut recent = Recent::new(&Pace::default());
        let mut untold = |seen: &[&str]| recent.untold(seen.iter().copied()).into_iter().collect::<Vec<_>>();
        assert_eq!(untold(&["i-1"]), ["i-1"]);
        assert_eq!(untold(&["i-1", "i-2"]), ["i-2"]);
        assert_eq!(untold(&["i-2"]), [""; 0]);
    }
}
