//! The project's own commands: `cargo xtask run`, `test`, `windows`, `bundle` and `bench`. Each sees to what it needs first.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod bench;
mod bundle;
mod command;
mod pages;
mod platform;
mod python;
mod run;
mod setup;
mod stages;
mod test;
mod times;
mod windows;
mod workspace;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

/// Sets up, builds, runs and tests Estatus.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Builds Estatus and starts it: in the tray where there is a desktop, else its engine in this terminal
    Run {
        /// Passed on to it, but for `--demo fleet`: it shows a fleet that can be tried, in a configuration of its own
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Runs every test there is, and the checks of format, lints, documentation and Windows
    Test,
    /// Runs every test that there is for Windows, under Wine
    Windows,
    /// Makes a package for Debian and an installer for Windows
    Bundle(bundle::Options),
    /// Measures Estatus beside others of its trade
    Bench {
        #[command(subcommand)]
        subject: bench::Subject,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().verb {
        Verb::Run { arguments } => run::run(arguments),
        Verb::Test => test::test(),
        Verb::Windows => test::windows(),
        Verb::Bundle(options) => bundle::bundle(&options),
        Verb::Bench { subject } => bench::bench(&subject),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
