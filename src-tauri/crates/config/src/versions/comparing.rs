//! In what two texts of the file differ: in which entries, and in which lines.

use std::{collections::BTreeMap, time::Duration};

use estatus_api::{EntryChange, Hunk, HunkLine, LineChange, Section, VersionChange};
use serde_json::Value as Json;
use similar::{ChangeTag, TextDiff};
use toml_edit::Document;

use crate::edit::{entries_of, json_of_table};

/// So many names are told of each kind of change.
const NAMES_MAX: usize = 5;
/// So many lines of a difference are told.
const LINES_MAX: usize = 2_000;
/// So many lines are told around what differs.
const AROUND: usize = 3;
/// Two texts are compared so long, and then told to differ in more than they do.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a text says, entry by entry, without its comments.
pub(super) struct Said(BTreeMap<(Option<Section>, String), Json>);

impl Said {
    /// What `text` says, if it is TOML.
    pub(super) fn of(text: &str) -> Option<Self> {
        let document = Document::parse(text).ok()?;
        let entries = entries_of(json_of_table(document.as_table()));
        Some(Self(entries.map(|(section, name, said)| ((section, name), said)).collect()))
    }

    /// What `then` says otherwise: by section, and last what belongs to none.
    pub(super) fn changes(&self, then: &Self) -> Vec<VersionChange> {
        let gone = self.0.keys().filter(|key| !then.0.contains_key(key)).map(|key| (key, EntryChange::Removed));
        let new = then.0.iter().filter_map(|(key, said)| match self.0.get(key) {
            None => Some((key, EntryChange::Added)),
            Some(before) => (before != said).then_some((key, EntryChange::Changed)),
        });
        let mut found: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for ((section, name), change) in new.chain(gone) {
            found.entry((section.is_none(), *section, change)).or_default().push(name);
        }
        let told = found.into_iter().map(|((_, section, change), names)| VersionChange {
            change,
            section,
            count: names.len(),
            names: names.into_iter().take(NAMES_MAX).map(str::to_owned).collect(),
        });
        told.collect()
    }
}

/// What would change in the text `now` if it said `then`, and whether there is more than is told.
pub(super) fn difference(now: &str, then: &str) -> (Vec<Hunk>, bool) {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(now, then);
    let (mut hunks, mut count) = (Vec::new(), 0);
    for group in diff.grouped_ops(AROUND) {
        let Some(first) = group.first() else { continue };
        let mut hunk = Hunk { line: first.old_range().start + 1, lines: Vec::new() };
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            if count == LINES_MAX {
                hunks.push(hunk);
                return (hunks, true);
            }
            count += 1;
            let tag = match change.tag() {
                ChangeTag::Equal => None,
                ChangeTag::Delete => Some(LineChange::Removed),
                ChangeTag::Insert => Some(LineChange::Added),
            };
            hunk.lines.push(HunkLine { change: tag, text: change.value().trim_end_matches(['\r', '\n']).to_owned() });
        }
        hunks.push(hunk);
    }
    (hunks, false)
}
