//! The own network: whether a failure is ours or the target's.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{check::HostPort, ids::EffectId, time::Instant};

/// How the own network is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkPolicy {
    /// Hosts that answer whenever the internet is there; may be empty.
    pub reference: Vec<HostPort>,
}

impl Default for NetworkPolicy {
    /// Public name servers of two operators, Cloudflare and Google, by address, so that no name has to be looked up.
    fn default() -> Self {
        let reference = ["1.1.1.1", "8.8.8.8"].map(|host| HostPort { host: host.to_owned(), port: 53 });
        Self { reference: reference.into() }
    }
}

/// How far a target is, and so which part of the own network a probe of it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// On this machine.
    Machine,
    /// On the local net: private, link-local and unique local addresses.
    LocalNet,
    /// Anywhere else.
    Internet,
}

impl Scope {
    /// The scope of an address.
    pub fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        if address.is_loopback() || address.is_unspecified() {
            return Self::Machine;
        }
        let local = match address {
            IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast(),
            IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_multicast(),
        };
        if local { Self::LocalNet } else { Self::Internet }
    }

    /// The scope of a host by its name alone: single labels and the suffixes reserved for local use are local.
    pub fn of_host(host: &str) -> Self {
        if let Ok(address) = host.parse() {
            return Self::of(address);
        }
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if host == "localhost" || host.ends_with(".localhost") {
            return Self::Machine;
        }
        // RFC 6762, RFC 8375, and what home routers use.
        let local = [".local", ".home.arpa", ".lan", ".home", ".internal"];
        if !host.contains('.') || local.iter().any(|suffix| host.ends_with(suffix)) {
            Self::LocalNet
        } else {
            Self::Internet
        }
    }
}

/// A host whose answer says that the own network works.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// A reference target of the configuration: `host:port` that a TCP connection reaches.
    Reference(String),
    /// The default gateway.
    Gateway,
}

/// What is asked about the own network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkQuestion {
    /// The reference targets. The gateway is asked beside them.
    pub references: Vec<HostPort>,
    /// The first answer of one of these is enough; `None` if everybody is waited for.
    pub awaited: Option<BTreeSet<Witness>>,
}

impl NetworkQuestion {
    /// Whether nobody needs to be waited for any longer when these have answered.
    pub fn is_answered_by(&self, answered: &BTreeSet<Witness>) -> bool {
        self.awaited.as_ref().is_some_and(|awaited| awaited.is_empty() || !awaited.is_disjoint(answered))
    }
}

/// What the own network looks like, asked after a probe failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkAnswer {
    /// The witnesses that answered.
    pub answered: BTreeSet<Witness>,
    /// Whether this machine has any way out at all: an interface that is up, and a route.
    pub has_route: bool,
    /// The default gateway's address, if there is one.
    pub gateway: Option<IpAddr>,
}

/// What is known of the own network from one start to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkMemory {
    /// The witnesses that have ever answered: only their silence says anything.
    pub credible: BTreeSet<Witness>,
}

/// An answer that found the network off is good for this long: failures that come in meanwhile need no question of
/// their own.
const STANDS_FOR: Duration = Duration::from_secs(3);

/// When the first host answers again, others may not yet be found: who was asked for in vain is asked for again after a
/// second (RFC 1122, section 2.3.2.1).
const IS_BACK_WITHIN: Duration = Duration::from_secs(2);

/// When the witnesses that a verdict hangs on have been silent for so long, some peers are probed: other monitors as far
/// away, of which one that is well shows that the own network is.
const PEERS_AFTER: Duration = Duration::from_millis(500);

/// A question of which nothing was heard for so long is lost.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// A monitor is probed out of its turn at most once in this time, however many others fail: others own those servers, too.
pub const PEER_RESTS: Duration = Duration::from_secs(60);

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Our own network's.
    Ours,
    /// The target's.
    Theirs,
}

/// A probe that failed, as far as it matters here.
#[derive(Clone, Debug)]
pub(crate) struct SuspectProbe {
    pub(crate) scope: Scope,
    pub(crate) host: String,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
}

/// What the own network is asked about for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To judge failures, by the answer of one of these witnesses.
    Judge(BTreeSet<Witness>),
    /// To learn who answers at all.
    Learn,
    /// To learn whose silence can be believed, while the network is on.
    Confirm,
}

/// A question that was asked and not yet answered.
#[derive(Clone, Debug)]
struct PendingQuestion {
    purpose: Purpose,
    asked: Instant,
    /// When peers are probed, if it is not answered before.
    peers_at: Option<Instant>,
}

#[derive(Clone, Debug, Default)]
struct ScopeState {
    /// Since it was last found off; `None` while it is on.
    off: Option<Instant>,
    /// When it was found to be on again.
    back: Option<Instant>,
    /// The newest success of either of two hosts, so that one of them is a peer to any host.
    successes: Vec<(String, Instant)>,
    /// The witnesses that were silent though the network was on: one more success, and their silence means nothing.
    doubtful: BTreeSet<Witness>,
}

/// What is known of the own network.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    references: Vec<HostPort>,
    memory: NetworkMemory,
    scopes: BTreeMap<Scope, ScopeState>,
    questions: BTreeMap<EffectId, PendingQuestion>,
    /// The default gateway's address, as last seen.
    gateway: Option<IpAddr>,
}

impl Network {
    pub(crate) fn new(policy: &NetworkPolicy, memory: NetworkMemory) -> Self {
        let mut network =
            Self { references: Vec::new(), memory, scopes: BTreeMap::new(), questions: BTreeMap::new(), gateway: None };
        network.configure(policy);
        network
    }

    /// Takes other reference targets; what was known of those that stay is kept.
    pub(crate) fn configure(&mut self, policy: &NetworkPolicy) {
        self.references.clone_from(&policy.reference);
        let known: BTreeSet<Witness> = self.witnesses().collect();
        self.memory.credible.retain(|witness| known.contains(witness));
    }

    pub(crate) fn memory(&self) -> &NetworkMemory {
        &self.memory
    }

    /// Whether `scope` was off when last looked at.
    pub(crate) fn is_off(&self, scope: Scope) -> bool {
        self.scopes.get(&scope).is_some_and(|state| state.off.is_some())
    }

    /// Whose fault a failure is, as far as that can be told without a question.
    pub(crate) fn fault_known(&self, suspect: &SuspectProbe, now: Instant) -> Option<Fault> {
        if suspect.scope == Scope::Machine {
            return Some(Fault::Theirs);
        }
        let state = self.scopes.get(&suspect.scope)?;
        let excused = match state.off {
            Some(off) => now.since(off) < STANDS_FOR,
            None => self.was_off_during(suspect),
        };
        excused.then_some(Fault::Ours)
    }

    /// Whether the network was off at any time after the probe began, or shortly before, as far as is known.
    pub(crate) fn was_off_during(&self, suspect: &SuspectProbe) -> bool {
        let state = self.scopes.get(&suspect.scope);
        state.is_some_and(|state| {
            state.off.is_some() || state.back.is_some_and(|back| suspect.began < back + IS_BACK_WITHIN)
        })
    }

    /// Those one of whom must answer before a failure is the target's. Where none of them can be believed, their silence
    /// would say nothing, so nobody is waited for.
    pub(crate) fn awaited(&self, suspect: &SuspectProbe) -> BTreeSet<Witness> {
        let witnesses =
            || self.witnesses_of(suspect.scope).filter(|witness| !self.is_target(witness, &suspect.host, self.gateway));
        let credible = witnesses().any(|witness| self.memory.credible.contains(&witness));
        if credible { witnesses().collect() } else { BTreeSet::new() }
    }

    /// The question under way that was asked for `purpose`.
    pub(crate) fn question(&self, purpose: &Purpose, now: Instant) -> Option<EffectId> {
        let is_it =
            |question: &PendingQuestion| question.purpose == *purpose && now.since(question.asked) < ANSWERED_WITHIN;
        self.questions.iter().find(|(_, question)| is_it(question)).map(|(id, _)| *id)
    }

    /// Nothing was heard of a question: the next one is asked anew.
    pub(crate) fn lost(&mut self, id: EffectId) {
        self.questions.remove(&id);
    }

    /// Notes that a question is asked now, and gives it back.
    pub(crate) fn ask(&mut self, id: EffectId, purpose: Purpose, now: Instant) -> NetworkQuestion {
        let awaited = match &purpose {
            Purpose::Judge(awaited) => Some(awaited.clone()),
            Purpose::Learn | Purpose::Confirm => None,
        };
        let hangs_on_peers = awaited.as_ref().is_some_and(|awaited| !awaited.is_empty());
        let peers_at = hangs_on_peers.then(|| now + PEERS_AFTER);
        self.questions.retain(|_, question| now.since(question.asked) < ANSWERED_WITHIN);
        self.questions.insert(id, PendingQuestion { purpose, asked: now, peers_at });
        NetworkQuestion { references: self.references.clone(), awaited }
    }

    /// When peers are to be probed.
    pub(crate) fn peers_due(&self) -> Option<Instant> {
        self.questions.values().filter_map(|question| question.peers_at).min()
    }

    /// The questions for whose sake peers are to be probed now; each of them once.
    pub(crate) fn take_unanswered(&mut self, now: Instant) -> BTreeSet<EffectId> {
        let due = |question: &mut PendingQuestion| question.peers_at.take_if(|at| *at <= now).is_some();
        self.questions.iter_mut().filter_map(|(id, question)| due(question).then_some(*id)).collect()
    }

    /// Takes the answer to a question under way; `false` if there is no such.
    #[must_use]
    pub(crate) fn answered(&mut self, id: EffectId, answer: &NetworkAnswer) -> bool {
        let Some(question) = self.questions.remove(&id) else { return false };
        self.gateway = answer.gateway.or(self.gateway);
        self.memory.credible.extend(answer.answered.iter().cloned());
        for state in self.scopes.values_mut() {
            state.doubtful.retain(|witness| !answer.answered.contains(witness));
        }
        if question.purpose == Purpose::Confirm {
            self.doubt_the_silent(answer);
        }
        true
    }

    /// Whose fault a failure is, by the answer.
    pub(crate) fn fault(&self, suspect: &SuspectProbe, answer: &NetworkAnswer) -> Fault {
        if let Some(state) = self.scopes.get(&suspect.scope) {
            let peer_is_well = |(host, began): &(String, Instant)| *host != suspect.host && *began >= suspect.ended;
            if state.successes.iter().any(peer_is_well) {
                return Fault::Theirs;
            }
        }
        if !answer.has_route {
            return Fault::Ours;
        }
        let witnesses: Vec<Witness> = self
            .witnesses_of(suspect.scope)
            .filter(|witness| !self.is_target(witness, &suspect.host, answer.gateway))
            .collect();
        let silent_though_credible = || witnesses.iter().any(|witness| self.memory.credible.contains(witness));
        if witnesses.iter().any(|witness| answer.answered.contains(witness)) {
            Fault::Theirs
        } else if silent_though_credible() {
            Fault::Ours
        } else {
            Fault::Theirs
        }
    }

    /// Whether the answer shows by itself that `scope` is on.
    pub(crate) fn is_witnessed(&self, scope: Scope, answer: &NetworkAnswer) -> bool {
        self.witnesses_of(scope).any(|witness| answer.answered.contains(&witness))
    }

    /// Notes that `scope` is off; `true` if that is news.
    #[must_use]
    pub(crate) fn found_off(&mut self, scope: Scope, now: Instant) -> bool {
        self.scopes.entry(scope).or_default().off.replace(now).is_none()
    }

    /// Notes that `scope` is on; `true` if that is news.
    #[must_use]
    pub(crate) fn found_on(&mut self, scope: Scope, now: Instant) -> bool {
        let state = self.scopes.entry(scope).or_default();
        let news = state.off.take().is_some();
        if news {
            state.back = Some(now);
        }
        news
    }

    /// Notes that a probe of `host` that began at `began` found it well. The network is on, then; `true` if that is
    /// news.
    #[must_use]
    pub(crate) fn succeeded(&mut self, scope: Scope, host: &str, began: Instant, now: Instant) -> bool {
        if scope == Scope::Machine {
            return false;
        }
        let state = self.scopes.entry(scope).or_default();
        for witness in std::mem::take(&mut state.doubtful) {
            self.memory.credible.remove(&witness);
        }
        state.successes.retain(|(known, _)| known != host);
        state.successes.insert(0, (host.to_owned(), began));
        state.successes.truncate(2);
        if state.off.is_some_and(|off| began < off) {
            return false;
        }
        self.found_on(scope, now)
    }

    fn doubt_the_silent(&mut self, answer: &NetworkAnswer) {
        for scope in [Scope::LocalNet, Scope::Internet] {
            if self.is_off(scope) {
                continue;
            }
            let silent: BTreeSet<Witness> = self
                .witnesses_of(scope)
                .filter(|witness| self.memory.credible.contains(witness) && !answer.answered.contains(witness))
                .collect();
            self.scopes.entry(scope).or_default().doubtful = silent;
        }
    }

    fn witnesses(&self) -> impl Iterator<Item = Witness> + '_ {
        let references = self.references.iter().map(|reference| Witness::Reference(reference.to_string()));
        references.chain([Witness::Gateway])
    }

    /// Those whose answer says something of `scope`: for the internet the references out there, for the local net the
    /// gateway and the references on it. Where the internet has no reference, the local net's must do.
    fn witnesses_of(&self, scope: Scope) -> impl Iterator<Item = Witness> + '_ {
        let far = |reference: &&HostPort| Scope::of_host(&reference.host) == Scope::Internet;
        let by_references = scope == Scope::Internet && self.references.iter().any(|reference| far(&reference));
        let references = self
            .references
            .iter()
            .filter(move |reference| far(reference) == by_references)
            .map(|reference| Witness::Reference(reference.to_string()));
        references.chain((!by_references).then_some(Witness::Gateway))
    }

    /// Whether a witness is the very host that failed, and so says nothing of it.
    fn is_target(&self, witness: &Witness, host: &str, gateway: Option<IpAddr>) -> bool {
        match witness {
            Witness::Gateway => gateway.is_some_and(|gateway| host.parse() == Ok(gateway)),
            Witness::Reference(name) => {
                self.references.iter().any(|reference| reference.host == host && reference.to_string() == *name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: &str = "1.1.1.1:53";

    fn at(seconds: u64) -> Instant {
        Instant::from_boot(Duration::from_secs(seconds))
    }

    fn network(credible: &[Witness]) -> Network {
        let reference = vec![HostPort { host: "1.1.1.1".into(), port: 53 }];
        Network::new(&NetworkPolicy { reference }, NetworkMemory { credible: credible.iter().cloned().collect() })
    }

    fn answer(answered: &[Witness]) -> NetworkAnswer {
        NetworkAnswer {
            answered: answered.iter().cloned().collect(),
            has_route: true,
            gateway: Some("192.168.1.1".parse().unwrap()),
        }
    }

    fn suspect(scope: Scope, host: &str) -> SuspectProbe {
        SuspectProbe { scope, host: host.into(), began: at(10), ended: at(20) }
    }

    fn reference() -> Witness {
        Witness::Reference(REFERENCE.into())
    }

    #[test]
    fn the_scope_of_a_target_follows_from_its_address_or_name() {
        let check = |host: &str, wanted| assert_eq!(Scope::of_host(host), wanted, "{host}");
        check("127.0.0.1", Scope::Machine);
        check("::1", Scope::Machine);
        check("localhost", Scope::Machine);
        check("192.168.1.75", Scope::LocalNet);
        check("fe80::1", Scope::LocalNet);
        check("::ffff:10.0.0.1", Scope::LocalNet);
        check("nas", Scope::LocalNet);
        check("nas.home.arpa", Scope::LocalNet);
        check("93.184.216.34", Scope::Internet);
        check("isaac-bh.github.io", Scope::Internet);
    }

    #[test]
    fn a_failure_is_ours_only_on_the_word_of_a_credible_witness() {
        let check = |credible: &[Witness], answer: NetworkAnswer, scope, host, wanted| {
            assert_eq!(network(credible).fault(&suspect(scope, host), &answer), wanted, "{credible:?} {answer:?}");
        };
        let web = "example.org";
        check(&[reference()], answer(&[reference()]), Scope::Internet, web, Fault::Theirs);
        check(&[reference()], answer(&[]), Scope::Internet, web, Fault::Ours);
        check(&[reference()], answer(&[Witness::Gateway]), Scope::Internet, web, Fault::Ours);
        check(&[], answer(&[]), Scope::Internet, web, Fault::Theirs);
        check(&[], NetworkAnswer::default(), Scope::Internet, web, Fault::Ours);
        check(&[Witness::Gateway], answer(&[]), Scope::LocalNet, "10.0.0.9", Fault::Ours);
        check(
            &[Witness::Gateway, reference()],
            answer(&[Witness::Gateway]),
            Scope::LocalNet,
            "10.0.0.9",
            Fault::Theirs,
        );
        check(&[Witness::Gateway], answer(&[]), Scope::LocalNet, "192.168.1.1", Fault::Theirs);
        check(&[reference()], answer(&[]), Scope::Internet, "1.1.1.1", Fault::Theirs);
    }

    #[test]
    fn a_peer_that_is_well_after_the_failure_clears_the_network() {
        let mut network = network(&[reference()]);
        assert!(!network.succeeded(Scope::Internet, "peer.example", at(19), at(19)));
        assert_eq!(network.fault(&suspect(Scope::Internet, "a.example"), &answer(&[])), Fault::Ours);
        assert!(!network.succeeded(Scope::Internet, "peer.example", at(21), at(22)));
        assert_eq!(network.fault(&suspect(Scope::Internet, "a.example"), &answer(&[])), Fault::Theirs);
        assert_eq!(network.fault(&suspect(Scope::Internet, "peer.example"), &answer(&[])), Fault::Ours);
    }

    #[test]
    fn a_probe_that_began_while_the_network_was_off_says_nothing_after_it_is_back() {
        let mut network = network(&[]);
        assert!(network.found_off(Scope::Internet, at(12)));
        assert_eq!(network.fault_known(&suspect(Scope::Internet, "a.example"), at(13)), Some(Fault::Ours));
        assert_eq!(network.fault_known(&suspect(Scope::Internet, "a.example"), at(20)), None);
        assert!(network.succeeded(Scope::Internet, "b.example", at(14), at(15)));
        assert_eq!(network.fault_known(&suspect(Scope::Internet, "a.example"), at(20)), Some(Fault::Ours));
        assert_eq!(network.fault_known(&suspect(Scope::Machine, "127.0.0.1"), at(20)), Some(Fault::Theirs));
    }

    #[test]
    fn a_probe_during_which_the_network_came_back_or_shortly_after_it_says_nothing() {
        let mut network = network(&[reference()]);
        assert!(!network.was_off_during(&suspect(Scope::Internet, "a.example")));
        assert!(network.found_off(Scope::Internet, at(5)));
        assert!(network.was_off_during(&suspect(Scope::Internet, "a.example")));
        assert!(network.found_on(Scope::Internet, at(21)));
        assert!(network.was_off_during(&suspect(Scope::Internet, "a.example")));
        for (began, says_nothing) in [(21, true), (22, true), (23, false)] {
            let later = SuspectProbe { began: at(began), ended: at(24), ..suspect(Scope::Internet, "a.example") };
            assert_eq!(network.was_off_during(&later), says_nothing, "begun at {began}");
        }
    }

    #[test]
    fn a_witness_that_stays_silent_while_the_network_is_on_is_no_longer_believed() {
        let mut network = network(&[reference()]);
        let _ = network.ask(EffectId(1), Purpose::Confirm, at(29));
        assert!(network.answered(EffectId(1), &answer(&[])));
        assert!(network.memory().credible.contains(&reference()));
        assert!(!network.succeeded(Scope::Internet, "a.example", at(30), at(31)));
        assert!(network.memory().credible.is_empty());
    }

    #[test]
    fn only_witnesses_of_that_scope_are_waited_for_and_only_if_one_can_be_believed() {
        let check = |credible: &[Witness], scope, host: &str, wanted: &[Witness]| {
            let mut network = network(credible);
            let _ = network.ask(EffectId(1), Purpose::Confirm, at(1));
            assert!(network.answered(EffectId(1), &answer(credible)));
            let awaited = network.awaited(&suspect(scope, host));
            assert_eq!(awaited, wanted.iter().cloned().collect(), "{credible:?} {scope:?} {host}");
        };
        let both = [Witness::Gateway, reference()];
        check(&both, Scope::Internet, "a.example", &[reference()]);
        check(&both, Scope::LocalNet, "10.0.0.9", &[Witness::Gateway]);
        check(&[reference()], Scope::LocalNet, "10.0.0.9", &[]);
        check(&[], Scope::Internet, "a.example", &[]);
        // What fails cannot speak for itself.
        check(&both, Scope::LocalNet, "192.168.1.1", &[]);
        check(&both, Scope::Internet, "1.1.1.1", &[]);
    }

    #[test]
    fn a_question_ends_with_the_first_answer_that_is_waited_for() {
        let check = |awaited: Option<&[Witness]>, answered: &[Witness], ends: bool| {
            let awaited = awaited.map(|awaited| awaited.iter().cloned().collect());
            let question = NetworkQuestion { references: Vec::new(), awaited };
            let answered = answered.iter().cloned().collect();
            assert_eq!(question.is_answered_by(&answered), ends, "{question:?} {answered:?}");
        };
        check(Some(&[reference()]), &[], false);
        check(Some(&[reference()]), &[Witness::Gateway], false);
        check(Some(&[reference()]), &[reference()], true);
        check(Some(&[]), &[], true);
        check(None, &[Witness::Gateway, reference()], false);
    }

    #[test]
    fn peers_are_wanted_once_for_each_question_whose_witnesses_are_silent() {
        let mut network = network(&[reference()]);
        let _ = network.ask(EffectId(1), Purpose::Confirm, at(1));
        let _ = network.ask(EffectId(2), Purpose::Judge(BTreeSet::new()), at(1));
        assert_eq!(network.peers_due(), None);
        let judge = || Purpose::Judge([reference()].into());
        let _ = network.ask(EffectId(3), judge(), at(1));
        assert_eq!(network.question(&judge(), at(2)), Some(EffectId(3)));
        assert_eq!(network.peers_due(), Some(at(1) + PEERS_AFTER));
        assert_eq!(network.take_unanswered(at(1)), BTreeSet::new());
        assert_eq!(network.take_unanswered(at(2)), [EffectId(3)].into());
        assert_eq!(network.take_unanswered(at(2)), BTreeSet::new());
        let _ = network.ask(EffectId(4), Purpose::Judge([Witness::Gateway].into()), at(3));
        assert!(network.answered(EffectId(4), &answer(&[Witness::Gateway])));
        assert_eq!(network.peers_due(), None);
    }
}
