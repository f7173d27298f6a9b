//! A row of stages, one after the other, each named and timed; the first that fails ends the row.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Stages that have been gone through.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    done: Vec<(&'static str, Duration)>,
}

impl Stages {
    /// Goes through the next stage.
    ///
    /// # Errors
    /// If it fails; names it.
    pub(crate) fn go(&mut self, name: &'static str, stage: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("── {name}");
        let begun = Instant::now();
        stage().with_context(|| format!("stage “{name}” failed"))?;
        self.done.push((name, begun.elapsed()));
        println!("   {name}: {}", in_words(begun.elapsed()));
        Ok(())
    }

    /// What was gone through, with its times, in one line.
    pub(crate) fn summary(&self) -> String {
        self.done.iter().map(|(name, took)| format!("{name} {}", in_words(*took))).collect::<Vec<_>>().join(", ")
    }
}

fn in_words(span: Duration) -> String {
    if span.as_secs() < 60 {
        return format!("{:.1} s", span.as_secs_f64());
    }
    format!("{} min {} s", span.as_secs() / 60, span.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_fails_is_named_and_not_counted() {
        let mut stages = Stages::default();
        stages.go("first", || Ok(())).unwrap();
        let error = stages.go("second", || anyhow::bail!("the reason")).unwrap_err();
        assert_eq!(format!("{error:#}"), "stage “second” failed: the reason");
        assert!(stages.summary().starts_with("first 0."));
        assert!(!stages.summary().contains("second"));
    }

    #[test]
    fn a_time_is_said_in_seconds_below_a_minute_and_in_minutes_above() {
        assert_eq!(in_words(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(in_words(Duration::from_secs(125)), "2 min 5 s");
    }
}
