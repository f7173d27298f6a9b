//! YAML as JSON, within bounds.

use serde_json::Value as Json;

use super::one_line;
use crate::reason::{Reason, note};

/// The deepest nesting of tables and lists.
const DEPTH_MAX: usize = 64;

/// What stands in `text`.
pub(super) fn read(text: &str) -> Result<Json, Reason> {
    let budget = serde_saphyr::budget! {
        max_depth: DEPTH_MAX,
        flow_nesting_limit: DEPTH_MAX,
        max_documents: 1,
        max_anchors: 1000,
        max_aliases: 1000,
        max_nodes: 1_000_000,
        max_events: 2_000_000,
    };
    let options = serde_saphyr::options! { budget: budget, with_snippet: false };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| note!("as_told", error = one_line(&error.to_string())))
}
