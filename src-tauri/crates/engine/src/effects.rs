//! Carries out what the core asks for.

use std::sync::Arc;

use estatus_core::{
    check::Check,
    config::Monitor,
    engine::{Effect, EffectId, Input},
    fleet::{Fleet, Provider, command::FleetCommand},
    program::ProgramCommand,
    words::Words,
};

use crate::{clock, event_loop::EventLoop, programs::ForProgram, workers::Workers};

impl<W: Workers> EventLoop<W> {
    /// Carries out all that the core asks for. What is to be done with programs does not wait for the disk: the program
    /// room has a ledger of its own.
    pub(crate) fn carry_out(&mut self) {
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::Record(records) => self.record(records),
                Effect::Program { program, command } => self.tasks.programs.give(ForProgram { program, command }),
                Effect::Fleet { fleet, command } => self.tasks.give_fleet(fleet, command, self.view.words.clone()),
                Effect::RunCommand { id, command } => self.tasks.run_command(id, command),
                Effect::SendRequest { id, request } => self.tasks.send_request(id, request),
                Effect::EndCommand { owner } => self.tasks.end_command(&owner),
                Effect::Confirm { id } => self.tasks.confirm(id),
                Effect::StartProbe { id, monitor } => self.probe(id, monitor),
                Effect::Cancel { id } => self.tasks.cancel(id),
                Effect::AskNetwork { id, question } => self.tasks.ask_network(id, question),
                Effect::SendAlert { id, message } => {
                    let config = self.core.config();
                    let channel = config.channels.get(&message.channel).cloned();
                    let words = Words::new(config.language, config.zone.clone());
                    self.tasks.send_alert(id, channel, message, words);
                }
                Effect::Publish(change) => self.publish(change),
            }
        }
    }

    /// Fleets the core itself knows; everything else is looked at beside the loop.
    fn probe(&mut self, id: EffectId, monitor: Arc<Monitor>) {
        let Check::Fleet(check) = &monitor.check else { return self.tasks.probe(id, monitor) };
        let now = clock::now();
        let observation = self.core.observe_fleet(check, now.utc);
        // What comes of it is among the next effects.
        let _ = self.core.handle(Input::Probed { id, observation }, now);
    }

    /// The engine is about to stop: what must be written down is, programs and instances that are processes of
    /// this machine are stopped, and clients see it. Nothing is
    /// begun any more. Whether another program is now being stopped: they go in the order of their dependence.
    pub(crate) fn drain(&mut self) -> bool {
        let mut stops = false;
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::Record(records) => self.record(records),
                Effect::Program { program, command } => {
                    let is_stop = matches!(command, ProgramCommand::Stop { .. });
                    stops |= is_stop;
                    if is_stop || command == ProgramCommand::Release {
                        self.tasks.programs.give(ForProgram { program, command });
                    }
                }
                Effect::Fleet { fleet, command } if ends_process(&fleet, &command) => {
                    stops |= matches!(command, FleetCommand::Terminate { .. });
                    self.tasks.give_fleet(fleet, command, self.view.words.clone());
                }
                Effect::Publish(change) => self.publish(change),
                // What is not begun any more is begun by the next engine: it is written down.
                Effect::Fleet { .. }
                | Effect::RunCommand { .. }
                | Effect::SendRequest { .. }
                | Effect::EndCommand { .. }
                | Effect::Confirm { .. }
                | Effect::StartProbe { .. }
                | Effect::Cancel { .. }
                | Effect::AskNetwork { .. }
                | Effect::SendAlert { .. } => {}
            }
        }
        stops
    }
}

/// Whether `command` ends a process of this machine, or clears away what is left of it.
fn ends_process(fleet: &Fleet, command: &FleetCommand) -> bool {
    let is_end = matches!(command, FleetCommand::Terminate { .. } | FleetCommand::Forget { .. });
    is_end && matches!(fleet.provider, Provider::Local { .. })
}
