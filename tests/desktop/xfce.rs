//! A panel and a notification service that people use: Xfce's.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use estatus_tests::eventually;

use crate::session::{Ended, Session};

/// Where Debian has the programs that the bus would start.
const PROGRAMS: &str = "/usr/lib/x86_64-linux-gnu/xfce4";

const PANEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="30"/>
      <property name="icon-size" type="uint" value="22"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray"/>
  </property>
</channel>
"#;

/// Notifications come at the lower right, so that the menu does not lie over them.
const NOTIFICATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-notifyd" version="1.0">
  <property name="notify-location" type="uint" value="3"/>
  <property name="initial-opacity" type="double" value="1.0"/>
</channel>
"#;

/// Both; they end when this is dropped.
pub(crate) struct Xfce {
    _processes: Vec<Ended>,
}

impl Xfce {
    /// Starts both, the panel along the upper edge with room for icons at its right end.
    pub(crate) fn start(session: &Session) -> Self {
        let settings = session.config().join("xfce4/xfconf/xfce-perchannel-xml");
        fs::create_dir_all(&settings).unwrap();
        fs::write(settings.join("xfce4-panel.xml"), PANEL).unwrap();
        fs::write(settings.join("xfce4-notifyd.xml"), NOTIFICATIONS).unwrap();
        let programs = Path::new(PROGRAMS);
        let settings = started(&mut session.command(programs.join("xfconf/xfconfd")));
        let notifications = started(&mut session.command(programs.join("notifyd/xfce4-notifyd")));
        let panel = started(session.command("xfce4-panel").arg("--disable-wm-check"));
        session.paint_ground("#56657a");
        let is_panel = |[red, green, blue]: [u8; 3]| red > 200 && green > 200 && blue > 200;
        eventually("the panel is drawn", || (session.screen().lines(0..20).count(is_panel) > 10_000).then_some(()));
        Self { _processes: vec![panel, notifications, settings] }
    }
}

fn started(command: &mut Command) -> Ended {
    let started = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Ended(started.expect("cargo xtask test installs Xfce's panel and notifications"))
}
