//! Which keys lead to a place in the text of a file.

use std::ops::Range;

use toml_edit::{Document, Item, Key, TableLike, Value};

/// The keys that lead to what stands at this line and column, both counted from 1; an entry of a list is its number,
/// counted from 0.
pub(super) fn path(document: &Document<&str>, text: &str, line: usize, column: usize) -> Vec<String> {
    let Some(at) = offset(text, line, column) else { return Vec::new() };
    let mut places = Places::default();
    places.table(document.as_table(), &[]);
    // What began last before it is what it is in.
    let before = places.0.into_iter().filter(|(begins, _)| *begins <= at);
    before.max_by_key(|(begins, path)| (*begins, path.len())).map(|(_, path)| path).unwrap_or_default()
}

fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let begins = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum::<usize>();
    let rest = text.get(begins..)?;
    Some(begins + rest.chars().take(column.checked_sub(1)?).map(char::len_utf8).sum::<usize>())
}

/// Where everything begins.
#[derive(Default)]
struct Places(Vec<(usize, Vec<String>)>);

impl Places {
    fn at(&mut self, span: Option<Range<usize>>, path: &[String]) {
        self.0.extend(span.map(|span| (span.start, path.to_vec())));
    }

    fn table(&mut self, table: &dyn TableLike, path: &[String]) {
        for (key, item) in table.iter() {
            let path = [path, &[key.to_owned()]].concat();
            // A header begins before its key, a value behind it.
            self.at(item.span().filter(|_| !item.is_array_of_tables()), &path);
            self.at(table.key(key).and_then(Key::span), &path);
            match item {
                Item::None => {}
                Item::Value(value) => self.value(value, &path),
                Item::Table(below) => self.table(below, &path),
                Item::ArrayOfTables(tables) => {
                    for (number, below) in tables.iter().enumerate() {
                        let path = [&path[..], &[number.to_string()]].concat();
                        self.at(below.span(), &path);
                        self.table(below, &path);
                    }
                }
            }
        }
    }

    fn value(&mut self, value: &Value, path: &[String]) {
        match value {
            Value::InlineTable(table) => self.table(table, path),
            Value::Array(list) => {
                for (number, below) in list.iter().enumerate() {
                    let path = [path, &[number.to_string()]].concat();
                    self.at(below.span(), &path);
                    self.value(below, &path);
                }
            }
            _ => {}
        }
    }
}
