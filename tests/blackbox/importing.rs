//! What other tools' files say is shown, and added to the configuration file when asked to.

use std::fs;

use estatus_api::{Edit, ErrorCode, FileContent, Reply, Request};
use estatus_tests::Estatus;

const CONFIG: &str = "# mine\n[[program]]\nname = \"web\"   # ours\ncommand = \"npm start\"\n";

/// What `estatus config import` says of a file beside the configuration in which `text` stands.
fn import(estatus: &Estatus, name: &str, text: &str, option: &[&str]) -> estatus_tests::Said {
    let file = estatus.config().with_file_name(name);
    fs::write(&file, text).unwrap();
    estatus.say(&[&["config", "import", file.to_str().unwrap()], option].concat())
}

#[test]
fn a_procfile_is_shown_and_added_when_asked_to() {
    let estatus = Estatus::new(CONFIG);
    let text = "web: rails server -p $PORT\nworker: sidekiq\n";
    let shown = import(&estatus, "Procfile", text, &[]);
    assert_eq!(shown.code, 0, "{shown:?}");
    for words in ["name = \"web 2\"", "command = \"sidekiq\"", "# Procfile: PORT", "With --yes"] {
        assert!(shown.out.contains(words), "“{words}” is not in {shown:?}");
    }
    assert_eq!(fs::read_to_string(estatus.config()).unwrap(), CONFIG);

    let json = import(&estatus, "Procfile", text, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json["from"].as_str(), json["edits"].as_array().map(Vec::len)), (Some("Procfile"), Some(2)));

    let added = import(&estatus, "Procfile", text, &["--yes"]);
    assert!(added.code == 0 && added.out.contains("Added 2 entries to "), "{added:?}");
    let after = fs::read_to_string(estatus.config()).unwrap();
    assert!(after.starts_with(CONFIG) && after.contains("name = \"worker\""), "{after}");
    assert_eq!(estatus.say(&["config", "check"]).code, 0);
}

#[test]
fn where_there_is_no_configuration_yet_one_is_begun() {
    let estatus = Estatus::new("");
    fs::remove_file(estatus.config()).unwrap();
    assert_eq!(import(&estatus, "Procfile", "clock: tick\n", &[]).code, 0);
    assert!(!estatus.config().exists());
    assert_eq!(import(&estatus, "Procfile", "clock: tick\n", &["--yes"]).code, 0);
    let checked = estatus.say(&["config", "check"]);
    assert!(checked.out.contains("0 monitors, 1 program,"), "{checked:?}");
}

#[test]
fn what_cannot_be_imported_is_said_and_changes_nothing() {
    let check = |config: &str, text: &str, expected: &str| {
        let estatus = Estatus::new(config);
        let said = import(&estatus, "file", text, &["--yes"]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains(expected), "“{expected}” is not in {said:?}");
        assert_eq!(fs::read_to_string(estatus.config()).unwrap(), config);
    };
    check(CONFIG, "Dear friend", "imports a Procfile, a PM2 ecosystem file");
    check(CONFIG, "module.exports = require('x')", "only JSON");
    check(
        "[[program]]\nname = \"web\"\n",
        "worker: sidekiq\n",
        "estatus.toml:1:1: program \"web\": `command` is missing",
    );
    check("[[program]\n", "worker: sidekiq\n", "estatus.toml:1:");
    let estatus = Estatus::new(CONFIG);
    assert_eq!(estatus.say(&["config", "import", "/no/such/file"]).code, 2);
}

#[tokio::test]
async fn the_window_asks_the_engine_even_for_a_long_file() {
    let mut estatus = Estatus::new(CONFIG);
    estatus.start();
    let mut client = estatus.attach().await;
    let ask = |text: String| Request::Import { name: "Procfile".to_owned(), content: FileContent(text.into_bytes()) };
    let reply = client.request(ask("web: rails server\n".to_owned())).await.unwrap();
    let Reply::Imported(imported) = reply else { panic!("not imported") };
    let [Edit::Put { table, .. }] = imported.edits.as_slice() else { panic!("{:?}", imported.edits) };
    assert_eq!(table["name"], "web 2");

    let long = format!("web: rails server\n{}", "#\t\n".repeat(1_600_000));
    let Ok(Reply::Imported(imported)) = client.request(ask(long)).await else { panic!("not imported") };
    assert_eq!(imported.edits.len(), 1);
    let error = client.request(ask("Dear friend".to_owned())).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Wrong);
}
