//! Entry: reads the command line, runs what it names, stops on Ctrl-C or SIGTERM.

use baton::cli::{self, Cli, Command, PeopleCommand, RunArgs};
use baton::runtime::ports::Ports;
use baton::{runtime, telemetry};
use clap::Parser as _;
use std::io::{stderr, stdout};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("baton: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let ports = Ports::system();
    let (out, err) = (&mut stdout(), &mut stderr());
    match command {
        Command::Backup(args) => cli::backup::run(&args, ports, out).await,
        Command::Check(args) => cli::check::run(&args, ports.clock.as_ref(), out).await,
        Command::Export(args) => cli::export::run(&args, ports, out).await,
        Command::People(PeopleCommand::Import(args)) => cli::people::run(&args, ports, out).await,
        Command::Replay(args) => cli::replay::run(&args, ports, out).await,
        Command::Restore(args) => cli::restore::run(&args, ports.clock.as_ref(), out).await,
        Command::Verify(args) => cli::verify::run(&args, out).await,
        Command::Try(args) => cli::try_body::run(&args, ports.clock.as_ref(), out, err),
        Command::Run(args) => service(&args).await,
        #[cfg(feature = "sandbox")]
        Command::Demo(args) => {
            log("warn", false)?;
            let options = runtime::demo::DemoOptions {
                sandbox: args.sandbox,
                http: args.http,
                data: args.data,
                empty: args.empty,
                people: cli::people::samples(),
            };
            runtime::demo::demo(options, stop_on_signal()?).await?;
            Ok(ExitCode::SUCCESS)
        }
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => {
            log("warn", false)?;
            runtime::demo::sandbox(args.listen, args.http, &args.data, stop_on_signal()?).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn service(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let settings = cli::settings(&args.config)?;
    log(&settings.log.filter, settings.log.json)?;
    runtime::live::run(&settings, stop_on_signal()?).await?;
    Ok(ExitCode::SUCCESS)
}

fn log(filter: &str, json: bool) -> anyhow::Result<()> {
    telemetry::init(filter, json).map_err(anyhow::Error::msg)
}

/// True once the process is asked to end. A second request ends it at once.
#[expect(clippy::disallowed_methods, reason = "it lives as long as the process")]
fn stop_on_signal() -> anyhow::Result<watch::Receiver<bool>> {
    let (stop, stopping) = watch::channel(false);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if stop.send_replace(true) {
                std::process::exit(130);
            }
        }
    });
    Ok(stopping)
}
