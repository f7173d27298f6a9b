//! The capture is killed at every step there is, and at random ones.

use std::{
    io::{PipeReader, PipeWriter, Write, pipe},
    os::fd::AsFd,
};

use proptest::{collection::vec, prelude::*};

use super::{
    super::{Taken, fault},
    *,
};

/// Something that happens.
#[derive(Clone, Debug)]
enum Act {
    Written(Stream, Vec<u8>),
    Taken(Stream),
    Flushed,
}

#[test]
fn killed_at_any_step_no_line_is_lost_and_none_is_doubled() {
    let acts = scenario();
    let mut steps = 0;
    loop {
        let mut scene = Scene::new();
        // Whoever goes on after the kill is killed as well.
        let mut kills = vec![steps % 3, steps % 7, steps];
        for act in &acts {
            scene.act(act, &mut kills);
        }
        scene.check(&format!("killed at step {steps}"));
        if kills.len() == 3 {
            break;
        }
        steps += 1;
    }
    assert!(steps > 100, "the scenario has only {steps} steps");
}

/// Lines and parts, long and short, over several files.
fn scenario() -> Vec<Act> {
    let lines = |text: &str, count: usize| -> Vec<u8> {
        (0..count).flat_map(|n| format!("{n} {text}\n").into_bytes()).collect()
    };
    let mut acts = Vec::new();
    for round in 0..4 {
        acts.push(Act::Written(Stream::Out, lines("out", 300)));
        acts.push(Act::Taken(Stream::Out));
        acts.push(Act::Written(Stream::Out, format!("part {round} ").into_bytes()));
        acts.push(Act::Written(Stream::Err, lines(&"err".repeat(80), 160)));
        acts.push(Act::Taken(Stream::Out));
        acts.push(Act::Taken(Stream::Err));
        acts.push(Act::Flushed);
        acts.push(Act::Written(Stream::Out, b"done\n".to_vec()));
        acts.push(Act::Written(Stream::Err, vec![b'x'; 40_000]));
        acts.push(Act::Taken(Stream::Err));
        acts.push(Act::Written(Stream::Err, vec![b'y'; 20_000]));
    }
    acts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn killed_now_and_then_no_line_is_lost_and_none_is_doubled(acts in vec((act(), vec(0_u32..12, 0..3)), 1..60)) {
        let mut scene = Scene::new();
        for (act, mut kills) in acts {
            scene.act(&act, &mut kills);
        }
        scene.check("random acts");
    }
}

fn act() -> impl Strategy<Value = Act> {
    let stream = || prop_oneof![Just(Stream::Out), Just(Stream::Err)];
    prop_oneof![
        4 => (stream(), bytes()).prop_map(|(stream, bytes)| Act::Written(stream, bytes)),
        4 => stream().prop_map(Act::Taken),
        1 => Just(Act::Flushed),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[a-z ]{0,40}".prop_map(String::into_bytes),
        2 => Just(b"\n".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        1 => Just("ñ€😀".as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..6),
    ];
    let long = (0_usize..60_000, any::<u8>()).prop_map(|(length, byte)| vec![byte.max(b' '); length]);
    prop_oneof![
        12 => vec(piece, 0..20).prop_map(|pieces| pieces.concat()),
        1 => long,
    ]
}

/// Two pipes and a capture, which is opened again whenever it is killed.
struct Scene {
    folder: TempDir,
    capture: Option<Capture>,
    pipes: [(PipeReader, PipeWriter); 2],
    written: [Vec<u8>; 2],
}

impl Scene {
    fn new() -> Self {
        let pipes = [pipe().unwrap(), pipe().unwrap()];
        for (_, writer) in &pipes {
            rustix::io::ioctl_fionbio(writer, true).unwrap();
        }
        Self { folder: folder(), capture: None, pipes, written: [Vec::new(), Vec::new()] }
    }

    /// Does `act`, and is killed after so many steps as `kills` says last; then it is tried again, until it succeeds.
    fn act(&mut self, act: &Act, kills: &mut Vec<u32>) {
        match act {
            Act::Written(stream, bytes) => self.write(*stream, bytes, kills),
            Act::Taken(stream) => {
                while self.on_capture(kills, *stream, |capture, pipe| capture.take(*stream, pipe.as_fd()).unwrap())
                    == Taken::Some
                {}
            }
            Act::Flushed => self.on_capture(kills, Stream::Out, |capture, _| flush(capture)),
        }
    }

    fn write(&mut self, stream: Stream, bytes: &[u8], kills: &mut Vec<u32>) {
        // More would be removed from the log again.
        let logged: usize = self.written.iter().map(Vec::len).sum();
        if logged + bytes.len() > 280_000 {
            return;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.pipes[stream.index()].1.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(_) => self.act(&Act::Taken(stream), kills),
            }
        }
        self.written[stream.index()].extend_from_slice(bytes);
    }

    fn on_capture<T>(
        &mut self,
        kills: &mut Vec<u32>,
        stream: Stream,
        act: impl Fn(&mut Capture, &PipeReader) -> T,
    ) -> T {
        loop {
            let Self { capture, pipes, folder, .. } = self;
            let pipe = &pipes[stream.index()].0;
            let mut on_it = || act(capture.get_or_insert_with(|| open(folder)), pipe);
            let Some(steps) = kills.pop() else { return on_it() };
            match fault::killed_after(steps, on_it) {
                (Some(done), left) => {
                    kills.push(left);
                    return done;
                }
                (None, _) => self.capture = None,
            }
        }
    }

    fn check(mut self, what: &str) {
        for stream in Stream::ALL {
            self.act(&Act::Taken(stream), &mut Vec::new());
            self.on_capture(&mut Vec::new(), stream, |capture, _| capture.end(stream));
        }
        assert!(total(self.folder.path()) <= KEEP, "{what}");
        for stream in Stream::ALL {
            let expected = expected(&self.written[stream.index()]);
            assert_same(&logged(self.folder.path(), stream), &expected, &format!("{what}, {stream:?}"));
        }
    }
}
