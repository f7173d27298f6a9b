//! Comma-separated values, as RFC 4180 has them.

/// Lines of fields that begin with the line of `heads`.
pub(super) fn lines<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let heads = heads.map(str::to_owned);
    std::iter::once(heads).chain(rows).map(|row| row.map(|field| quoted(&field)).join(",") + "\r\n").collect()
}

/// Where a spreadsheet may begin a cell: it may part them by something else than a comma, as those of many languages do, and
/// takes no quotation marks within a cell for such then.
const PARTS: [char; 5] = [',', ';', '\t', '\n', '\r'];

/// A field in quotation marks where it needs them. What a spreadsheet would take for a formula begins with an apostrophe
/// (OWASP, CSV injection); a number is none.
fn quoted(field: &str) -> String {
    let cells =
        field.split_inclusive(PARTS).map(|cell| if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() });
    let field: String = cells.collect();
    if field.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

fn is_formula(cell: &str) -> bool {
    let cell = cell.trim_start_matches([' ', '"']);
    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err()
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
        // Where a semicolon parts the cells.
        check("status 500; retry", "status 500; retry");
        check("x;=1+1;-2", "x;'=1+1;-2");
        check("x;\"=1+1\"", "\"x;'\"\"=1+1\"\"\"");
        check("x\n=1+1\n@y", "\"x\n'=1+1\n'@y\"");
        check("x, =1+1", "\"x,' =1+1\"");
        assert_eq!(lines(["a", "b"], [["1".to_owned(), "2".to_owned()]].into_iter()), "a,b\r\n1,2\r\n");
    }
}
