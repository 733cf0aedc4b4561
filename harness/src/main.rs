//! `stackmark`: which web stack serves this workload best on this hardware, by how much, and how sure are we?

use std::process::ExitCode;

use clap::Parser;
use stackmark::args::{Args, Verb};
use stackmark::cmd;

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.verb {
        Verb::List(verb) => cmd::list::run(&verb),
        Verb::Db(verb) => cmd::db::run(&verb),
        Verb::Service(verb) => cmd::service::run(&verb),
        Verb::Build(verb) => cmd::build::run(&verb),
        Verb::Verify(verb) => cmd::verify::run(&verb),
        Verb::Run(verb) => cmd::run::run(&verb),
        Verb::Count(verb) => cmd::count::run(&verb),
        Verb::Load(verb) => cmd::load::run(&verb),
        Verb::Rank(verb) => cmd::rank::run(&verb),
        Verb::Cmp(verb) => cmd::cmp::run(&verb),
        Verb::Report(verb) => cmd::report::run(&verb),
        Verb::Manifests(verb) => cmd::manifests::run(&verb),
        Verb::Doctor(verb) => cmd::doctor::run(&verb),
        Verb::Netprobe(verb) => cmd::netprobe::run(&verb),
    };
    match done {
        Ok(code) => code,
        Err(error) if cmd::interrupt::is_interruption(&error) => cmd::interrupt::exit_code(),
        Err(error) => {
            // The whole chain on one line: what failed, and why.
            eprintln!("stackmark: {error:#}");
            ExitCode::from(2)
        }
    }
}
