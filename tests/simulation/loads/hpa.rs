//! The rule of Kubernetes' HorizontalPodAutoscaler with its defaults, as its documentation (“Horizontal Pod Autoscaling”) and its
//! controller have it (`pkg/controller/podautoscaler` in kubernetes/kubernetes). It is better off here than there: what it goes by
//! is never old.

use std::sync::Arc;

use super::servers::{Scaler, Server};

/// It, as it scales one fleet.
pub(super) struct Hpa {
    target: f64,
    min: usize,
    max: usize,
    /// What it would have liked, and when.
    recommended: Vec<(u64, usize)>,
    /// By how much it has grown or shrunk, and when.
    changed: Vec<(u64, i64)>,
}

/// `--horizontal-pod-autoscaler-sync-period`, in seconds
const EVERY: u64 = 15;
/// `--metric-resolution` of the metrics server: the use of a pod is the mean over so many seconds.
const WINDOW: u64 = 15;
/// `--horizontal-pod-autoscaler-tolerance`
const TOLERANCE: f64 = 0.1;
/// `--horizontal-pod-autoscaler-downscale-stabilization`
const STABLE_FOR: u64 = 300;
/// `behavior.scaleUp`: within so many seconds it may double, or grow by four, whichever is more.
const GROWS_WITHIN: u64 = 15;
const GROWS_BY: usize = 4;

impl Scaler for Hpa {
    fn every(&self) -> u64 {
        EVERY
    }

    fn window(&self) -> u64 {
        WINDOW
    }

    fn decide(&mut self, servers: &[Server], load: f64, second: u64) -> (usize, Vec<Arc<str>>) {
        let (count, wanted) = (servers.len(), self.size(servers, load, second));
        // Those that are not ready go first, then the youngest (`ActivePods` in the controller of replica sets).
        let mut turns: Vec<&Server> = servers.iter().collect();
        turns.sort_by_key(|server| (server.works <= second, std::cmp::Reverse(server.launched)));
        let removed = turns.iter().take(count.saturating_sub(wanted)).map(|server| server.name.clone());
        (wanted.saturating_sub(count), removed.collect())
    }
}

impl Hpa {
    pub(super) fn new(target: f64, min: usize, max: usize, count: usize) -> Self {
        Self { target, min, max, recommended: vec![(0, count)], changed: Vec::new() }
    }

    /// So many it wants.
    fn size(&mut self, servers: &[Server], load: f64, second: u64) -> usize {
        let count = servers.len();
        // A new one is set aside until its use has been measured for a whole window.
        let is_measured = |server: &&Server| server.works == 0 || server.works + WINDOW <= second;
        let wanted = self.recommend(count, servers.iter().filter(is_measured).count(), load);
        self.recommended.retain(|(at, _)| second - at <= STABLE_FOR);
        self.recommended.push((second, wanted));
        let stable = if wanted < count {
            let largest = self.recommended.iter().map(|(_, count)| *count).max();
            largest.unwrap_or(wanted).min(count)
        } else {
            wanted.min(self.scale_up_limit(count, second))
        };
        let size = stable.clamp(self.min, self.max);
        self.changed.push((second, size as i64 - count as i64));
        size
    }

    /// `GetResourceReplicas`: those that are set aside count as idle when it grows, and not at all when it shrinks.
    fn recommend(&self, count: usize, measured: usize, load: f64) -> usize {
        if measured == 0 {
            return count;
        }
        let ratio = load / self.target;
        let aside = count - measured;
        if aside == 0 || ratio <= 1.0 {
            let is_off = (1.0 - ratio).abs() > TOLERANCE;
            return if is_off { ceil(ratio * measured as f64) } else { count };
        }
        let ratio = ratio * measured as f64 / count as f64;
        let is_off = ratio - 1.0 > TOLERANCE;
        if is_off { ceil(ratio * count as f64).max(count) } else { count }
    }

    /// `calculateScaleUpLimitWithScalingRules`
    fn scale_up_limit(&mut self, count: usize, second: u64) -> usize {
        self.changed.retain(|(at, _)| second - at < GROWS_WITHIN);
        let before = count as i64 - self.changed.iter().map(|(_, change)| change).sum::<i64>();
        let before = usize::try_from(before).unwrap_or_default();
        (before * 2).max(before + GROWS_BY)
    }
}

fn ceil(count: f64) -> usize {
    (count - 1e-9).ceil() as usize
}
