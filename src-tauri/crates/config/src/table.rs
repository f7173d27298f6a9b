//! Tables with known keys: one declaration gives how they are read and how they describe themselves as a JSON schema.

use schemars::{Schema, json_schema};

/// Declares tables: what keys they have, what each means and what shape its value has. A table may include the keys of
/// another one, which is then a part of it in Rust, and not seen in the file. A table in braces that works, behind `like`,
/// is shown to whoever writes something else in its place.
macro_rules! table {
    ($($(#[doc = $table_doc:literal])* struct $name:ident $(includes $part:ident: $included:ident)?
        requires [$($required:ident),*] $(like $like:literal)? { $($(#[doc = $doc:literal])* $field:ident: $shape:ty,)* }
    )*) => { $(
        $(#[doc = $table_doc])*
        #[derive(Debug, Default)]
        #[allow(dead_code, reason = "not every table is asked where it stands and which keys it has")]
        pub(crate) struct $name {
            /// Where the table stands.
            pub(crate) at: $crate::problem::Span,
            /// The known keys that are there, each with its place; without those that are included.
            pub(crate) present: Vec<$crate::shape::At<&'static str>>,
            $(/// The keys that are included.
            pub(crate) $part: $included,)?
            $($(#[doc = $doc])* pub(crate) $field: $crate::shape::Field<$shape>,)*
        }

        impl $name {
            /// Every key.
            pub(crate) fn keys() -> Vec<&'static str> {
                [vec![$($crate::table::key(stringify!($field))),*] $(, $included::keys())?].concat()
            }

            /// Reads an entry if its key is known, and says whether it is.
            pub(crate) fn take_entry(
                &mut self,
                entry: &$crate::shape::Entry<'_>,
                reader: &mut $crate::shape::Reader<'_>,
            ) -> bool {
                $(if entry.key == $crate::table::key(stringify!($field)) {
                    let (value, at) = ($crate::table::key(stringify!($field)), entry.key_at.clone());
                    self.present.push($crate::shape::At { value, at });
                    self.$field = reader.field(entry);
                    return true;
                })*
                false $(|| self.$part.take_entry(entry, reader))?
            }

            /// Every key with its meaning and shape.
            pub(crate) fn properties(generator: &mut schemars::SchemaGenerator) -> Vec<$crate::table::Property> {
                let own = vec![$((
                    $crate::table::key(stringify!($field)),
                    concat!($($doc),*),
                    <$shape as $crate::shape::Shape>::schema(generator),
                )),*];
                [own $(, $included::properties(generator))?].concat()
            }
        }

        impl $crate::shape::Shape for $name {
            fn read(
                node: $crate::shape::Node<'_>,
                at: &$crate::problem::Span,
                reader: &mut $crate::shape::Reader<'_>,
            ) -> Option<Self> {
                let mut table = Self { at: at.clone(), ..Self::default() };
                for entry in $crate::shape::entries(node, at, Self::like(), reader)? {
                    if !table.take_entry(&entry, reader) {
                        reader.unknown_key(&entry, &Self::keys());
                    }
                }
                $(if table.$required.is_absent() {
                    reader.problem(at, $crate::reason::reason!("missing", key = stringify!($required)));
                })*
                Some(table)
            }

            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                generator.subschema_for::<Self>()
            }

            $(fn like() -> Option<String> {
                Some($like.to_owned())
            })?
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let properties = Self::properties(generator);
                $crate::table::schema(concat!($($table_doc),*), properties, &[$(stringify!($required)),*])
            }
        }
    )* };
}
pub(crate) use table;

/// The key that a field stands for: where it is a keyword of Rust, the field has a mark before it.
pub(crate) const fn key(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// A key, its meaning and its shape.
pub(crate) type Property = (&'static str, &'static str, Schema);

/// The schema of a table with these properties and no others.
pub(crate) fn schema(doc: &str, properties: Vec<Property>, required: &[&str]) -> Schema {
    let properties: serde_json::Map<String, serde_json::Value> = properties
        .into_iter()
        .map(|(key, doc, mut schema)| {
            schema.insert("description".to_owned(), doc.trim().into());
            (key.to_owned(), schema.into())
        })
        .collect();
    let mut schema = json_schema!({
        "type": "object",
        "description": doc.trim(),
        "additionalProperties": false,
    });
    schema.insert("properties".to_owned(), properties.into());
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema
}
