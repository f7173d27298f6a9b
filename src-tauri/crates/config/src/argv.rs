//! Command lines as Windows hands them to programs.

/// The arguments of a command line, as programs on Windows divide it (CommandLineToArgvW).
pub(crate) fn arguments(line: &str) -> Vec<String> {
    let (mut arguments, mut argument, mut is_quoted) = (Vec::new(), None::<String>, false);
    let mut slashes = 0;
    for c in line.chars() {
        if c == '\\' {
            slashes += 1;
            continue;
        }
        // Before a quotation mark, two of them are one, and an odd one makes it an ordinary character.
        let kept = if c == '"' { slashes / 2 } else { slashes };
        if kept > 0 {
            argument.get_or_insert_default().push_str(&"\\".repeat(kept));
        }
        match c {
            '"' if slashes % 2 == 0 => {
                is_quoted = !is_quoted;
                argument.get_or_insert_default();
            }
            c if c.is_whitespace() && !is_quoted => arguments.extend(argument.take()),
            c => argument.get_or_insert_default().push(c),
        }
        slashes = 0;
    }
    if slashes > 0 {
        argument.get_or_insert_default().push_str(&"\\".repeat(slashes));
    }
    arguments.extend(argument);
    arguments
}
