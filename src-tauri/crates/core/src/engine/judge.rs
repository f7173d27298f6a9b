//! Whose fault a failure is of a probe that is no monitor's: one that somebody tries before it is saved.

use super::{
    Engine,
    scope::{scope_of_check, suspect},
};
use crate::{
    check::Check,
    ids::EffectId,
    network::{Fault, Network, NetworkAnswer, NetworkQuestion, Purpose, SuspectProbe},
    observation::{Cause, Observation, Verdict},
    time::Instant,
};

/// Judges failed probes by what was known of the own network when it was made, as the engine judges those of monitors. What
/// it learns stays with it.
#[derive(Clone, Debug)]
pub struct Judge {
    network: Network,
}

/// What can be said of a probe.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once")]
pub enum Judged {
    /// It is what it is.
    Known(Observation),
    /// That hangs on the answer to this, which goes to [`Judge::answered`].
    Asks(Box<Unjudged>, NetworkQuestion),
}

/// A failed probe that is not judged yet.
#[derive(Debug)]
pub struct Unjudged {
    observation: Observation,
    suspect: SuspectProbe,
}

/// Its questions are asked one after the other, and none of them is another's.
const QUESTION: EffectId = EffectId(0);

impl Engine {
    /// Whoever judges failures by what is known of the own network now.
    pub fn judge(&self) -> Judge {
        Judge { network: self.network.clone() }
    }
}

impl Judge {
    /// Takes what a probe of `check` saw that began and ended then, by the boot clock.
    pub fn probed(&mut self, check: &Check, observation: Observation, began: Instant, ended: Instant) -> Judged {
        let scope = scope_of_check(check, &observation);
        let failed = observation.verdict == Verdict::Down;
        let Some(suspect) = suspect(check, scope, &observation, began, ended).filter(|_| failed) else {
            return Judged::Known(observation);
        };
        match self.network.fault_known(&suspect, ended) {
            Some(fault) => Judged::Known(judged(observation, fault)),
            None => {
                let awaited = self.network.awaited(&suspect);
                let question = self.network.ask(QUESTION, Purpose::Judge(awaited), ended);
                Judged::Asks(Box::new(Unjudged { observation, suspect }), question)
            }
        }
    }

    /// Takes the answer that a failure hangs on.
    pub fn answered(&mut self, Unjudged { observation, suspect }: Unjudged, answer: &NetworkAnswer) -> Observation {
        // It is the answer to the one question there is, or to one that nobody asked: it is heard all the same.
        let _ = self.network.answered(QUESTION, answer);
        let fault = self.network.fault(&suspect, answer);
        judged(observation, fault)
    }
}

fn judged(observation: Observation, fault: Fault) -> Observation {
    match fault {
        Fault::Ours => observation.inconclusive(Cause::OwnNetworkOff),
        Fault::Theirs => observation,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use jiff::Timestamp;

    use super::*;
    use crate::{
        check::{HostPort, TcpCheck},
        network::{NetworkMemory, NetworkPolicy, Scope, Witness},
        observation::{Failure, Phase, Phases},
    };

    fn at(second: u64) -> Instant {
        Instant::from_boot(Duration::from_secs(second))
    }

    fn witness() -> Witness {
        Witness::Reference("1.1.1.1:53".to_owned())
    }

    /// One that has seen its witness answer before.
    fn judge() -> Judge {
        let reference = vec![HostPort { host: "1.1.1.1".to_owned(), port: 53 }];
        let memory = NetworkMemory { credible: BTreeSet::from([witness()]) };
        Judge { network: Network::new(&NetworkPolicy { reference }, memory) }
    }

    fn tcp(host: &str) -> Check {
        let address = HostPort { host: host.to_owned(), port: 443 };
        Check::Tcp(TcpCheck { address, ip: None, send: None, expect: None })
    }

    fn failed(cause: Cause) -> Observation {
        Observation::down(Timestamp::UNIX_EPOCH, Phases::default(), "", Failure::new(Phase::Connect, cause))
    }

    fn timed_out() -> Observation {
        failed(Cause::TimedOut { after: Duration::from_secs(5) })
    }

    fn answer(answered: &[Witness], has_route: bool) -> NetworkAnswer {
        NetworkAnswer { answered: answered.iter().cloned().collect(), has_route, gateway: None }
    }

    #[test]
    fn a_failure_far_away_hangs_on_who_else_answers() {
        let check = |answer: &NetworkAnswer, verdict: Verdict| {
            let mut judge = judge();
            let Judged::Asks(unjudged, question) = judge.probed(&tcp("example.com"), timed_out(), at(10), at(15))
            else {
                panic!("nobody was asked");
            };
            assert!(
                !question.is_answered_by(&BTreeSet::new()) && question.is_answered_by(&BTreeSet::from([witness()]))
            );
            let seen = judge.answered(*unjudged, answer);
            let cause = seen.failure.map(|failure| failure.cause);
            assert_eq!(seen.verdict, verdict, "{answer:?}");
            assert_eq!(cause == Some(Cause::OwnNetworkOff), verdict == Verdict::Inconclusive);
        };
        check(&answer(&[witness()], true), Verdict::Down);
        check(&answer(&[], true), Verdict::Inconclusive);
        check(&answer(&[], false), Verdict::Inconclusive);
    }

    #[test]
    fn what_the_own_network_cannot_explain_is_known_at_once() {
        let check = |host: &str, observation: Observation, verdict: Verdict| {
            let judged = judge().probed(&tcp(host), observation, at(10), at(15));
            let Judged::Known(seen) = judged else { panic!("{judged:?}") };
            assert_eq!(seen.verdict, verdict, "{host}");
        };
        check("127.0.0.1", timed_out(), Verdict::Down);
        let expired = Cause::CertificateExpired { subject: "example.com".to_owned(), not_after: Timestamp::UNIX_EPOCH };
        check("example.com", failed(expired), Verdict::Down);
        check("example.com", Observation::up(Timestamp::UNIX_EPOCH, Phases::default(), ""), Verdict::Up);
        check("example.com", timed_out().inconclusive(Cause::Slept), Verdict::Inconclusive);
    }

    #[test]
    fn a_network_that_has_just_been_found_off_needs_no_question() {
        let mut judge = judge();
        assert!(judge.network.found_off(Scope::Internet, at(14)));
        let judged = judge.probed(&tcp("example.com"), timed_out(), at(10), at(15));
        assert!(matches!(&judged, Judged::Known(seen) if seen.verdict == Verdict::Inconclusive), "{judged:?}");
    }
}
