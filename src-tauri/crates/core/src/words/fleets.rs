//! Fleets, their instances, and what is decided of them.

use std::time::Duration;

use super::{Words, whole_percent, word};
use crate::fleet::{
    Trouble,
    command::{ProviderError, ProviderErrorKind, Refusal},
    decision::{Decision, Objection, Reason, Rejected, Rejection},
    instance::InstanceState,
};

impl Words {
    /// What was decided and why, in one sentence without a full stop, like `2 more: the mean load is 74%, and should be 60%`.
    pub fn decision(&self, decision: &Decision) -> String {
        let (done, why) = (self.done(decision), self.reasons(decision));
        if why.is_empty() { done } else { self.text("decision.sentence", &[("done", &done), ("why", &why)]) }
    }

    /// What was decided, in a few words.
    fn done(&self, decision: &Decision) -> String {
        let grown = u32::try_from(decision.change).unwrap_or_default().saturating_sub(decision.replaced);
        let shrunk = decision.change.min(0).unsigned_abs();
        let removed = u32::try_from(decision.victims.len()).unwrap_or(u32::MAX);
        let cleared = removed.saturating_sub(shrunk).saturating_sub(decision.replaced);
        let all = [("replaced", decision.replaced), ("cleared", cleared), ("more", grown), ("fewer", shrunk)];
        let done = all.into_iter().filter(|(_, count)| *count > 0);
        let done = done.map(|(what, count)| self.counted(&format!("decision.{what}"), count));
        done.reduce(|one, other| format!("{one}, {other}")).unwrap_or_else(|| self.text("decision.none", &[]))
    }

    fn reasons(&self, decision: &Decision) -> String {
        decision.reasons.iter().map(|reason| self.reason(reason)).collect::<Vec<_>>().join("; ")
    }

    /// Why something is done with a fleet, without a full stop.
    pub fn reason(&self, reason: &Reason) -> String {
        match reason {
            Reason::Refill { count, desired } => {
                self.text("decision.why.refill", &[("count", &count.to_string()), ("desired", &desired.to_string())])
            }
            Reason::OverMax { count, max } => {
                self.text("decision.why.over_max", &[("count", &count.to_string()), ("max", &max.to_string())])
            }
            Reason::Above { mean, load, .. } | Reason::Below { mean, load, .. } => self.text(
                "decision.why.off",
                &[("mean", &self.whole_percent(*mean)), ("load", &self.whole_percent(*load))],
            ),
            Reason::Within { mean, load } => self.text(
                "decision.why.within",
                &[("mean", &self.whole_percent(*mean)), ("load", &self.whole_percent(*load))],
            ),
            Reason::Scheduled { desired } => self.text("decision.why.scheduled", &[("desired", &desired.to_string())]),
            Reason::ReplacesLost { instance } => self.text("decision.why.lost", &[("instance", instance)]),
            Reason::ReplacesFailed { instance } => self.text("decision.why.failed", &[("instance", instance)]),
            Reason::Asked => self.text("decision.why.asked", &[]),
            Reason::NothingKnown => self.text("decision.why.nothing_known", &[]),
        }
    }

    /// What was not done and why not, in one sentence without a full stop, like `i-3 stays: without it the mean load would be
    /// 71%`.
    pub fn rejected(&self, rejected: &Rejected) -> String {
        let (what, why) = (self.rejection(&rejected.what), self.objection(&rejected.why));
        self.text("decision.sentence", &[("done", &what), ("why", &why)])
    }

    fn rejection(&self, rejection: &Rejection) -> String {
        match rejection {
            Rejection::Change => self.text("decision.not.change", &[]),
            Rejection::Launch { count } => self.counted("decision.not.launch", *count),
            Rejection::Shrink { count } => self.counted("decision.not.shrink", *count),
            Rejection::Remove { instance } => self.text("decision.not.remove", &[("instance", instance)]),
            Rejection::Replace { instance } => self.text("decision.not.replace", &[("instance", instance)]),
        }
    }

    fn objection(&self, objection: &Objection) -> String {
        match objection {
            Objection::Max { max } => self.text("decision.but.max", &[("max", &max.to_string())]),
            Objection::Floor { floor } => self.text("decision.but.floor", &[("floor", &floor.to_string())]),
            Objection::Mean { mean } => self.text("decision.but.mean", &[("mean", &self.whole_percent(*mean))]),
            Objection::Needed { need, seconds } => self.text(
                "decision.but.needed",
                &[("count", &need.to_string()), ("ago", &self.span(Duration::from_secs(*seconds)))],
            ),
            Objection::Booting { count } => self.counted("decision.but.booting", *count),
            Objection::Budget { launches, seconds } => self.text(
                "decision.but.budget",
                &[("count", &launches.to_string()), ("within", &self.span(Duration::from_secs(*seconds)))],
            ),
            Objection::Flapping { turns, seconds } => self.text(
                "decision.but.flapping",
                &[("count", &turns.to_string()), ("within", &self.span(Duration::from_secs(*seconds)))],
            ),
            Objection::FewKnown { known, count } => {
                self.text("decision.but.few_known", &[("known", &known.to_string()), ("all", &count.to_string())])
            }
            Objection::ManySilent { silent, count } => {
                self.text("decision.but.many_silent", &[("silent", &silent.to_string()), ("all", &count.to_string())])
            }
            Objection::Protected => self.text("decision.but.protected", &[]),
            Objection::ByUser => self.text("decision.but.by_user", &[]),
            Objection::OnlyUser => self.text("decision.but.only_user", &[]),
        }
    }

    fn whole_percent(&self, share: f64) -> String {
        whole_percent(self.language, share)
    }

    fn counted(&self, key: &str, count: u32) -> String {
        self.text(key, &[("count", &count.to_string())])
    }

    /// How an instance stands, in a word or two.
    pub fn instance_state(&self, state: InstanceState) -> String {
        self.text(&format!("instance.{}", state.word()), &[])
    }

    /// What is wrong with a fleet, without a full stop.
    pub fn trouble(&self, trouble: Trouble) -> String {
        self.text(&format!("trouble.{}", word(&trouble)), &[])
    }

    /// Why a provider did not do what it was to do, without a full stop.
    pub fn provider_error(&self, error: &ProviderError) -> String {
        let kind = self.provider_error_kind(error.kind);
        if error.error.is_empty() {
            return kind;
        }
        self.text("provider.error", &[("kind", &kind), ("error", &error.error)])
    }

    /// What kind of reason a provider has, without a full stop.
    pub fn provider_error_kind(&self, kind: ProviderErrorKind) -> String {
        self.text(&format!("provider.error.{}", word(&kind)), &[])
    }

    /// Why somebody was refused who announced himself, without a full stop.
    pub fn refused_agent(&self, refusal: Refusal) -> String {
        self.text(&format!("agent.refused.{}", word(&refusal)), &[])
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::config::Language;

    fn words(language: Language) -> Words {
        Words::new(language, TimeZone::UTC)
    }

    fn decided(change: i32, replaced: u32, victims: usize, reasons: Vec<Reason>) -> Decision {
        let victims = (0..victims).map(|victim| format!("web-{victim}").into()).collect();
        Decision { change, replaced, victims, reasons, ..Decision::default() }
    }

    #[test]
    fn a_decision_is_one_sentence_in_either_language() {
        let check = |decision: &Decision, english: &str, spanish: &str| {
            assert_eq!(words(Language::English).decision(decision), english);
            assert_eq!(words(Language::Spanish).decision(decision), spanish);
        };
        let above = || Reason::Above { mean: 0.744, load: 0.6, need: 5 };
        check(
            &decided(2, 0, 0, vec![above()]),
            "2 more: the mean load is 74%, and should be 60%",
            "2 más: la carga media es del 74\u{a0}% y debería ser del 60\u{a0}%",
        );
        check(
            &decided(-1, 0, 1, vec![Reason::Below { mean: 0.3, load: 0.6, need: 5 }]),
            "1 fewer: the mean load is 30%, and should be 60%",
            "1 menos: la carga media es del 30\u{a0}% y debería ser del 60\u{a0}%",
        );
        check(
            &decided(3, 1, 1, vec![above(), Reason::ReplacesLost { instance: "web-0".into() }]),
            "1 replaced, 2 more: the mean load is 74%, and should be 60%; web-0 was lost",
            "1 reemplazada, 2 más: la carga media es del 74\u{a0}% y debería ser del 60\u{a0}%; se perdió web-0",
        );
        check(
            &decided(0, 0, 0, vec![Reason::Within { mean: 0.58, load: 0.6 }]),
            "no change: the mean load is 58%, near the 60% that it should be",
            "sin cambios: la carga media es del 58\u{a0}%, cerca del 60\u{a0}% que debería ser",
        );
        check(
            &decided(1, 0, 0, vec![Reason::Refill { count: 1, desired: 2 }]),
            "1 more: there is 1 instance, and should be 2",
            "1 más: hay 1 instancia y debería haber 2",
        );
        check(&decided(0, 0, 2, Vec::new()), "2 removed", "2 eliminadas");
    }

    #[test]
    fn what_is_not_done_is_said_in_either_language() {
        let check = |what: Rejection, why: Objection, english: &str, spanish: &str| {
            let rejected = Rejected { what, why };
            assert_eq!(words(Language::English).rejected(&rejected), english);
            assert_eq!(words(Language::Spanish).rejected(&rejected), spanish);
        };
        check(
            Rejection::Remove { instance: "i-3".into() },
            Objection::Mean { mean: 0.71 },
            "i-3 stays: without it the mean load would be 71%",
            "i-3 se queda: sin ella la carga media sería del 71\u{a0}%",
        );
        check(
            Rejection::Launch { count: 1 },
            Objection::Budget { launches: 60, seconds: 3600 },
            "1 more is not launched: no more than 60 launches are allowed within 1 h",
            "no se lanza 1 más: no se permiten más de 60 lanzamientos en 1 h",
        );
        check(
            Rejection::Change,
            Objection::ManySilent { silent: 4, count: 10 },
            "nothing is changed: 4 of 10 instances fell silent at once; perhaps this machine is cut off from them",
            "no se cambia nada: 4 de 10 instancias quedaron en silencio a la vez; quizá este equipo esté aislado de ellas",
        );
        check(
            Rejection::Shrink { count: 3 },
            Objection::Needed { need: 8, seconds: 75 },
            "3 are not removed: 8 were needed 1 min 15 s ago",
            "no se eliminan 3: hace 1 min 15 s se necesitaban 8",
        );
    }

    #[test]
    fn everything_has_its_own_words() {
        let instance = || "web-1".into();
        let reasons = [
            Reason::OverMax { count: 4, max: 3 },
            Reason::Scheduled { desired: 3 },
            Reason::ReplacesFailed { instance: instance() },
            Reason::Asked,
            Reason::NothingKnown,
        ];
        let objections = [
            Objection::Max { max: 3 },
            Objection::Floor { floor: 3 },
            Objection::Booting { count: 1 },
            Objection::Booting { count: 2 },
            Objection::Flapping { turns: 4, seconds: 3600 },
            Objection::FewKnown { known: 1, count: 3 },
            Objection::Protected,
            Objection::ByUser,
            Objection::OnlyUser,
        ];
        let what = [Rejection::Replace { instance: instance() }, Rejection::Launch { count: 2 }];
        use InstanceState as State;
        let states = [State::Launching, State::Booting, State::Running, State::Suspect, State::Lost, State::Failed];
        let states = states.into_iter().chain([State::Draining, State::Terminating, State::Gone]);
        let states: Vec<State> = states.collect();
        use ProviderErrorKind as Kind;
        let kinds =
            [Kind::Credentials, Kind::Configuration, Kind::Capacity, Kind::Throttled, Kind::Unreachable, Kind::Other];
        let troubles = [Trouble::CannotLaunch, Trouble::AtMax, Trouble::Lost, Trouble::Held];
        let refusals = [Refusal::Foreign, Refusal::Expired, Refusal::NoToken, Refusal::Insecure];
        for language in [Language::English, Language::Spanish] {
            let words = words(language);
            let mut texts: Vec<String> = reasons.iter().map(|reason| words.reason(reason)).collect();
            texts.extend(objections.iter().map(|objection| words.objection(objection)));
            texts.extend(what.iter().map(|what| words.rejection(what)));
            texts.extend(states.iter().map(|state| words.instance_state(*state)));
            texts.extend(troubles.iter().map(|trouble| words.trouble(*trouble)));
            texts.extend(refusals.iter().map(|refusal| words.refused_agent(*refusal)));
            texts.extend(kinds.iter().map(|kind| words.provider_error_kind(*kind)));
            let error = ProviderError { kind: Kind::Capacity, error: "no t3.micro".to_owned(), perhaps_done: false };
            texts.push(words.provider_error(&error));
            for text in &texts {
                let is_key = ["decision.", "instance.", "trouble.", "provider.", "agent."]
                    .iter()
                    .any(|key| text.starts_with(key));
                assert!(!is_key && !text.contains('{') && !text.is_empty(), "{text}");
            }
            let count = texts.len();
            texts.sort();
            texts.dedup();
            assert_eq!(texts.len(), count, "two say the same");
        }
    }
}
