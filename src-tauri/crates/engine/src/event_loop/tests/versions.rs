//! The last versions of the file: what is kept, undone and put back.

use estatus_api::{Edit, Edited, EntryChange, ErrorCode, MonitorState, Section, Version};

use super::*;

fn remove(name: &str) -> Vec<Edit> {
    vec![Edit::Remove { section: Section::Monitor, name: name.to_owned() }]
}

/// Has the file changed by `request`; the number of the version.
async fn saved(client: &mut Client, request: Request) -> u64 {
    let reply = client.request(request).await.unwrap();
    let Reply::Edited(Edited { problems, version: Some(version) }) = reply else { panic!("{reply:?}") };
    assert_eq!(problems, []);
    version
}

async fn versions(client: &mut Client) -> Vec<Version> {
    let Reply::Versions(versions) = client.request(Request::Versions).await.unwrap() else { panic!("no versions") };
    versions
}

/// The monitor `name` as it is told next.
async fn told(client: &mut Client, name: &str) -> MonitorState {
    let state = event(client, |event| match event {
        Event::Monitor(state) if &*state.name == name => Some(state.clone()),
        _ => None,
    });
    state.await
}

#[tokio::test]
async fn a_removal_is_undone_and_what_was_removed_goes_on_from_its_past() {
    let stage = Stage::start(&format!("{}{}", monitor("web", ""), monitor("page", ""))).await;
    let mut client = stage.client().await;
    event(&mut client, is("web", Health::Up)).await;
    let before = fs::read_to_string(stage.folder.path().join("estatus.toml")).unwrap();
    let known = client.request(Request::Status).await.unwrap();
    let Reply::Status(known) = known else { panic!("{known:?}") };
    let since = known.monitors.iter().find(|it| &*it.state.name == "web").unwrap().state.since;

    let removed = saved(&mut client, Request::Edit { edits: remove("web"), save: true }).await;
    event(&mut client, |event| matches!(event, Event::MonitorGone(name) if &**name == "web").then_some(())).await;
    let undone = saved(&mut client, Request::Undo { id: removed }).await;
    let state = told(&mut client, "web").await;
    assert_eq!((state.health, state.since), (Health::Up, since), "it begins anew");
    assert_eq!(fs::read_to_string(stage.folder.path().join("estatus.toml")).unwrap(), before);

    // That is undone as well, and a version of it can be put back.
    saved(&mut client, Request::Undo { id: undone }).await;
    event(&mut client, |event| matches!(event, Event::MonitorGone(name) if &**name == "web").then_some(())).await;
    saved(&mut client, Request::PutBack { id: undone }).await;
    assert_eq!(told(&mut client, "web").await.health, Health::Up);
    let told: Vec<_> = versions(&mut client).await.into_iter().map(|it| it.changes.unwrap_or_default()).collect();
    let changes: Vec<_> = told.iter().flatten().map(|it| (it.change, it.names.join(" "))).collect();
    let (added, removed) = ((EntryChange::Added, "web".to_owned()), (EntryChange::Removed, "web".to_owned()));
    assert_eq!(changes, [added.clone(), removed.clone(), added, removed]);
}

#[tokio::test]
async fn what_is_written_by_hand_is_a_version_and_an_edit_is_not_undone_upon_it() {
    let stage = Stage::start(&monitor("web", "")).await;
    let mut client = stage.client().await;
    event(&mut client, is("web", Health::Up)).await;
    let file = stage.folder.path().join("estatus.toml");
    let by_hand = format!("{BEGINNING}{}{}", monitor("web", ""), monitor("page", "tags = [\"mine\"]"));
    fs::write(&file, &by_hand).unwrap();
    let is_kept = async {
        while versions(&mut client).await.len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, is_kept).await.expect("it is kept");
    let kept = versions(&mut client).await;
    assert!(kept[0].is_present && !kept[1].is_present, "{kept:?}");
    let Reply::Version(text) = client.request(Request::Version { id: kept[0].id }).await.unwrap() else { panic!() };
    assert_eq!((text.text, text.difference), (by_hand.clone(), Vec::new()));

    let removed = saved(&mut client, Request::Edit { edits: remove("page"), save: true }).await;
    let again = format!("{BEGINNING}{}{}", monitor("web", ""), monitor("page", "tags = [\"other\"]"));
    fs::write(&file, &again).unwrap();
    let refused = client.request(Request::Undo { id: removed }).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Overtaken, "{refused}");
    assert_eq!(fs::read_to_string(&file).unwrap(), again);
    let none = client.request(Request::PutBack { id: 999 }).await.unwrap_err();
    assert_eq!(none.code, ErrorCode::Wrong, "{none}");
    let entry = Request::EntryText { section: Section::Monitor, name: "page".to_owned() };
    assert_eq!(client.request(entry).await, Ok(Reply::EntryText(monitor("page", "tags = [\"other\"]"))));
}
