//! The contract in TypeScript, for the window.

use std::{env, fs, path::Path};

use estatus_core::{
    check::Kind,
    config::Language,
    engine::{Ask, Repeat},
    exit::Exit,
    fleet::{instance::InstanceState, replay::Outcome},
    flow::run::{AnsweredBy, AnsweredFrom, RunState, StepState},
    ids::{IncidentId, MessageId, RunId, StartId},
    incident::{Delivery, Health},
    network::Scope,
    observation::{Phase, Verdict, Warning},
    program::{ProcessId, ProgramState},
    secret::StoredIn,
    standing::Standing,
    usage::Measure,
};
use ts_rs::{Config, TS};

use crate::*;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../ui/src/contract.ts");

macro_rules! declare {
    ($($type:ty),* $(,)?) => {{
        let config = Config::new().with_large_int("number");
        let declared = [$((<$type>::docs(), <$type>::decl(&config))),*];
        declared.map(|(docs, declared)| format!("{}export {declared}\n", docs.unwrap_or_default())).join("\n")
    }};
}

fn contract() -> String {
    let declared = declare![
        Hello,
        Host,
        HostKind,
        Permission,
        Snapshot,
        EngineState,
        Platform,
        WaitingMessage,
        MonitorState,
        ProgramStatus,
        FleetSummary,
        FleetStatus,
        InstanceStatus,
        DecisionStatus,
        RefusedStatus,
        FleetSample,
        OtherRule,
        OtherPlan,
        FleetReplay,
        TriedRule,
        ReplayPoint,
        Outcome,
        FlowStatus,
        RunSummary,
        RunStatus,
        StepStatus,
        SinceSuccess,
        Question,
        UndoStatus,
        FlowPlan,
        PlannedStep,
        Finding,
        StepOf,
        Repeat,
        LastExit,
        AttemptState,
        LastSeen,
        IncidentState,
        AlertState,
        Status,
        MonitorStatus,
        Figures,
        History,
        Uptime,
        Point,
        Request,
        ReportMonth,
        ReportFormat,
        Document,
        Edit,
        Section,
        Configuration,
        ConfigProblem,
        Edited,
        Version,
        VersionChange,
        EntryChange,
        VersionText,
        Hunk,
        HunkLine,
        LineChange,
        Imported,
        TrialOf,
        TypedSecret,
        Tried,
        SecretState,
        SecretUser,
        StoredIn,
        Surveyed,
        Adoptable,
        LogLine,
        LogStream,
        LogPlace,
        LogFrom,
        LogPage,
        ProgramChange,
        Usage,
        UsedBy,
        UsageHistory,
        UsageSeries,
        UsagePoint,
        Measure,
        Reply,
        ApiError,
        ErrorCode,
        Event,
        Kind,
        Ask,
        AnsweredBy,
        AnsweredFrom,
        Exit,
        Delivery,
        Health,
        Standing,
        IncidentId,
        MessageId,
        Scope,
        Phase,
        Verdict,
        Warning,
        ProcessId,
        ProgramState,
        InstanceState,
        RunState,
        StepState,
        RunId,
        StartId,
        Language,
    ];
    format!("// Made from the crate estatus-api; `UPDATE=1 cargo test -p estatus-api` makes it anew.\n\n{declared}")
}

#[test]
fn the_window_speaks_the_same_contract() {
    let wanted = contract();
    if env::var_os("UPDATE").is_some() {
        fs::create_dir_all(Path::new(FILE).parent().unwrap()).unwrap();
        fs::write(FILE, &wanted).unwrap();
    }
    let found = fs::read_to_string(FILE).unwrap_or_default().replace("\r\n", "\n");
    assert!(found == wanted, "{FILE} is stale: UPDATE=1 cargo test -p estatus-api makes it anew");
}
