//! What programs and this machine used over time, with their limits.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_api::{ApiError, ProgramChange, Reply, UsageHistory, UsagePoint, UsageSeries, UsedBy};
use estatus_core::{
    Timestamp,
    check::Check,
    engine::{AskError, Key},
    program::ProgramState,
    usage::{Measure, Spread},
};
use estatus_store::Store;

use super::{Answer, CHANGES_LIMIT, POINTS_LIMIT, failed, program_change, reply_async, wrong};
use crate::{event_loop::EventLoop, workers::Workers};

/// The most starts in one answer.
const STARTS_LIMIT: usize = 500;

/// Whose use is looked up, as far as the configuration knows.
struct Subject {
    key: Key,
    limits: BTreeMap<Measure, f64>,
    /// It is not measured more often.
    every: Duration,
}

impl<W: Workers> EventLoop<W> {
    /// What was used from `from` to `to`.
    pub(super) fn usage(&self, by: UsedBy, from: Timestamp, to: Timestamp, points: usize, answer: Answer) {
        let (store, language) = (self.store.clone(), self.core.config().language);
        let subject = self.subject(by);
        reply_async(answer, async move {
            let Subject { key, limits, every } = subject?;
            if from >= to {
                return Err(wrong("a history must begin before it ends".to_owned()));
            }
            // What has just been measured is still on its way to the disk.
            store.flush().await;
            let starts = starts(&store, &key, from, to).await.map_err(failed(language))?;
            let used = store.usage(key, from, to, points.clamp(1, POINTS_LIMIT), every).await;
            let used = used.map_err(failed(language))?;
            let series = |series: estatus_store::UsageSeries| UsageSeries {
                limit: limits.get(&series.measure).copied(),
                points: series.points.into_iter().map(point).collect(),
                measure: series.measure,
            };
            let series = used.series.into_iter().map(series).collect();
            Ok(Reply::Usage(UsageHistory { piece: used.width.as_secs_f64(), series, starts }))
        });
    }

    fn subject(&self, by: UsedBy) -> Result<Subject, ApiError> {
        match by {
            UsedBy::Program(name) => {
                let view = self.core.program(&name);
                let view = view.ok_or_else(|| self.refused(&AskError::NoSuchProgram(name)))?;
                let limits = view.program.ceilings().collect();
                Ok(Subject { key: Key::Program(Arc::clone(&view.program.name)), limits, every: Duration::ZERO })
            }
            UsedBy::Monitor(name) => {
                let view = self.core.monitor(&name);
                let monitor = view.ok_or_else(|| self.refused(&AskError::NoSuchMonitor(name)))?.monitor;
                let limits = match &monitor.check {
                    Check::Host(check) => check.limits().collect(),
                    _ => BTreeMap::new(),
                };
                Ok(Subject { key: Key::Monitor(Arc::clone(&monitor.name)), limits, every: monitor.every })
            }
        }
    }
}

/// When a program was started.
async fn starts(
    store: &Store,
    of: &Key,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<ProgramChange>, estatus_store::Trouble> {
    let Key::Program(name) = of else { return Ok(Vec::new()) };
    let changes = store.program_changes(name, from, Some(to), CHANGES_LIMIT).await?;
    let is_start = |change: &ProgramChange| change.to == ProgramState::Starting && change.at >= from;
    let mut starts: Vec<_> = changes.into_iter().filter_map(program_change).filter(is_start).collect();
    starts.drain(..starts.len().saturating_sub(STARTS_LIMIT));
    Ok(starts)
}

fn point((at, Spread { mean, least, most }): (Timestamp, Spread)) -> UsagePoint {
    UsagePoint { at, mean, least, most }
}
