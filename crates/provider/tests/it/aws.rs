//! The AWS client against `moto`, an independent server, with faults put in between.

mod ami;
mod blocks;
mod credentials;
mod fleet;
mod image;
mod imds;
mod inspector;
mod launch;
mod models;
mod objects;
mod objects_parts;
mod parameters;
mod policy;
mod roles;
mod storm;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::ObjectPath;
use goldsmith_provider::aws::{Aws, Settings};
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::front::Front;
use goldsmith_testing::moto::Moto;

/// 2026-11-23 20:00:00 UTC.
const NOW: i64 = 1_795_464_000;

/// Little patience, where nothing comes on purpose.
const LITTLE: Duration = Duration::from_secs(2);
/// Patience for megabytes and a server in Python, on a machine with much else to do.
const MUCH: Duration = Duration::from_mins(2);

/// Settings from variables, with little patience.
fn settings(variables: &[(&str, &str)]) -> Settings {
    settings_with(LITTLE, variables)
}

fn settings_with(patience: Duration, variables: &[(&str, &str)]) -> Settings {
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let http = goldsmith_provider::Settings {
        connect_timeout: patience,
        stall_timeout: patience,
        ..goldsmith_provider::Settings::default()
    };
    Settings::from_env(&variables, http)
}

/// The same for servers that may take a while to load what they answer a first call with.
fn patient(variables: &[(&str, &str)]) -> Settings {
    let mut settings = settings(variables);
    settings.http.stall_timeout = Duration::from_mins(2);
    settings
}

fn cx() -> (Cx, Arc<FakeClock>) {
    let clock = Arc::new(FakeClock::at(NOW));
    (Cx::silent(Arc::clone(&clock) as Arc<_>), clock)
}

fn object(url: &str) -> ObjectPath {
    ObjectPath::parse(url).unwrap()
}

/// A server, a front that may do harm, and a client of the front.
struct Cloud {
    moto: Moto,
    front: Front,
    aws: Aws,
    cx: Cx,
    clock: Arc<FakeClock>,
    dir: tempfile::TempDir,
}

impl Cloud {
    fn new() -> Self {
        Self::with(LITTLE)
    }

    fn with(patience: Duration) -> Self {
        let moto = Moto::start(&[]);
        moto.boto("s3.create_bucket(Bucket='bucket')");
        let front = Front::of(Some(moto.port()));
        let variables = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &front.url()),
        ];
        let aws = Aws::new(settings_with(patience, &variables));
        let (cx, clock) = cx();
        Self {
            moto,
            front,
            aws,
            cx,
            clock,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// Whether the directory holds nothing but these.
    fn assert_only(&self, names: &[&str]) {
        let entries = self.dir.path().read_dir().unwrap().flatten();
        let mut found: Vec<_> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        found.sort();
        assert_eq!(found, names);
    }
}

/// Some bytes that repeat in no simple way.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}
