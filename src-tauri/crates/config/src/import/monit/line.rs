//! A statement, of which no word is passed over in silence.

use super::words::{Form, Word};
use crate::{
    import::{found::Found, said},
    reason::note,
};

/// Words that say nothing.
const NOISE: [&str; 12] =
    ["with", "and", "using", "use", "has", "on", "the", "program", "=", "second", "seconds", "only"];

/// The words of a statement. They are read by [`Line::read`] alone, so that none is left unread without a word.
pub(super) struct Line<'w> {
    words: Vec<(&'w Word, bool)>,
}

impl<'w> Line<'w> {
    /// Has `read` read the words behind `key` of `entry`, and says of those that it left unread that they are left out.
    pub(super) fn read<T>(
        words: impl IntoIterator<Item = &'w Word>,
        entry: &str,
        key: &str,
        found: &mut Found,
        read: impl FnOnce(&mut Self, &mut Found) -> T,
    ) -> T {
        let mut line = Self { words: words.into_iter().map(|word| (word, false)).collect() };
        let made = read(&mut line, found);
        let unread = line.words.iter().filter(|(word, is_read)| !is_read && !word.is(&NOISE));
        let unread: Vec<&str> = unread.map(|(word, _)| word.text.as_str()).collect();
        if !unread.is_empty() {
            let why = note!("of_what", what = said(&unread.join(" ")), why = note!("nothing_like_it"));
            found.left(entry, key, why);
        }
        made
    }

    /// The next word that nobody has read and that says something.
    pub(super) fn next(&mut self) -> Option<&'w Word> {
        let (word, is_read) = self.words.iter_mut().find(|(word, is_read)| !*is_read && !word.is(&NOISE))?;
        *is_read = true;
        Some(word)
    }

    /// The word behind one of these keywords.
    pub(super) fn after(&mut self, keywords: &[&str]) -> Option<&'w Word> {
        let at = self.words.iter().position(|(word, is_read)| !is_read && word.is(keywords))?;
        let (value, is_read) = self.words.get_mut(at + 1)?;
        *is_read = true;
        let value = *value;
        if let Some((_, is_read)) = self.words.get_mut(at) {
            *is_read = true;
        }
        Some(value)
    }

    /// Whether one of these keywords is there.
    pub(super) fn has(&mut self, keywords: &[&str]) -> bool {
        let word = self.words.iter_mut().find(|(word, is_read)| !*is_read && word.is(keywords));
        word.map(|(_, is_read)| *is_read = true).is_some()
    }
}

impl Word {
    /// Whether it is text and no list.
    pub(super) fn is_text(&self) -> bool {
        self.form != Form::Listed
    }
}
