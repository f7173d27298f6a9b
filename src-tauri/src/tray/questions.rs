//! Decides which questions of flows are told by notifications: each at once, and no longer than somebody can answer it. What
//! is not told stands in the menu all the same.

use std::collections::BTreeSet;

use super::{desktop::About, news::Quiet, runs::Asking, view::View};

/// The questions that were told and are open still.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    told: BTreeSet<About>,
}

/// What is to be told now.
#[derive(Debug, Default)]
pub(crate) struct Asked<'a> {
    /// These are to be told.
    pub(crate) new: Vec<Asking<'a>>,
    /// These no longer.
    pub(crate) over: Vec<About>,
}

impl Questions {
    /// What is to be told now. While the engine is away nobody knows what is open.
    pub(crate) fn tell<'a>(&mut self, view: &'a View, quiet: Quiet) -> Asked<'a> {
        if !view.is_attached() {
            return Asked::default();
        }
        let open: BTreeSet<About> = view.asking().map(|asking| about(&asking)).collect();
        let is_over = |about: &About| quiet == Quiet::Always || !open.contains(about);
        let over: Vec<About> = self.told.extract_if(.., is_over).collect();
        let new = view.asking().filter(|asking| quiet == Quiet::No && self.told.insert(about(asking))).collect();
        Asked { new, over }
    }
}

/// What the notification of a question is about.
pub(crate) fn about(asking: &Asking<'_>) -> About {
    About::Question(asking.run, asking.place)
}
