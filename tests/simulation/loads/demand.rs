//! What is asked of a fleet, second by second.

use std::f64::consts::TAU;

use crate::script::Dice;

/// How a load goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Always the same.
    Steady,
    /// It goes up and down about the same.
    Noisy,
    /// It is another one from one second to the next, twice an hour or so.
    Step,
    /// It follows the sun.
    Daily,
    /// It is several times what it was, for minutes.
    Flash,
}

impl Shape {
    /// So many hours are looked at.
    pub(crate) const fn hours(self) -> usize {
        match self {
            Self::Daily => 24,
            _ => 6,
        }
    }

    /// A load of this shape for each second: so many servers could bear it if each were full.
    pub(crate) fn draw(self, seed: u64) -> Vec<f64> {
        let mut dice = Dice::new(seed);
        let seconds = self.hours() * 3600;
        let level = 2.0 + 8.0 * part(&mut dice);
        match self {
            Self::Steady => vec![level; seconds],
            Self::Noisy => noise(&mut dice, seconds, 0.15).map(|noise| level * noise).collect(),
            Self::Step => steps(&mut dice, seconds),
            Self::Daily => {
                let phase = part(&mut dice);
                let noise = noise(&mut dice, seconds, 0.05).collect::<Vec<_>>();
                let sun = |second: usize| 0.6 + 0.5 * (TAU * (fraction(second, 86_400) + phase)).sin();
                noise.iter().enumerate().map(|(second, noise)| level * 1.2 * sun(second) * noise).collect()
            }
            Self::Flash => flashes(&mut dice, seconds, level / 2.0),
        }
    }
}

/// Noise about 1 with this standard deviation: most of it lasts for a minute or so (Ornstein and Uhlenbeck), a third of it
/// for a second.
fn noise(dice: &mut Dice, seconds: usize, deviation: f64) -> impl Iterator<Item = f64> {
    const LASTS: f64 = 60.0;
    let keeps = (-1.0 / LASTS).exp();
    let kick = (1.0 - keeps * keeps).sqrt();
    let mut slow = normal(dice);
    (0..seconds).map(move |_| {
        slow = keeps * slow + kick * normal(dice);
        (1.0 + deviation * slow + deviation / 3.0 * normal(dice)).max(0.0)
    })
}

fn steps(dice: &mut Dice, seconds: usize) -> Vec<f64> {
    let mut load = Vec::with_capacity(seconds);
    while load.len() < seconds {
        let (level, lasts) = (1.0 + 11.0 * part(dice), 1200 + dice.below(2400));
        load.extend((0..lasts).map(|_| level));
    }
    load.truncate(seconds);
    load
}

fn flashes(dice: &mut Dice, seconds: usize, usual: f64) -> Vec<f64> {
    let mut load = Vec::with_capacity(seconds);
    while load.len() < seconds {
        load.extend((0..1800 + dice.below(3600)).map(|_| usual));
        let (peak, rises, lasts) = (usual * (3.0 + 2.0 * part(dice)), 10 + dice.below(50), 120 + dice.below(1000));
        let rising = (1..=rises).map(|second| usual + (peak - usual) * second as f64 / rises as f64);
        load.extend(rising.chain((0..lasts).map(|_| peak)));
    }
    load.truncate(seconds);
    load
}

fn fraction(of: usize, whole: usize) -> f64 {
    of as f64 / whole as f64
}

/// From 0 to 1.
fn part(dice: &mut Dice) -> f64 {
    dice.below(1 << 20) as f64 / f64::from(1 << 20)
}

/// Normally distributed, nearly: twelve dice less six.
fn normal(dice: &mut Dice) -> f64 {
    (0..12).map(|_| part(dice)).sum::<f64>() - 6.0
}
