//! What is generated from `proto/` is what stands there. `UPDATE=1 cargo test -p estatus-fleet --test generated` writes it anew.
//!
//! It is kept rather than made by a build script: what makes it takes three times as long to compile as what it needs to run.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

use std::{env, fs, path::Path};

#[test]
fn what_is_generated_is_what_the_files_say() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    for (file, made, kept) in
        [("document.proto", "_.rs", "document.rs"), ("agent.proto", "estatus.agent.v1.rs", "agent.rs")]
    {
        let files = protox::compile([file], [here.join("proto")]).unwrap();
        let make = tonic_prost_build::configure().build_transport(false).codec_path("crate::wire::codec::SmallCodec");
        make.out_dir(folder.path()).compile_fds(files).unwrap();
        let made = fs::read_to_string(folder.path().join(made)).unwrap();
        let kept = here.join("src/wire/proto").join(kept);
        if env::var_os("UPDATE").is_some() {
            fs::write(&kept, &made).unwrap();
        }
        let is_current = fs::read_to_string(&kept).is_ok_and(|kept| kept.replace("\r\n", "\n") == made);
        assert!(is_current, "{} is stale: UPDATE=1 cargo test -p estatus-fleet --test generated", kept.display());
    }
}
