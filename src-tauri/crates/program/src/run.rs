//! Runs one command to its end, and leaves nothing of it behind.

use std::{collections::BTreeSet, io, pin::pin, time::Duration};

use estatus_core::{
    command::{CommandEnd, CommandOutcome, CommandRun},
    secret::Secret,
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout},
};
use tracing::warn;

use crate::{
    names::random_name,
    output::Output,
    platform::{self, ChildStderr, ChildStdin, ChildStdout, Tree},
    process_start::{ProcessStart, Variables},
    reaper::Owned,
};

/// For how long the pipes are still read once the command itself has ended and something in the background holds them.
const PIPE_GRACE: Duration = Duration::from_millis(500);

/// For how long the end of the process tree is waited for.
pub(crate) const END_WITHIN: Duration = Duration::from_secs(3);

/// Runs `run` with the variables of Estatus but for `hidden`, its own and `secret_env`, and gives back how it ended.
///
/// `run.command.secret_env` is not looked at: `secret_env` is what has been fetched for it. A secret that the command writes
/// out is not in the outcome. When the command has ended, by itself or at its timeout, so has everything that
/// it started, in the background too. Dropping the future ends the tree as
/// well, without holding up who drops it: see [`crate::all_ended`].
///
/// This takes at most the timeout, half a second for pipes that stay open, and three seconds for the proof that nothing
/// is left; [`CommandOutcome::took`] is the time of the command alone.
pub async fn run(run: CommandRun, secret_env: Vec<(String, Secret)>, hidden: &BTreeSet<String>) -> CommandOutcome {
    let begun = Instant::now();
    let mut stdout = Output::up_to(run.output_limit);
    let mut stderr = Output::up_to(run.output_limit);
    let (end, took) = match start(&run, &secret_env, hidden) {
        Ok(started) => started.finish(&run, begun, &mut stdout, &mut stderr).await,
        Err(reason) => (CommandEnd::CannotStart(reason), begun.elapsed()),
    };
    let (stdout, stderr) = (stdout.into_text(&secret_env), stderr.into_text(&secret_env));
    CommandOutcome { end, stdout, stderr, took, program: None }
}

fn start(run: &CommandRun, secret_env: &[(String, Secret)], hidden: &BTreeSet<String>) -> Result<Started, String> {
    let directory = run.command.directory.as_deref();
    if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
        return Err(format!("the directory {} does not exist", directory.display()));
    }
    let start = process_start(run, secret_env, hidden);
    let token = random_name().map_err(|error| in_words(&error))?;
    let (mut child, tree) = Tree::spawn(&start, run.stdin.is_some(), &token).map_err(|error| in_words(&error))?;
    let pipes = Pipes { stdin: child.stdin.take(), stdout: child.stdout.take(), stderr: child.stderr.take() };
    Ok(Started { owned: Owned::new(child, tree), pipes })
}

fn process_start(run: &CommandRun, secret_env: &[(String, Secret)], hidden: &BTreeSet<String>) -> ProcessStart {
    let mut variables = Variables::default();
    hidden.iter().for_each(|name| variables.remove(name));
    run.command.env.iter().chain(&run.env).for_each(|(name, value)| variables.set(name, value));
    secret_env.iter().for_each(|(name, secret)| variables.set(name, secret.reveal()));
    ProcessStart { run: run.command.run.clone(), directory: run.command.directory.clone(), variables }
}

fn in_words(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        "there is no such program: install it, or write its full path or a name that is found in PATH".to_owned()
    } else if platform::is_not_executable(error) {
        format!("it cannot be executed ({error}): check that it is a program, and its permissions")
    } else {
        error.to_string()
    }
}

/// A command that has been started, and all that it starts.
struct Started {
    owned: Owned,
    pipes: Pipes,
}

/// The pipes of a command, as far as they are open.
struct Pipes {
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

impl Started {
    async fn finish(
        self,
        run: &CommandRun,
        begun: Instant,
        stdout: &mut Output,
        stderr: &mut Output,
    ) -> (CommandEnd, Duration) {
        let Self { mut owned, mut pipes } = self;
        let (exited, left, took) = {
            let Pipes { stdin, stdout: from_stdout, stderr: from_stderr } = &mut pipes;
            let mut talk = pin!(async {
                tokio::join!(
                    feed(stdin.take(), run.stdin.as_deref()),
                    stdout.read(from_stdout),
                    stderr.read(from_stderr)
                )
            });
            let mut talking = true;

            let exited = {
                let mut exited = pin!(owned.exited_within(run.timeout));
                loop {
                    tokio::select! {
                        exited = &mut exited => break exited,
                        _ = &mut talk, if talking => talking = false,
                    }
                }
            };
            let took = begun.elapsed();

            if exited.is_some() && talking {
                talking = timeout(PIPE_GRACE, &mut talk).await.is_err();
            }
            let left = end(&mut owned).await;
            if talking {
                // What was written before the end is still in the pipes.
                let _ = timeout(PIPE_GRACE, &mut talk).await;
            }
            (exited, left, took)
        };
        let end = match exited {
            Some(exited) => outcome(exited, &mut owned).await,
            None => CommandEnd::TimedOut { left },
        };
        (end, took)
    }
}

async fn end(owned: &mut Owned) -> Vec<u32> {
    let left = owned.end(END_WITHIN).await;
    if !left.is_empty() {
        warn!(?left, "processes of a command could not be ended");
    }
    left
}

async fn outcome(exited: io::Result<()>, owned: &mut Owned) -> CommandEnd {
    let end = match exited {
        Ok(()) => owned.command_end().await,
        Err(error) => Err(error),
    };
    end.unwrap_or_else(|error| CommandEnd::CannotStart(format!("its end cannot be observed: {error}")))
}

/// Writes `text` and closes the pipe; a command that does not read it is free to do so.
async fn feed(pipe: Option<impl AsyncWrite + Unpin>, text: Option<&str>) {
    if let (Some(mut pipe), Some(text)) = (pipe, text) {
        let _ = pipe.write_all(text.as_bytes()).await;
        let _ = pipe.shutdown().await;
    }
}
