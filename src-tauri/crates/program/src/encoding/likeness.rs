//! How much a text reads like words.
//!
//! Read in the wrong code page, a letter is most often a sign, one of another alphabet, or one of the wrong case. Where it
//! is a fitting letter too, the commoner of the two is taken, or the one that has such neighbours in words.

/// The accented letters of western Europe, by how common they are.
const LETTERS: [(&str, i32); 5] =
    [("áéíóúñüçàèöäêãâôß", 5), ("ìÁÉÍÓÚÑÜÇÀÄÖÈÊÃ", 4), ("ÔÎÂ", 2), ("ÅòÌÒËÏÙÛÕÝŕľ", 1), ("þðÿƒⁿªºµÞÐ", -3)];
/// What any other letter is.
const OTHER: i32 = 3;
/// What few words begin with, and how these go on.
const BEGINNINGS: [(char, &[&str]); 4] =
    [('Ú', &["lti", "nic", "til", "lce"]), ('Ô', &["nib", "nus"]), ('Œ', &["u", "i"]), ('î', &["l", "n", "m", "t"])];
/// So many characters away the mark is looked for that goes with another.
const NEAR: usize = 200;
/// The letters that are a word of their own.
const ALONE: &str = "àèéáóúíêôÀÈÉÁÓ";

/// How much `text` reads like words: a greater number speaks for it.
pub(super) fn likeness(text: &str) -> i32 {
    let characters: Vec<char> = text.chars().collect();
    let places = (0..characters.len()).map(|index| Place { text: &characters, index });
    places.filter(|place| !place.character().is_ascii()).map(Place::likeness).sum()
}

/// A character in a text.
#[derive(Clone, Copy)]
struct Place<'t> {
    text: &'t [char],
    index: usize,
}

impl Place<'_> {
    fn character(self) -> char {
        self.text[self.index]
    }

    /// The character that stands so many places before it; a space where the text begins.
    fn before(self, places: usize) -> char {
        self.index.checked_sub(places).and_then(|index| self.text.get(index)).copied().unwrap_or(' ')
    }

    /// The character that stands so many places after it; a space where the text ends.
    fn after(self, places: usize) -> char {
        self.text.get(self.index + places).copied().unwrap_or(' ')
    }

    fn likeness(self) -> i32 {
        let (before, after) = (self.before(1), self.after(1));
        match self.character() {
            '\u{80}'..='\u{9f}' | '\u{fffd}' => -8,
            '\u{2500}'..='\u{259f}' => self.of_box(),
            '¡' | '¿' => self.of_turned_mark(),
            '“' | '‘' | '„' | '‚' | '«' | '‹' => self.of_opening(),
            '”' | '»' | '›' => self.of_closing(),
            '’' => either(before.is_alphabetic(), 4, -3),
            '…' => either(after.is_alphabetic(), -3, 2),
            '–' | '—' | '•' if before == ' ' && after == ' ' => 3,
            '–' | '—' => either(before.is_alphanumeric() == after.is_alphanumeric(), 1, -2),
            '€' => either(before.is_alphabetic() || after.is_alphabetic(), -3, 2),
            '®' | '™' if before.is_alphabetic() && !after.is_alphanumeric() => either(before.is_lowercase(), 2, 0),
            '©' => either(before.is_alphabetic(), -2, 2),
            'º' | 'ª' | '°' if before.is_ascii_digit() => 4,
            'º' | 'ª' if before == '.' => 2,
            '°' if before == 'n' || before == ' ' && self.before(2).is_ascii_digit() => 3,
            '²' | '³' if before == 'm' && (2..=4).any(|places| self.before(places).is_ascii_digit()) => 6,
            'µ' if !before.is_alphabetic() && "smgl".contains(after) && !self.after(2).is_alphanumeric() => 5,
            // It stands there in French.
            '\u{a0}' => either(before == '«' || ":;!?»%".contains(after), 2, -2),
            character if !character.is_alphabetic() => either(before.is_alphabetic() || after.is_alphabetic(), -4, -2),
            character if is_latin(character) => self.of_letter(),
            _ => self.of_letter_elsewhere(),
        }
    }

    /// Lines are drawn beside lines.
    fn of_box(self) -> i32 {
        let beside = [self.before(1), self.after(1)];
        if beside.iter().any(|other| ('\u{2500}'..='\u{259f}').contains(other)) {
            return 2;
        }
        either(beside.iter().any(|other| other.is_alphanumeric()), -4, 0)
    }

    /// It stands before a call or a question.
    fn of_turned_mark(self) -> i32 {
        let mark = if self.character() == '¡' { '!' } else { '?' };
        if self.before(1).is_alphanumeric() || !self.after(1).is_alphanumeric() {
            return -3;
        }
        either(
            self.text[self.index..].iter().take(NEAR).any(|other| *other == mark),
            6,
            either(self.after(1).is_uppercase(), 3, 0),
        )
    }

    fn of_opening(self) -> i32 {
        let closing: &[char] = match self.character() {
            '“' => &['”'],
            '‘' => &['’'],
            '„' => &['“', '”'],
            '‚' => &['‘', '’'],
            '«' => &['»'],
            _ => &['›'],
        };
        let is_misplaced = self.before(1).is_alphanumeric() || self.after(1) == ' ' && self.character() != '«';
        let is_closed = self.text[self.index..].iter().take(NEAR).any(|other| closing.contains(other));
        either(is_misplaced, -3, either(is_closed, 6, 0))
    }

    fn of_closing(self) -> i32 {
        let opening: &[char] = match self.character() {
            '”' => &['“', '„'],
            '»' => &['«'],
            _ => &['‹'],
        };
        let is_opened = self.text[..self.index].iter().rev().take(NEAR).any(|other| opening.contains(other));
        either(self.after(1).is_alphanumeric(), -3, either(is_opened, 6, 0))
    }

    /// A letter of an alphabet that has all its letters beyond ASCII.
    fn of_letter_elsewhere(self) -> i32 {
        let beside = [self.before(1), self.after(1)];
        if beside.iter().any(|other| is_latin(*other)) {
            return -4;
        }
        beside.iter().map(|other| either(other.is_alphabetic(), 2, 0)).sum::<i32>() + 1 + self.of_case()
    }

    fn of_letter(self) -> i32 {
        let (letter, before, after) = (self.character(), self.before(1), self.after(1));
        if before.is_ascii_digit() || after.is_ascii_digit() {
            return either(letter == 'è' && after.is_lowercase(), 4, -3);
        }
        let common = LETTERS.iter().find(|(letters, _)| letters.contains(letter)).map_or(OTHER, |(_, common)| *common);
        common + self.of_case() + self.of_neighbours()
    }

    /// Words are in small letters, or begin with a capital one, or have no others.
    fn of_case(self) -> i32 {
        let (letter, before, after) = (self.character(), self.before(1), self.after(1));
        let is_odd = if letter.is_uppercase() {
            before.is_lowercase() || before.is_uppercase() && after.is_lowercase()
        } else {
            after.is_uppercase() && (before.is_uppercase() || !before.is_alphabetic())
                || before.is_uppercase() && self.before(2).is_uppercase()
        };
        either(is_odd, -6, 0)
    }

    /// Of two letters that are one byte, which of them stands beside such ones.
    fn of_neighbours(self) -> i32 {
        let (letter, before, after) = (self.character(), self.before(1), self.after(1));
        let begins = !before.is_alphabetic();
        if begins && !after.is_alphabetic() {
            return either(ALONE.contains(letter), 0, -6);
        }
        if let Some((_, rests)) = BEGINNINGS.iter().find(|(first, _)| begins && *first == letter) {
            let follows = |rest: &&str| rest.chars().zip(1..).all(|(other, places)| self.after(places) == other);
            return either(rests.iter().any(follows), 3, -2);
        }
        let is_odd = match letter {
            'ß' => return either(self.is_sharp(), 0, -7),
            'á' => return either(self.is_sharp(), -3, 0),
            'õ' => after != 'e',
            'Ä' if begins => is_vowel(after) && !"uU".contains(after),
            'ä' => after == 'e' && self.after(2) != 'r',
            'à' if begins => after != 'q' && (after != 's' || self.after(2).is_alphabetic()),
            'à' if !after.is_alphabetic() => !self.is_grave(),
            'à' => before.is_uppercase(),
            'Ø' => is_vowel(before),
            'Ã' => {
                let ends = !self.after(2).is_alphabetic() || self.after(2) == 'S';
                begins || before == 'A' || after.is_alphabetic() && !("OES".contains(after) && ends)
            }
            'ç' | 'Ç' if !begins && !"ãõÃÕ".contains(after) => {
                !(is_vowel(before) || is_vowel(self.before(2)) && "nrlNRL".contains(before))
            }
            'Í' => self.is_rounded(),
            'Ö' => !self.is_rounded(),
            'È' if "TP".contains(after) => "TC".contains(before) || before == 'H' && !self.before(2).is_alphabetic(),
            'È' => "NRTP".contains(before) && "LN".contains(after),
            'Ó' => "AO".contains(before),
            'Ä' | 'Ú' => before == letter || after == letter,
            _ => false,
        };
        either(is_odd, -4, 0)
    }

    /// Whether a word ends in `à` here, and is not followed by `…`.
    fn is_grave(self) -> bool {
        let [third, second, last] = [self.before(3), self.before(2), self.before(1)];
        match last {
            'l' => second != 'l',
            't' => matches!(second, 'i' | 't') && third != 'a',
            'r' => !matches!(second, 'e' | 'o' | 'u'),
            _ => "ijçL".contains(last),
        }
    }

    /// Whether an `Ö` stands here in German, and no `Í`.
    fn is_rounded(self) -> bool {
        /// What comes after it there, and seldom after an `Í`.
        const AFTER: [&str; 12] = ["SC", "GL", "TZ", "CK", "CH", "RP", "RT", "RD", "FT", "HN", "HR", "NF"];
        let upper = |places: usize| self.after(places).to_ascii_uppercase();
        let (first, second) = (upper(1), upper(2));
        if !self.before(1).is_alphabetic() {
            return "SFLKHVZY".contains(first) || first == 'R' && is_consonant(second) || (first, second) == ('D', 'E');
        }
        let is_pair = first == second || AFTER.iter().any(|pair| pair.chars().eq([first, second]));
        is_consonant(first) && (is_pair || first == 'H' || "HKW".contains(self.before(1)))
    }

    /// Whether an `ß` stands here in German: it follows a long vowel, or two.
    fn is_sharp(self) -> bool {
        let lower = |letter: char| letter.to_ascii_lowercase();
        let first = lower(self.before(2));
        match lower(self.before(1)) {
            // The marks are what `ä` and `ö` of consoles are in the page of windows.
            'a' | 'o' | 'ä' | 'ö' | 'ü' | '„' | '”' => true,
            'u' => !"csgqtjdn".contains(first),
            'i' => first == 'e',
            'e' => first == 'i',
            _ => false,
        }
    }
}

const fn either(is_so: bool, one: i32, other: i32) -> i32 {
    if is_so { one } else { other }
}

fn is_latin(letter: char) -> bool {
    letter.is_alphabetic() && (letter < '\u{250}' || letter == 'ⁿ')
}

fn is_vowel(letter: char) -> bool {
    "aeiouáéíóúâêôãõAEIOUÁÉÍÓÚÂÊÔÃÕ".contains(letter)
}

fn is_consonant(letter: char) -> bool {
    letter.is_ascii_alphabetic() && !is_vowel(letter)
}
