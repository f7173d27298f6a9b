//! What programs and this machine used over time.

use estatus_api::{ErrorCode, UsageHistory, UsagePoint, UsedBy};
use estatus_core::{check::Check, time::earlier, usage::Measure};

use super::*;

/// What a probe of `monitor` measures.
pub(super) fn measured(monitor: &Monitor) -> Vec<(Measure, f64)> {
    match monitor.check {
        Check::Host(_) => vec![(Measure::Cpu, 20.5), (Measure::Load, 1.25)],
        _ => Vec::new(),
    }
}

async fn used(client: &mut Client, by: UsedBy) -> UsageHistory {
    let to = Timestamp::now();
    let from = earlier(to, Duration::from_secs(3_600));
    let used = client.request(Request::Usage { by, from, to, points: 60 }).await;
    let Ok(Reply::Usage(used)) = used else { panic!("{used:?}") };
    used
}

fn values(points: &[UsagePoint]) -> Vec<(f64, f64, f64)> {
    points.iter().map(|point| (point.mean, point.least, point.most)).collect()
}

#[tokio::test]
async fn what_a_program_used_is_told_with_its_limits_and_its_starts() {
    let mut stage = Stage::start(&format!("{PROGRAM}memory = {{ above = \"1GB\" }}\n")).await;
    let mut client = stage.client().await;
    let web = || UsedBy::Program("web".to_owned());
    assert_eq!(used(&mut client, web()).await.series, []);
    stage.begins().await;
    let followed = client.request(Request::Follow { log_of: None, step: None, usage: true }).await;
    assert_eq!(followed, Ok(Reply::Done));
    let start = StartId(1);
    stage.happens(ProgramEvent::Measured { start, memory: 5_000_000, cpu: None, ports: None }).await;
    event(&mut client, |event| matches!(event, Event::Usage(_)).then_some(())).await;

    let found = used(&mut client, web()).await;
    assert_eq!(found.piece, 60.0);
    let [memory] = &*found.series else { panic!("{found:?}") };
    assert_eq!((&memory.measure, memory.limit), (&Measure::MemoryBytes, Some(1e9)));
    assert_eq!(values(&memory.points), [(5e6, 5e6, 5e6)]);
    assert_eq!(found.starts.iter().map(|start| start.to).collect::<Vec<_>>(), [ProgramState::Starting]);
}

#[tokio::test]
async fn what_a_host_monitor_measured_is_told_with_its_limits() {
    let host = "[[monitor]]\nname = \"machine\"\nhost = { cpu = \"< 90%\" }\nevery = \"1s\"\n";
    let stage = Stage::start(host).await;
    let mut client = stage.client().await;
    event(&mut client, |event| matches!(event, Event::Monitor(state) if state.last.is_some()).then_some(())).await;
    let found = used(&mut client, UsedBy::Monitor("machine".to_owned())).await;
    assert_eq!(found.starts, []);
    let series: Vec<_> = found.series.iter().map(|series| (&series.measure, series.limit)).collect();
    assert_eq!(series, [(&Measure::Cpu, Some(90.0)), (&Measure::Load, None)]);
    assert_eq!(values(&found.series[0].points)[0], (20.5, 20.5, 20.5));
    assert_eq!(values(&found.series[1].points)[0], (1.25, 1.25, 1.25));
}

#[tokio::test]
async fn who_is_not_there_and_a_stretch_that_ends_before_it_begins_are_refused() {
    let stage = Stage::start(PROGRAM).await;
    let mut client = stage.client().await;
    let mut refused = async |by: UsedBy, from: Timestamp, to: Timestamp| {
        client.request(Request::Usage { by, from, to, points: 1 }).await.unwrap_err().code
    };
    let (from, to) = (Timestamp::UNIX_EPOCH, Timestamp::now());
    assert_eq!(refused(UsedBy::Program("nobody".to_owned()), from, to).await, ErrorCode::Wrong);
    assert_eq!(refused(UsedBy::Monitor("web".to_owned()), from, to).await, ErrorCode::Wrong);
    assert_eq!(refused(UsedBy::Program("web".to_owned()), to, from).await, ErrorCode::Wrong);
}
