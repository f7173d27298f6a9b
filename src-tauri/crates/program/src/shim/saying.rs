//! What a program says of itself, and what a shim makes of it.

use std::time::Duration;

use estatus_core::program::ProgramEvent;

use super::{after, live::Shim};
use crate::{
    notify_socket::NotifyMessage,
    platform::{First, NotifySocket},
};

impl Shim {
    pub(super) async fn became_ready(&mut self) {
        let Some(start) = self.running.as_ref().map(|running| running.start) else { return };
        if self.record().is_some_and(|record| !record.ready) {
            self.change_record(|record| record.ready = true);
            self.tell(ProgramEvent::Ready { start }).await;
        }
    }

    pub(super) async fn fell_silent(&mut self) {
        let running = self.running.as_ref().filter(|running| running.stopping.is_none());
        if let Some(start) = running.map(|running| running.start) {
            self.tell(ProgramEvent::Silent { start }).await;
        }
    }

    /// Takes in all that the program has said of itself.
    pub(super) async fn hear_program(&mut self) {
        const AT_ONCE: usize = 64;
        for _ in 0..AT_ONCE {
            let notify = self.running.as_mut().and_then(|running| running.notify.as_mut());
            let Some(notices) = notify.and_then(NotifySocket::take) else { return };
            for notice in notices {
                self.noticed(notice).await;
            }
        }
    }

    async fn noticed(&mut self, notice: NotifyMessage) {
        let Some(start) = self.running.as_ref().map(|running| running.start) else { return };
        match notice {
            NotifyMessage::Ready => self.became_ready().await,
            NotifyMessage::Status(status) => self.tell(ProgramEvent::Said { start, status }).await,
            NotifyMessage::Unwell => self.fell_silent().await,
            NotifyMessage::First(pid) => self.first_is(pid),
            NotifyMessage::Promise(within) => self.promised(within),
            NotifyMessage::Alive => {
                let expected = self.ledger.as_ref().and_then(|ledger| ledger.terms.watchdog);
                self.promised(self.record().and_then(|record| record.watchdog).or(expected));
            }
        }
    }

    fn promised(&mut self, within: Option<Duration>) {
        self.change_record(|record| record.watchdog = within);
        self.keep_promise();
    }

    /// From now on it is to say again that it lives.
    pub(super) fn keep_promise(&mut self) {
        let within = self.record().and_then(|record| record.watchdog);
        if let Some(running) = &mut self.running {
            running.silent_at = within.map(after);
        }
    }

    /// The program says which of its processes is the first.
    fn first_is(&mut self, pid: u32) {
        let Some(running) = self.running.as_mut().filter(|running| running.first.id.pid != pid) else { return };
        let member = running.tree.member(pid);
        let Some(Ok(Some(first))) = member.map(|process| First::held(process, &self.children)) else { return };
        let (id, executable) = (first.id, first.executable());
        running.first = first;
        self.change_record(|record| (record.first, record.executable) = (id, executable));
    }
}
