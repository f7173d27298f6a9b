//! What goes over the wire, as generated from `proto/` (`tests/generated.rs`).

#![allow(clippy::doc_markdown, clippy::missing_errors_doc, clippy::pedantic, missing_docs, unreachable_pub)]
#![allow(dead_code, reason = "both ends of everything are generated")]

/// The source document's two services.
pub(crate) mod document {
    include!("proto/document.rs");
}

/// Our own agents.
pub(crate) mod agent {
    include!("proto/agent.rs");
}
