//! A newcomer's first minutes: from an empty home to a page that is watched, a program that is kept and a mail that has come, by
//! mouse and keyboard alone.

use std::fs;

use estatus_core::{config::Language, words};
use estatus_tests::{Estatus, Mail, MailServer, Site, eventually, free_port, is_alive};

use crate::{panel::Panel, pictures, session::Session, tray::Tray, window::Window};

/// A desktop in some language, with a tray that has found nothing of Estatus there.
struct Newcomer {
    language: Language,
    session: Session,
    estatus: Estatus,
    mail: MailServer,
    site: Site,
}

impl Newcomer {
    fn new(language: Language) -> Self {
        let (mail, site) = (MailServer::start(), Site::start());
        let locale = match language {
            Language::English => "en_GB.UTF-8",
            Language::Spanish => "es_MX.UTF-8",
        };
        let session = Session::start().with("LANG", locale).of_new_user();
        let estatus = Estatus::of_new_user(&session.home()).with_env("SSL_CERT_FILE", mail.authority());
        Self { language, session, estatus, mail, site }
    }

    fn text(&self, key: &str) -> String {
        words::text(self.language, key, &[])
    }

    async fn story(self) {
        let mut panel = Panel::on(self.session.bus()).await;
        assert_eq!(fs::read_dir(self.session.home()).unwrap().count(), 0, "the home is empty");
        let _tray = Tray::start(&self.session, &self.estatus, &["--hidden"]);
        panel.icon().await;
        let window = Window::open(&self.session, &self.estatus, "/").await;
        window.reads(&self.text("welcome.title")).await;
        let page = self.watches_a_page(&window).await;
        let process = self.keeps_a_program(&window).await;
        self.is_told_by_mail(&window).await;

        self.site.break_it();
        window.go(&format!("/monitor/{page}")).await;
        window.press(&self.text("do.check")).await;
        let alert = self
            .mail_that("tells of the page", |mail| mail.message().body_text(0).is_some_and(|it| it.contains("503")));
        assert!(alert.tls && alert.login.as_deref() == Some(MailServer::USER), "{alert:?}");
        let (message, down) = (alert.message(), self.text("mail.state.down"));
        assert!(message.subject().is_some_and(|subject| subject.starts_with(&format!("[{down}]"))), "{alert:?}");
        assert!(message.body_text(0).is_some_and(|text| text.contains(&page)), "{alert:?}");
        self.site.mend();
        window.press(&self.text("do.check")).await;
        self.mail_that("answers it", |mail| mail.message().in_reply_to().as_text() == Some(alert.id().as_str()));
        assert!(is_alive(process), "the program is kept");
        window.close().await;
    }

    /// The next mail that is so: what the first file brings is watched, too, and may be told of.
    fn mail_that(&self, what: &str, is_so: impl Fn(&Mail) -> bool) -> Mail {
        let found = std::iter::repeat_with(|| self.mail.next()).take(8).find(is_so);
        found.unwrap_or_else(|| panic!("no mail {what}"))
    }

    /// The name of its monitor.
    async fn watches_a_page(&self, window: &Window) -> String {
        window.write(&self.text("welcome.paste"), &self.site.url()).await;
        window.press(&self.text("welcome.watch")).await;
        let name = format!("127.0.0.1:{}", self.site.port());
        self.estatus.wait_for(&name, "up");
        window.reads(&name).await;
        window.picture(&pictures().join(format!("beginning-page-{}.png", self.language.code()))).await;
        name
    }

    /// Its process.
    async fn keeps_a_program(&self, window: &Window) -> u64 {
        window.visit(&self.text("nav.programs")).await;
        window.press(&self.text("add.program")).await;
        let command = format!("/usr/bin/python3 -u -m http.server --bind 127.0.0.1 {}", free_port());
        window.write(&self.text("field.program.command"), &command).await;
        window.write(&self.text("field.program.name"), "shop").await;
        window.press(&self.text("do.save")).await;
        let process = self.estatus.wait_for_process("shop", None);
        window.go("/program/shop").await;
        window.reads("Serving HTTP on 127.0.0.1").await;
        process
    }

    async fn is_told_by_mail(&self, window: &Window) {
        window.visit(&self.text("nav.settings")).await;
        let write =
            async |field: &str, value: &str| window.write(&self.text(&format!("field.email.{field}")), value).await;
        write("server", "localhost").await;
        write("port", &self.mail.port().to_string()).await;
        write("username", MailServer::USER).await;
        write("password", MailServer::PASSWORD).await;
        write("from", MailServer::USER).await;
        write("to", "destinatario@mail.com").await;
        // It is tried before it is saved.
        window.press(&self.text("do.send_test")).await;
        let test = self.mail.next();
        assert!(test.tls && test.login.as_deref() == Some(MailServer::USER), "{test:?}");
        let accepted = [("server", &*format!("localhost:{}", self.mail.port())), ("to", "destinatario@mail.com")];
        window.reads(&words::text(self.language, "trial.accepted.email", &accepted)).await;
        window.picture(&pictures().join(format!("beginning-mail-{}.png", self.language.code()))).await;
        window.press(&format!("{}: {}", self.text("do.save"), self.text("settings.email"))).await;
        window.reads(&self.text("done.saved_settings")).await;
        let file = fs::read_to_string(self.estatus.config()).unwrap();
        assert!(file.contains("[email]") && !file.contains(MailServer::PASSWORD), "{file}");
        assert!(file.starts_with("# What Estatus checks and keeps running"), "what it began with is kept: {file}");
        eventually("nothing is wrong with the file", || {
            (self.estatus.say(&["config", "check"]).code == 0).then_some(())
        });
    }
}

#[tokio::test]
async fn a_newcomer_has_a_page_watched_a_program_kept_and_is_told_by_mail_without_a_terminal() {
    Newcomer::new(Language::English).story().await;
}

#[tokio::test]
async fn so_has_one_who_speaks_spanish() {
    Newcomer::new(Language::Spanish).story().await;
}
