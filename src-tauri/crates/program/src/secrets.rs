//! Hides secrets in what was written by those who know them.

use estatus_core::secret::Secret;

/// `text`, with something else in the place of `secrets`.
pub(crate) fn without_secrets(text: String, secrets: &[(String, Secret)]) -> String {
    let secrets = secrets.iter().map(|(_, secret)| secret.reveal()).filter(|secret| !secret.is_empty());
    secrets.fold(text, |text, secret| if text.contains(secret) { text.replace(secret, "[secret]") } else { text })
}

/// The same of a part of a text, in which single lines of a secret may stand that has several.
pub(crate) fn part_without_secrets(part: String, secrets: &[(String, Secret)]) -> String {
    /// Of a secret of several lines, a shorter one would be found in half the words of a log.
    const SHORTEST: usize = 4;
    let part = without_secrets(part, secrets);
    let lines = secrets.iter().filter_map(|(_, secret)| Some(secret.reveal()).filter(|secret| secret.contains('\n')));
    let lines = lines.flat_map(str::lines).map(str::trim).filter(|line| line.len() >= SHORTEST);
    lines.fold(part, |part, line| if part.contains(line) { part.replace(line, "[secret]") } else { part })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_stands_in_a_line() {
        let secrets = ["hunter2", "-----BEGIN KEY-----\nMIIEpAIB\r\nAAKC\nx=\n", ""];
        let secrets = secrets.map(|secret| (String::new(), Secret::new(secret)));
        let check = |line: &str, shown: &str| assert_eq!(part_without_secrets(line.to_owned(), &secrets), shown);
        check("it is hunter2, hunter2", "it is [secret], [secret]");
        check("> -----BEGIN KEY-----", "> [secret]");
        check("MIIEpAIB", "[secret]");
        check("x=1", "x=1");
        check("", "");
    }
}
