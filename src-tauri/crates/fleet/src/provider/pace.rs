//! How long what takes its time may take.

use std::time::Duration;

/// How long is waited, and for what. Tests have no time for the real ones.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// What was launched, tagged or terminated so long ago shows in every answer. Amazon asks to expect minutes, and it is
    /// seconds nearly always.
    pub(crate) visible_within: Duration,
    /// A name that shows nowhere, and must, is looked for again after so long, as often as [`Pace::looks`] says.
    pub(crate) look_every: Duration,
    /// So often.
    pub(crate) looks: u32,
    /// A server accepts a connection within this.
    pub(crate) connect_within: Duration,
    /// A server has answered a request within this.
    pub(crate) answer_within: Duration,
    /// Before a request is made again that came to nothing; twice as long each time.
    pub(crate) retry_after: Duration,
    /// For so long it is believed what a launch template says.
    pub(crate) template_holds: Duration,
    /// A group has begun to launch what it should have within this.
    pub(crate) group_within: Duration,
    /// A group that should launch something is looked at so often.
    pub(crate) group_every: Duration,
    /// Before this has passed since the start, what another Estatus, that was killed, did with a group may not show.
    pub(crate) settled_after: Duration,
    /// Whatever is asked is answered within this, come what may.
    pub(crate) all_within: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            visible_within: Duration::from_secs(5 * 60),
            look_every: Duration::from_secs(2),
            looks: 5,
            connect_within: Duration::from_secs(5),
            answer_within: Duration::from_secs(30),
            retry_after: Duration::from_millis(400),
            template_holds: Duration::from_secs(60),
            group_within: Duration::from_secs(120),
            group_every: Duration::from_secs(5),
            settled_after: Duration::from_secs(15),
            all_within: Duration::from_secs(180),
        }
    }
}
