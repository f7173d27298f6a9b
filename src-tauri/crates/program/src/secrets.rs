//! Hides secrets in what was written by those who know them.

use estatus_core::secret::Secret;

/// Of a secret of several lines, a shorter line would be found in half the words of a log; and so would a shorter secret.
const SHORTEST: usize = 4;

/// What of `secrets` is not to be seen, the longest first: of one that has several lines each of them too, as it is written
/// to a log line by line.
fn hidden_texts(secrets: &[(String, Secret)]) -> Vec<&str> {
    let all = secrets.iter().map(|(_, secret)| secret.reveal()).filter(|secret| !secret.is_empty());
    let lines = all.clone().filter(|secret| secret.contains('\n')).flat_map(str::lines).map(str::trim);
    let mut texts: Vec<&str> = all.chain(lines.filter(|line| line.len() >= SHORTEST)).collect();
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts
}

/// What of `secrets` does not come into a log: what is hidden there is so for good.
pub(crate) fn kept_out_of_logs(secrets: &[(String, Secret)]) -> Vec<String> {
    let texts = hidden_texts(secrets).into_iter().filter(|text| text.len() >= SHORTEST && !text.contains('\n'));
    texts.map(str::to_owned).collect()
}

/// `text`, with as many asterisks in the place of `secrets`.
pub(crate) fn without_secrets(text: String, secrets: &[(String, Secret)]) -> String {
    hidden_texts(secrets).into_iter().fold(text, |text, hidden| match text.contains(hidden) {
        true => text.replace(hidden, &"*".repeat(hidden.len())),
        false => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_stands_in_a_line() {
        let secrets = ["hunter", "hunter22", "-----BEGIN KEY-----\nMIIEpAIB\r\nAAKC\nx=\n", ""];
        let secrets = secrets.map(|secret| (String::new(), Secret::new(secret)));
        let check = |line: &str, shown: &str| assert_eq!(without_secrets(line.to_owned(), &secrets), shown);
        check("it is hunter22, hunter", "it is ********, ******");
        check("> -----BEGIN KEY-----", "> *******************");
        check("MIIEpAIB", "********");
        check("x=1", "x=1");
        check("", "");
        let kept_out = ["-----BEGIN KEY-----", "hunter22", "MIIEpAIB", "hunter", "AAKC"];
        assert_eq!(kept_out_of_logs(&secrets), kept_out);
        assert_eq!(kept_out_of_logs(&[("FLAG".to_owned(), Secret::new("yes"))]), [""; 0]);
    }
}
