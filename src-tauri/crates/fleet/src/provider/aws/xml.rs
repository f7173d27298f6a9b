//! What AWS answers: XML, whose names alone matter.

use roxmltree::{Document, Node};

/// Reads an answer that is XML; nothing if it is none, or not what `read` looks for.
pub(crate) fn read<T>(text: &str, read: impl FnOnce(Node<'_, '_>) -> Option<T>) -> Option<T> {
    // Documents with a DTD, whose entities could grow without end, are refused by default.
    let document = Document::parse(text).ok()?;
    read(document.root_element())
}

/// Finds its way among elements, whatever namespace they are in: each version of an API has its own.
pub(crate) trait Element<'a>: Sized {
    /// The first element of the name within this.
    fn child(self, name: &str) -> Option<Self>;

    /// What stands in the first element of the name; nothing where there is none, or nothing in it.
    fn text_of(self, name: &str) -> Option<&'a str>;

    /// The elements `item` or `member` of the list of that name; none where there is no list.
    fn list(self, name: &str) -> impl Iterator<Item = Self>;
}

impl<'a, 'input: 'a> Element<'a> for Node<'a, 'input> {
    fn child(self, name: &str) -> Option<Self> {
        self.children().find(|node| node.tag_name().name() == name)
    }

    fn text_of(self, name: &str) -> Option<&'a str> {
        Some(self.child(name)?.text()?.trim()).filter(|text| !text.is_empty())
    }

    fn list(self, name: &str) -> impl Iterator<Item = Self> {
        let list = self.child(name);
        list.into_iter()
            .flat_map(|list| list.children())
            .filter(|node| matches!(node.tag_name().name(), "item" | "member"))
    }
}
