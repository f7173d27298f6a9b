//! What others are told: the status page, reports and uptimes.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use estatus_api::{Document, ErrorCode, ReportFormat, ReportMonth};

use super::*;

const PAGE: &str = "[status_page]\nfile = \"pages/status.html\"\ntags = [\"public\"]\n";

/// A stage with a page, and where that is.
async fn stage() -> (Stage, PathBuf) {
    let stage = Stage::start_by(|folder| {
        fs::create_dir(folder.join("pages")).unwrap();
        let monitors = monitor("web", "tags = [\"public\"]") + &monitor("internal", "");
        format!("{BEGINNING}{PAGE}{monitors}")
    })
    .await;
    let file = stage.folder.path().join("pages/status.html");
    (stage, file)
}

/// Waits until the page says `words`; what it says then.
async fn says(file: &Path, words: &str) -> String {
    let said = async {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        loop {
            look.tick().await;
            let page = fs::read_to_string(file).unwrap_or_default();
            if page.contains(words) {
                return page;
            }
        }
    };
    timeout(LONG, said).await.unwrap_or_else(|_| panic!("it never says “{words}”: {:?}", fs::read_to_string(file)))
}

/// Reads `file` again and again until it is dropped, and sees that it is whole whenever it is there.
struct Reader {
    ends: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<u64>>,
}

impl Reader {
    fn of(file: &Path) -> Self {
        let (file, ends) = (file.to_owned(), Arc::<AtomicBool>::default());
        let stops = Arc::clone(&ends);
        let read = move || {
            let mut count = 0;
            while !stops.load(Ordering::Relaxed) {
                let page = fs::read_to_string(&file).expect("a page is there from the first on");
                assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"), "half a page: {page}");
                count += 1;
                thread::yield_now();
            }
            count
        };
        Self { ends, thread: Some(thread::spawn(read)) }
    }

    fn end(mut self) -> u64 {
        self.ends.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_page_changes_when_a_page_goes_down_and_comes_back_and_is_never_half_written() {
    let (stage, file) = stage().await;
    let page = says(&file, "All systems operational").await;
    assert!(page.contains("No incidents.") && !page.contains("internal") && !page.contains("127.0.0.1"), "{page}");
    let reader = Reader::of(&file);
    stage.world.played().down.insert("web".to_owned());
    let page = says(&file, "Major outage").await;
    assert!(page.contains("Since ") && !page.contains("refused"), "no cause is told: {page}");
    stage.world.played().down.clear();
    let page = says(&file, "All systems operational").await;
    assert!(page.contains("Resolved"), "{page}");
    stage.world.played().down.insert("internal".to_owned());
    let mut client = stage.client().await;
    event(&mut client, is("internal", Health::Down)).await;
    client.request(Request::Do(Ask::Pause { monitor: "web".to_owned(), until: None })).await.unwrap();
    assert!(!says(&file, "Not monitored").await.contains("outage"), "what is not on it changes nothing");
    assert!(reader.end() > 10, "it was read");
    let left: Vec<_> = fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["status.html"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_page_that_cannot_be_written_is_told_of_and_written_once_it_can() {
    let (stage, file) = stage().await;
    let folder = file.parent().unwrap();
    says(&file, "All systems operational").await;
    let mut client = stage.client().await;
    fs::remove_dir_all(folder).unwrap();
    stage.world.played().down.insert("web".to_owned());
    let trouble = |wanted: bool| {
        move |event: &Event| match event {
            Event::Engine(engine) if engine.status_page_trouble.is_some() == wanted => {
                Some(engine.status_page_trouble.clone().unwrap_or_default())
            }
            _ => None,
        }
    };
    let told = event(&mut client, trouble(true)).await;
    assert!(told.contains("status.html cannot be written"), "{told}");
    event(&mut client, is("web", Health::Down)).await;
    fs::create_dir(folder).unwrap();
    stage.world.played().down.clear();
    event(&mut client, trouble(false)).await;
    says(&file, "All systems operational").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_page_says_that_monitoring_was_stopped_once_the_engine_is() {
    let (mut stage, file) = stage().await;
    says(&file, "All systems operational").await;
    drop(stage.stop.take());
    assert_eq!(timeout(LONG, stage.ended).await.expect("it ends").unwrap(), EngineEnd::Stopped);
    let page = fs::read_to_string(&file).unwrap();
    assert!(page.contains("Monitoring was stopped on ") && !page.contains("operational"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_page_stays_as_it_is_while_an_engine_is_started_again() {
    let (stage, file) = stage().await;
    says(&file, "All systems operational").await;
    let mut client = stage.client().await;
    assert_eq!(client.request(Request::Relaunch { stop_programs: false }).await, Ok(Reply::Done));
    assert_eq!(timeout(LONG, stage.ended).await.expect("it ends").unwrap(), EngineEnd::Relaunching);
    assert!(fs::read_to_string(&file).unwrap().contains("All systems operational"));
}

#[tokio::test]
async fn a_report_and_an_uptime_are_of_what_was_seen() {
    let (stage, _) = stage().await;
    let mut client = stage.client().await;
    stage.world.played().down.insert("web".to_owned());
    event(&mut client, is("web", Health::Down)).await;
    stage.world.played().down.clear();
    event(&mut client, |event| matches!(event, Event::IncidentClosed { .. }).then_some(())).await;
    let mut report = async |month, tags: &[&str], format| {
        let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        client.request(Request::Report { month, tags, format }).await
    };
    let reply = report(ReportMonth::Current, &["public"], ReportFormat::Csv).await;
    let Ok(Reply::Report(Document { name, text })) = reply else { panic!("{reply:?}") };
    let month = Timestamp::now().to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string();
    assert_eq!(name, format!("estatus-{month}.csv"));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() == 2 && lines[1].starts_with(&format!("{month},web,")), "{text}");
    assert_eq!(lines[1].split(',').nth(7), Some("1"), "one incident: {text}");
    let reply = report(ReportMonth::Current, &[], ReportFormat::IncidentsCsv).await;
    let Ok(Reply::Report(Document { name, text })) = reply else { panic!("{reply:?}") };
    assert!(name.ends_with("-incidents.csv") && text.contains("connection refused"), "{text}");
    let reply = report(ReportMonth::Last, &[], ReportFormat::Html).await;
    let Ok(Reply::Report(Document { text, .. })) = reply else { panic!("{reply:?}") };
    assert!(text.contains("internal") && text.contains("No incidents this month."), "{text}");
    let wrong = report(ReportMonth::Of("2026-13".to_owned()), &[], ReportFormat::Html).await.unwrap_err();
    assert_eq!((wrong.code, wrong.message.contains("“2026-13”")), (ErrorCode::Wrong, true));
    let reply = client.request(Request::Uptime { monitor: "web".to_owned() }).await;
    let Ok(Reply::Uptime(uptime)) = reply else { panic!("{reply:?}") };
    assert!(uptime.day.uptime.is_some() && uptime.day.observed <= uptime.year.observed, "{uptime:?}");
    let unknown = client.request(Request::Uptime { monitor: "wbe".to_owned() }).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::Wrong);
}
