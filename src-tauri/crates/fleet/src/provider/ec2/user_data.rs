//! What an instance is given to begin with, so that the agent on it can enrol.
//!
//! An instance has the user data of its launch template or that of its launch, not both; so what the template says goes
//! along. Where the template's text names one of [`PLACES`], the values go there and nothing else is added: so it may be for
//! PowerShell, Ignition, or whatever else the image reads. Otherwise the image is taken for one with cloud-init, and what the
//! template says becomes the second part of a MIME document whose first is a script, which writes, before anything else runs:
//!
//! - `/run/estatus-agent/token`: the token, for `estatus agent --token-file`. It is on no disk, and only root can read it.
//! - `/run/estatus-agent/environment`: `ESTATUS_SERVER`, `ESTATUS_FLEET`, `ESTATUS_INSTANCE` and `ESTATUS_TOKEN_FILE`, for a
//!   unit of systemd (`EnvironmentFile=`) or a shell.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use crate::provider::Enrolment;

/// What in a template's text stands for what an instance must know: the token, the server, the fleet, the instance.
pub(crate) const PLACES: [&str; 4] = ["@ESTATUS_TOKEN@", "@ESTATUS_SERVER@", "@ESTATUS_FLEET@", "@ESTATUS_INSTANCE@"];

/// The name of the script; scripts run in the order of their names.
const SCRIPT: &str = "0-estatus-enrolment";

/// The user data of one launch.
pub(crate) fn of_launch(template: Option<&[u8]>, enrolment: &Enrolment, fleet: &str, instance: &str) -> Vec<u8> {
    let values = [enrolment.token.reveal(), &enrolment.server, fleet, instance];
    let text = template.and_then(|data| std::str::from_utf8(data).ok());
    if let Some(text) = text.filter(|text| PLACES.iter().any(|place| text.contains(place))) {
        return put_in(text, &values).into_bytes();
    }
    let [token, server, fleet, instance] = values;
    let script = format!(
        "#!/bin/sh\n\
         # By Estatus: with this its agent enrols, once, and within minutes.\n\
         umask 077\n\
         mkdir -p /run/estatus-agent\n\
         printf '%s\\n' {} >/run/estatus-agent/token\n\
         printf '%s\\n' {} {} {} ESTATUS_TOKEN_FILE=/run/estatus-agent/token >/run/estatus-agent/environment\n",
        quoted(token),
        quoted(&variable("ESTATUS_SERVER", server)),
        quoted(&variable("ESTATUS_FLEET", fleet)),
        quoted(&variable("ESTATUS_INSTANCE", instance)),
    );
    let script = format!(
        "Content-Type: text/x-shellscript; charset=\"utf-8\"\n\
         Content-Disposition: attachment; filename=\"{SCRIPT}\"\n\n{script}"
    );
    document(&[script.into_bytes()].into_iter().chain(template.map(part)).collect::<Vec<_>>())
}

/// `text` with the values where their places are; in a value, no place is looked for.
fn put_in(text: &str, values: &[&str; 4]) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let found = PLACES.iter().zip(values).filter_map(|(place, value)| Some((rest.find(place)?, place, value)));
        let Some((at, place, value)) = found.min_by_key(|(at, ..)| *at) else { break };
        done.push_str(&rest[..at]);
        done.push_str(value);
        rest = &rest[at + place.len()..];
    }
    done + rest
}

/// A line for a file of variables, in quotes that systemd and shells understand alike.
fn variable(name: &str, value: &str) -> String {
    let escaped: String = value
        .chars()
        .flat_map(|c| matches!(c, '"' | '\\' | '$' | '`').then_some('\\').into_iter().chain([c]))
        .collect();
    format!("{name}=\"{escaped}\"")
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What the template says, as a part of a MIME document.
fn part(data: &[u8]) -> Vec<u8> {
    let is_mime = |text: &str| {
        let begin = text.trim_start().to_ascii_lowercase();
        begin.starts_with("content-type:") || begin.starts_with("mime-version:")
    };
    match std::str::from_utf8(data) {
        // It is a document itself, or a part already.
        Ok(text) if is_mime(text) => text.trim_start().as_bytes().to_vec(),
        // cloud-init knows by its first line what it is.
        Ok(text) => format!("Content-Type: text/plain; charset=\"utf-8\"\n\n{text}").into_bytes(),
        Err(_) => {
            let kind = if data.starts_with(&[0x1f, 0x8b]) { "application/gzip" } else { "application/octet-stream" };
            let text = STANDARD.encode(data);
            let lines: Vec<String> =
                text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into()).collect();
            format!("Content-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{}\n", lines.join("\n")).into_bytes()
        }
    }
}

fn document(parts: &[Vec<u8>]) -> Vec<u8> {
    // Of the content, so that it stands nowhere in it, and the same launch has the same words.
    let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize();
    let boundary = format!("estatus-{}", hex(&hash[..12]));
    let mut document =
        format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n").into_bytes();
    for part in parts {
        document.extend(format!("\n--{boundary}\n").into_bytes());
        document.extend(part);
    }
    document.extend(format!("\n--{boundary}--\n").into_bytes());
    document
}

/// `bytes` in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use estatus_core::secret::Secret;
    use mail_parser::{Message, MessageParser, MimeHeaders as _};

    use super::*;

    fn launch(template: Option<&[u8]>) -> Vec<u8> {
        let enrolment = Enrolment { token: Secret::new("t0k'en"), server: "[2001:db8::1]:50051".to_owned() };
        of_launch(template, &enrolment, "wéb $x", "web-1")
    }

    /// The kinds of its parts, and their texts.
    #[track_caller]
    fn parts(data: &[u8]) -> Vec<(String, String)> {
        let message: Message<'_> = MessageParser::default().parse(data).unwrap();
        let kind = |part: &mail_parser::MessagePart<'_>| {
            let kind = part.content_type().unwrap();
            format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default())
        };
        let text = |part: &mail_parser::MessagePart<'_>| String::from_utf8_lossy(part.contents()).trim_end().to_owned();
        message.parts.iter().skip(1).map(|part| (kind(part), text(part))).collect()
    }

    #[test]
    fn what_the_template_says_comes_after_our_script() {
        let check = |template: &[u8], expected: &[(&str, &str)]| {
            let parts = parts(&launch(Some(template)));
            assert_eq!(parts[0].0, "text/x-shellscript");
            let rest: Vec<(&str, &str)> =
                parts[1..].iter().map(|(kind, text)| (kind.as_str(), text.as_str())).collect();
            assert_eq!(rest, expected);
        };
        check(b"#!/bin/sh\ndocker run web", &[("text/plain", "#!/bin/sh\ndocker run web")]);
        check(b"#cloud-config\nruncmd: [x]\n", &[("text/plain", "#cloud-config\nruncmd: [x]")]);
        check(
            b"Content-Type: multipart/mixed; boundary=\"B\"\nMIME-Version: 1.0\n\n--B\nContent-Type: text/cloud-config\n\n\
              #cloud-config\n\n--B--\n",
            &[("multipart/mixed", ""), ("text/cloud-config", "#cloud-config")],
        );
        let packed = [0x1f, 0x8b, 8, 0, 0xff, 1];
        let parts = parts(&launch(Some(&packed)));
        assert_eq!((parts.len(), parts[1].0.as_str()), (2, "application/gzip"));
        assert_eq!(super::tests::parts(&launch(None)).len(), 1);
    }

    #[test]
    fn the_same_launch_has_the_same_words() {
        assert_eq!(launch(Some(b"#!/bin/sh")), launch(Some(b"#!/bin/sh")));
        assert_ne!(launch(Some(b"#!/bin/sh")), launch(Some(b"#!/bin/bash")));
    }

    #[test]
    fn a_template_that_says_where_values_go_has_them_there_and_nothing_else() {
        let check = |template: &str, expected: &str| {
            assert_eq!(String::from_utf8(launch(Some(template.as_bytes()))).unwrap(), expected);
        };
        check("token = \"@ESTATUS_TOKEN@\"", "token = \"t0k'en\"");
        check(
            "@ESTATUS_SERVER@ @ESTATUS_FLEET@ @ESTATUS_INSTANCE@@ESTATUS_INSTANCE@",
            "[2001:db8::1]:50051 wéb $x web-1web-1",
        );
        // What stands in a value is no place.
        assert_eq!(
            put_in("@ESTATUS_TOKEN@ @ESTATUS_FLEET@", &["@ESTATUS_FLEET@", "", "web", ""]),
            "@ESTATUS_FLEET@ web"
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_script_writes_what_it_should_for_root_alone() {
        use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("agent");
        let script = parts(&launch(None))[0].1.replace("/run/estatus-agent", here.to_str().unwrap());
        assert!(Command::new("sh").arg("-c").arg(script).status().unwrap().success());
        assert_eq!(fs::read_to_string(here.join("token")).unwrap(), "t0k'en\n");
        assert_eq!(fs::metadata(here.join("token")).unwrap().permissions().mode() & 0o777, 0o600);
        let read = format!(
            ". {}/environment; printf '%s|' \"$ESTATUS_SERVER\" \"$ESTATUS_FLEET\" \"$ESTATUS_INSTANCE\"",
            here.display()
        );
        let read = Command::new("sh").arg("-c").arg(read).output().unwrap().stdout;
        assert_eq!(String::from_utf8(read).unwrap(), "[2001:db8::1]:50051|wéb $x|web-1|");
    }
}
