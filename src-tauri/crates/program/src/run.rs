//! Runs one command to its end, and leaves nothing of it behind.

use std::{io, path::Path, pin::pin, process::Stdio, time::Duration};

use estatus_core::{
    command::{CommandEnd, CommandOutcome, CommandRun},
    secret::Secret,
};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, Command},
    time::{Instant, timeout},
};
use tracing::warn;

use crate::{
    output::Output,
    platform::{self, Tree},
};

/// For how long the pipes are still read once the command itself has ended and something in the background holds them.
const PIPE_GRACE: Duration = Duration::from_millis(500);

/// For how long the end of the process tree is waited for.
const END_WITHIN: Duration = Duration::from_secs(3);

/// The same when nobody waits for the outcome any more: the caller's thread is held up meanwhile.
const DROP_WITHIN: Duration = Duration::from_millis(500);

/// Runs `run` with the variables of Estatus, its own and `secret_env`, and gives back how it ended.
///
/// `run.command.secret_env` is not looked at: `secret_env` is what has been fetched for it. A secret that the command
/// writes out is not in the outcome. When the command has ended, by itself or at its timeout, so has everything that
/// it started, in the background too. Dropping the future ends the tree as well.
///
/// This takes at most the timeout, half a second for pipes that stay open, and three seconds for the proof that nothing
/// is left; [`CommandOutcome::took`] is the time of the command alone.
pub async fn run(run: CommandRun, secret_env: Vec<(String, Secret)>) -> CommandOutcome {
    let begun = Instant::now();
    let mut stdout = Output::up_to(run.output_limit);
    let mut stderr = Output::up_to(run.output_limit);
    let (end, took) = match start(&run, &secret_env) {
        Ok(started) => started.finish(&run, begun, &mut stdout, &mut stderr).await,
        Err(reason) => (CommandEnd::CannotStart(reason), begun.elapsed()),
    };
    CommandOutcome { end, stdout: stdout.into_text(&secret_env), stderr: stderr.into_text(&secret_env), took }
}

fn start(run: &CommandRun, secret_env: &[(String, Secret)]) -> Result<Started, String> {
    let directory = run.command.directory.as_deref();
    if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
        return Err(format!("the directory {} does not exist", directory.display()));
    }
    let env: Vec<(&str, &str)> = run
        .command
        .env
        .iter()
        .chain(&run.env)
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain(secret_env.iter().map(|(name, secret)| (name.as_str(), secret.reveal())))
        .collect();
    let command = command(run, directory, env);
    let (child, tree) = Tree::spawn(command).map_err(|error| in_words(&error))?;
    Ok(Started { child, tree, ended: false })
}

fn command(run: &CommandRun, directory: Option<&Path>, env: Vec<(&str, &str)>) -> Command {
    let mut command = platform::command(&run.command.run, directory, &env);
    if let Some(directory) = directory {
        command.current_dir(directory);
    }
    let stdin = if run.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
    command.envs(env).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such program: install it, or write its full path or a name that is found in PATH".to_owned()
        }
        io::ErrorKind::PermissionDenied => format!("it may not be executed ({error}): check its permissions"),
        _ => error.to_string(),
    }
}

/// A command that has been started, and all that it starts.
struct Started {
    child: Child,
    tree: Tree,
    ended: bool,
}

impl Started {
    async fn finish(
        mut self,
        run: &CommandRun,
        begun: Instant,
        stdout: &mut Output,
        stderr: &mut Output,
    ) -> (CommandEnd, Duration) {
        let (stdin_pipe, stdout_pipe, stderr_pipe) =
            (self.child.stdin.take(), self.child.stdout.take(), self.child.stderr.take());
        let mut talk = pin!(async {
            tokio::join!(feed(stdin_pipe, run.stdin.as_deref()), stdout.read(stdout_pipe), stderr.read(stderr_pipe))
        });
        let mut talking = true;

        let exited = timeout(run.timeout, async {
            let mut exited = pin!(self.tree.exited(&mut self.child));
            loop {
                tokio::select! {
                    exited = &mut exited => return exited,
                    _ = &mut talk, if talking => talking = false,
                }
            }
        })
        .await;
        let took = begun.elapsed();

        if exited.is_ok() && talking {
            talking = timeout(PIPE_GRACE, &mut talk).await.is_err();
        }
        let left = self.end().await;
        if talking {
            // What was written before the end is still in the pipes.
            let _ = timeout(PIPE_GRACE, &mut talk).await;
        }
        let end = match exited {
            Ok(exited) => self.outcome(exited).await,
            Err(_) => CommandEnd::TimedOut { left },
        };
        (end, took)
    }

    async fn end(&mut self) -> Vec<u32> {
        let left = self.tree.end(END_WITHIN).await;
        self.ended = true;
        if !left.is_empty() {
            warn!(?left, "processes of a command could not be ended");
        }
        left
    }

    async fn outcome(&mut self, exited: io::Result<()>) -> CommandEnd {
        let status = match exited {
            Ok(()) => self.child.wait().await,
            Err(error) => Err(error),
        };
        match status {
            Ok(status) => platform::end_of(status),
            Err(error) => CommandEnd::CannotStart(format!("its end cannot be observed: {error}")),
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if !self.ended {
            self.tree.end_now(DROP_WITHIN);
        }
    }
}

/// Writes `text` and closes the pipe; a command that does not read it is free to do so.
async fn feed(pipe: Option<ChildStdin>, text: Option<&str>) {
    if let (Some(mut pipe), Some(text)) = (pipe, text) {
        let _ = pipe.write_all(text.as_bytes()).await;
        let _ = pipe.shutdown().await;
    }
}
