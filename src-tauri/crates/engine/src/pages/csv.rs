//! Comma-separated values, as RFC 4180 has them.

/// Lines of fields that begin with the line of `heads`.
pub(super) fn lines<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let heads = heads.map(str::to_owned);
    std::iter::once(heads).chain(rows).map(|row| row.map(|field| quoted(&field)).join(",") + "\r\n").collect()
}

/// A field in quotation marks where it needs them. What a spreadsheet would take for a formula begins with an apostrophe
/// (OWASP, CSV injection); a number is none.
fn quoted(field: &str) -> String {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<f64>().is_err();
    let field = if is_formula { format!("'{field}") } else { field.to_owned() };
    if field.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_stays_one_and_is_never_a_formula() {
        let check = |field: &str, wanted: &str| assert_eq!(quoted(field), wanted);
        check("web", "web");
        check("", "");
        check("a, b", "\"a, b\"");
        check("say \"x\"\nand y", "\"say \"\"x\"\"\nand y\"");
        check("=1+1", "'=1+1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0");
        check("-2.5", "-2.5");
        check("-2+3,x", "\"'-2+3,x\"");
        assert_eq!(lines(["a", "b"], [["1".to_owned(), "2".to_owned()]].into_iter()), "a,b\r\n1,2\r\n");
    }
}
