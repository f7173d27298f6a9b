//! Wakes the core of a world, as whoever hosts it does.

use std::fmt::Display;

use estatus_core::{Engine, time::Now};

/// Wakes the core of `world` for as long as it wants to be woken at this moment, and has done each time what it says.
///
/// # Panics
/// If it wants that `limit` times, which no honest engine does; with what tells the world.
pub(crate) fn wake<W>(
    world: &mut W,
    (seed, limit): (impl Display, u32),
    core: fn(&mut W) -> &mut Option<Engine>,
    clocks: fn(&W) -> Now,
    carry_out: fn(&mut W),
) {
    for _ in 0..limit {
        let now = clocks(world);
        core(world).as_mut().expect("there is always a core").handle_timeout(now);
        carry_out(world);
        let core = core(world).as_ref().expect("there is always a core");
        if core.next_deadline().is_none_or(|(at, _)| at > now.monotonic) {
            return;
        }
    }
    panic!("seed {seed}: the core is busy with nothing at {:?}", clocks(world).monotonic.since_boot());
}
