//! `goldsmith-runner`: the engine for component documents as one small program, which Goldsmith
//! puts on a machine for the time of a run. A second composition root beside `goldsmith`: it reads
//! the environment, names the network, and prints frames.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use goldsmith_component::Services;
use goldsmith_core::cx::Cancel;
use goldsmith_provider::aws::{self, Aws};
use goldsmith_provider::{HttpFetch, Proxies, Settings};
use goldsmith_runner::command::{self, Around};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let cancel = Cancel::default();
    watch_signals(cancel.clone());
    let environment = environment();
    let http = http(&environment);
    let download = HttpFetch::new(http.clone());
    let cloud = Aws::new(aws::Settings::from_env(&environment, http));
    let outside = Services {
        download: Some(&download),
        objects: Some(&cloud),
        parameters: Some(&cloud),
        metadata: Some(&cloud),
        ..Services::default()
    };
    let around = Around {
        environment: environment
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        cancel,
        outside,
    };
    match command::run(&arguments, around) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            drop(writeln!(std::io::stderr(), "goldsmith-runner: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn http(environment: &BTreeMap<String, String>) -> Settings {
    Settings {
        proxies: Proxies::from_env(environment),
        own_resolver: cfg!(target_feature = "crt-static"),
        ..Settings::default()
    }
}

/// The first signal asks the work to stop.
fn watch_signals(cancel: Cancel) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    if let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) {
        std::thread::spawn(move || signals.forever().for_each(|_| cancel.cancel()));
    }
}
