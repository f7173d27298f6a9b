//! Whatever stands in a file, each reader has an answer, and what it finds is taken. With `PROPTEST_CASES` in the
//! environment it is asked so many times.

use proptest::{prelude::*, sample::Index};

use super::*;

fn cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { 60 };
    ProptestConfig { failure_persistence: None, cases, ..usual }
}

/// What is found is taken, and every note is one line.
fn is_sound(found: Found) -> Result<(), TestCaseError> {
    let imported = found.imported(&note!("format.pm2"));
    if let Err(wrong) = taken(&imported.edits) {
        return Err(TestCaseError::fail(wrong));
    }
    prop_assert!(!imported.notes.iter().any(|note| note.contains('\n')), "{:?}", imported.notes);
    Ok(())
}

fn has_an_answer(format: Format, name: &str, text: &str) -> Result<(), TestCaseError> {
    let tables = json!({ "program": [{ "name": "web", "command": "x" }], "monitor": [{ "name": "a", "tcp": "h:1" }] });
    let mut found = Found::beside(&tables, Language::Spanish);
    let machine = Machine::with_programs_in(Path::new("/nowhere"));
    match format.read(Path::new(name), text, &machine, &mut found) {
        Ok(()) => is_sound(found),
        Err(reason) => {
            prop_assert!(!reason.in_words(Language::English).is_empty());
            Ok(())
        }
    }
}

/// A change of a text: from where, how much is taken out, and what is put in.
type Change = (Index, usize, String);

/// What is put in: what means something in one of the formats, or is hard to bear.
const PIECES: [&str; 21] = [
    "null",
    "true",
    "-1",
    "1e999",
    "99999999999999999999",
    "\u{feff}",
    "*a",
    "&a ",
    "<<: ",
    "${X}",
    "\\0x",
    "/*",
    "//",
    " cycles ",
    " times within ",
    " every ",
    " not every ",
    "\"* * * * *\"",
    "\"0 0 30 2 *\"",
    " ssl options {",
    "__dirname",
];

fn change() -> impl Strategy<Value = Change> {
    let piece = prop_oneof![
        4 => "[\\[\\]{}()=\"',.:;%^&$#@!<>|\\\\\n\t a-z0-9\u{0}\u{7f}é-]{0,8}",
        1 => any::<String>(),
        2 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
    ];
    (any::<Index>(), prop_oneof![3 => Just(0_usize), 3 => 0_usize..30, 1 => 0_usize..2000], piece)
}

/// Some lines of a sample, seldom all, with pieces cut out and put in.
fn changed() -> impl Strategy<Value = (Index, usize, Vec<Change>)> {
    let lines = prop_oneof![15 => 1_usize..14, 1 => Just(usize::MAX)];
    (any::<Index>(), lines, prop::collection::vec(change(), 0..5))
}

fn change_of(sample: &str, (first, count, changes): &(Index, usize, Vec<Change>)) -> String {
    let lines: Vec<&str> = sample.lines().collect();
    let first = if *count == usize::MAX { 0 } else { first.index(lines.len()) };
    let some = lines.iter().skip(first).take(*count);
    let mut characters: Vec<char> = some.flat_map(|line| line.chars().chain(['\n'])).collect();
    for (at, length, piece) in changes {
        let start = at.index(characters.len() + 1);
        let end = (start + length).min(characters.len());
        characters.splice(start..end, piece.chars());
    }
    characters.into_iter().collect()
}

/// For each reader a test with lines of its samples, set between what makes a whole of them, or with noise alone.
macro_rules! readers {
    ($($test:ident: $format:ident, [$($sample:literal),*], $before:literal, $after:literal;)*) => {
        proptest! {
            #![proptest_config(cases())]
            $(
                #[test]
                fn $test(which in any::<Index>(), changed in changed(), form in 0..8, noise in ".{0,40}") {
                    let samples = [$(SAMPLES[$sample]),*];
                    let (name, sample) = samples[which.index(samples.len())];
                    let text = match form {
                        0 => format!("{}{noise}{}", $before, $after),
                        1..5 => format!("{}{}{}", $before, change_of(sample, &changed), $after),
                        _ => change_of(sample, &changed),
                    };
                    has_an_answer(Format::$format, name, &text)?;
                }
            )*
        }
    };
}

readers! {
    procfiles_have_an_answer: Procfile, [0], "", "";
    ecosystem_files_have_an_answer: Pm2, [1, 2], "{ \"apps\": [", "] }";
    dumps_of_nssm_have_an_answer: Nssm, [3], "nssm set x Application y\n", "";
    monitrcs_have_an_answer: Monit, [4], "set daemon 30\ncheck host x with address y\n", "\n then alert";
    backups_of_uptime_kuma_have_an_answer: Kuma, [5], "{ \"monitorList\": [", "] }";
    configurations_of_gatus_have_an_answer: Gatus, [6], "endpoints:\n", "";
    scheduled_tasks_have_an_answer: Schtasks, [7], "<Task><Actions><Exec><Command>x</Command></Exec>", "</Actions></Task>";
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_bytes_under_any_name_have_an_answer(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        name in prop::sample::select(vec!["Procfile", "monitrc", "x.json", "x.yaml", "x.xml", "/srv/x.js"]),
        before in prop::sample::select(vec![
            "", "{", "apps:\n", "endpoints:\n", "module.exports = {", "nssm set x ", "check host x ", "<Task>",
        ]),
    ) {
        let lossy = format!("{before}{}", String::from_utf8_lossy(&bytes)).into_bytes();
        for content in [lossy, [before.as_bytes(), &bytes].concat(), bytes] {
            if let Ok(imported) = import(name, content, &json!({}), Language::Spanish) {
                prop_assert!(taken(&imported.edits).is_ok());
            }
        }
    }
}
