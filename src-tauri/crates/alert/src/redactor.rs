//! Takes secrets out of what others say.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use estatus_core::secret::Secret;

/// What stands where a secret stood.
const IN_ITS_PLACE: &str = "***";

/// Takes known secrets out of a text that came from outside: a server may repeat what it was sent.
#[derive(Default)]
pub(crate) struct Redactor {
    forms: Vec<String>,
}

impl Redactor {
    /// From now on also takes out `secret`, as it is and in Base64.
    pub(crate) fn know(&mut self, secret: &Secret) {
        self.know_text(secret.reveal());
        self.know_text(&STANDARD.encode(secret.reveal()));
        self.know_text(&STANDARD_NO_PAD.encode(secret.reveal()));
    }

    /// From now on also takes out `text`.
    pub(crate) fn know_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.forms.push(text.to_owned());
            // The longest first: a secret may be part of another.
            self.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        }
    }

    /// `text` without what is known.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.forms.iter().fold(text.to_owned(), |text, form| text.replace(form, IN_ITS_PLACE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_taken_out_in_every_form() {
        let mut redactor = Redactor::default();
        redactor.know(&Secret::new("hunter2"));
        redactor.know(&Secret::new("hunter2 and more"));
        redactor.know(&Secret::new(""));
        let check = |text, expected: &str| assert_eq!(redactor.clean(text), expected);
        check("535 hunter2 is wrong", "535 *** is wrong");
        check("535 aHVudGVyMg== is wrong", "535 *** is wrong");
        check("535 aHVudGVyMg is wrong", "535 *** is wrong");
        check("hunter2 and more", "***");
        check("nothing here", "nothing here");
    }
}
