//! The state of the fake: what every account has in every region, who may call, what time it
//! is. Time goes on by a step at each call and as far as the test says; nothing sleeps.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use goldsmith_core::cx::Clock as _;
use serde_json::{Value, json};

use super::command::{Agent, Invocation};
use super::host::Boot;
use super::image::Image;
use super::image::allowed::Settings;
use super::instance::Instance;
use super::key_pair::KeyPair;
use super::launch_template::LaunchTemplate;
use super::parameter::Parameter;
use super::refusal::Refusal;
use super::security_group::SecurityGroup;
use super::session::{Session as Tunnel, Wire};
use super::snapshot::Snapshot;
use super::throttle::{Bucket, Rate};
use super::volume::Volume;
use crate::clock::RealClock;

/// The account of whoever signs with keys that nobody has said anything about.
pub const ACCOUNT: &str = "111122223333";

/// How a fake behaves.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// What is drawn by lot begins here.
    pub seed: u64,
    /// How far the clock goes at each call.
    pub milliseconds_per_call: i64,
    /// Whether it goes with this host's as well.
    pub is_real_time: bool,
    /// How long what is pending stays so.
    pub settle_seconds: i64,
    /// The most calls for which a new identifier is not known yet, and for which an image that was
    /// deregistered still holds its snapshots.
    pub late: u32,
    /// The most items of a page, also where the caller would take more.
    pub page: Option<usize>,
    /// How many calls an account may make of a service in a region.
    pub rate: Option<Rate>,
    /// What goes wrong on connections of sessions.
    pub wire: Wire,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            milliseconds_per_call: 500,
            is_real_time: false,
            settle_seconds: 2,
            late: 0,
            page: None,
            rate: None,
            wire: Wire::default(),
        }
    }
}

/// What an account has in a region.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) images: BTreeMap<String, Image>,
    pub(super) snapshots: BTreeMap<String, Snapshot>,
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) volumes: BTreeMap<String, Volume>,
    pub(super) security_groups: BTreeMap<String, SecurityGroup>,
    /// By name.
    pub(super) key_pairs: BTreeMap<String, KeyPair>,
    pub(super) launch_templates: BTreeMap<String, LaunchTemplate>,
    pub(super) parameters: BTreeMap<String, Parameter>,
    /// Groups of Auto Scaling by name, as the model has them.
    pub(super) groups: BTreeMap<String, Value>,
    /// By name, as the model has them.
    pub(super) launch_configurations: BTreeMap<String, Value>,
    /// Commands that were run.
    pub(super) invocations: Vec<Invocation>,
    /// Snapshots and zones, and from when on they are fast there.
    pub(super) fast_restores: BTreeMap<(String, String), i64>,
    /// Types of instances of which there are none left.
    pub(super) full: BTreeSet<String>,
    /// Keys of KMS by their alias.
    pub(super) keys: BTreeMap<String, String>,
    /// Whether new volumes and snapshots are encrypted though nobody asks for it.
    pub(super) encrypts_by_default: bool,
    /// Which images of others may be used.
    pub(super) allowed_images: Settings,
    /// Whether images may not be made public.
    pub(super) blocks_public_images: bool,
    /// In which way snapshots may not be, if in any.
    pub(super) blocks_public_snapshots: Option<String>,
    /// Rules of AWS Config by name, as the model has them.
    pub(super) config_rules: BTreeMap<String, Value>,
}

/// An organization: its ARN, and its accounts by the ARNs of the units they are in.
#[derive(Debug, Clone)]
pub(super) struct Organization {
    pub(super) arn: String,
    pub(super) units: BTreeMap<String, BTreeSet<String>>,
}

/// Keys that were given out for a role.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) account: String,
    /// Of the role as it was assumed.
    pub(super) arn: String,
    pub(super) token: String,
    pub(super) ends: i64,
}

/// A call as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Such as `RegisterImage`.
    pub action: String,
    /// Who called.
    pub account: String,
    /// Where.
    pub region: String,
    /// The code of the error; nothing when there was none.
    pub error: Option<String>,
    /// What was asked for, as JSON by the names of the model.
    pub input: String,
}

/// Everything.
#[derive(Debug)]
pub(super) struct World {
    pub(super) options: Options,
    milliseconds: i64,
    /// When it last went with this host's clock.
    ticked: Duration,
    places: BTreeMap<(String, String), Place>,
    pub(super) sessions: BTreeMap<String, Session>,
    /// Accounts by the access keys that the test has named.
    pub(super) logins: BTreeMap<String, String>,
    /// External identifiers that roles ask for.
    pub(super) roles: BTreeMap<String, Option<String>>,
    pub(super) organizations: Vec<Organization>,
    /// Accounts, and operations that nobody in them may call.
    pub(super) denied: BTreeSet<(String, String)>,
    pub(super) agent: Option<Agent>,
    pub(super) boot: Option<Boot>,
    /// Where this is answered.
    pub(super) address: Option<SocketAddr>,
    /// Sessions with instances.
    pub(super) tunnels: BTreeMap<String, Tunnel>,
    made: u64,
    late: BTreeMap<String, u32>,
    pub(super) tokens: super::token::Tokens,
    pub(super) buckets: BTreeMap<(String, String, &'static str), Bucket>,
    pub(super) log: Vec<Logged>,
    pub(super) breaches: Vec<String>,
}

impl World {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            // 2026-01-01, and then by the calls.
            milliseconds: 1_767_225_600_000,
            ticked: RealClock.monotonic(),
            places: BTreeMap::new(),
            sessions: BTreeMap::new(),
            logins: BTreeMap::new(),
            roles: BTreeMap::new(),
            organizations: Vec::new(),
            denied: BTreeSet::new(),
            agent: None,
            boot: None,
            address: None,
            tunnels: BTreeMap::new(),
            made: 0,
            late: BTreeMap::new(),
            tokens: super::token::Tokens::default(),
            buckets: BTreeMap::new(),
            log: Vec::new(),
            breaches: Vec::new(),
        }
    }

    pub(super) const fn now(&self) -> i64 {
        self.milliseconds / 1000
    }

    pub(super) const fn milliseconds(&self) -> i64 {
        self.milliseconds
    }

    /// Lets the clock go on for a call.
    pub(super) fn tick(&mut self) {
        let now = RealClock.monotonic();
        let since = now.saturating_sub(self.ticked).as_millis();
        let passed = i64::try_from(since).unwrap_or(i64::MAX);
        let real = if self.options.is_real_time { passed } else { 0 };
        self.ticked = now;
        self.advance(self.options.milliseconds_per_call + real);
    }

    pub(super) fn advance(&mut self, milliseconds: i64) {
        self.milliseconds += milliseconds;
        let now = self.now();
        for place in self.places.values_mut() {
            place.settle(now);
        }
    }

    pub(super) fn place(&mut self, account: &str, region: &str) -> &mut Place {
        let key = (account.to_owned(), region.to_owned());
        self.places.entry(key).or_default()
    }

    /// What an account has in a region, if anything ever was there.
    pub(super) fn place_of(&self, account: &str, region: &str) -> Option<&Place> {
        self.places.get(&(account.to_owned(), region.to_owned()))
    }

    /// What the accounts have in a region.
    pub(super) fn places(&self, region: &str) -> impl Iterator<Item = &Place> {
        let there = self.places.iter().filter(move |((_, at), _)| at == region);
        there.map(|(_, place)| place)
    }

    /// The same, to be changed.
    pub(super) fn places_mut(&mut self, region: &str) -> impl Iterator<Item = &mut Place> {
        let there = self
            .places
            .iter_mut()
            .filter(move |((_, at), _)| at == region);
        there.map(|(_, place)| place)
    }

    /// All places with the account and the region.
    pub(super) fn all_places(&self) -> impl Iterator<Item = (&str, &str, &Place)> {
        let places = self.places.iter();
        places.map(|((account, region), place)| (account.as_str(), region.as_str(), place))
    }

    /// A number that looks like any other; the same ones in the same order for a seed.
    fn lot(&mut self) -> u64 {
        self.made += 1;
        mixed(self.options.seed, self.made)
    }

    /// Whether an account is in an organization or a unit of one.
    pub(super) fn is_in(&self, account: &str, arn: &str) -> bool {
        self.organizations.iter().any(|organization| {
            let mut units = organization.units.iter();
            units.any(|(unit, accounts)| {
                (organization.arn == arn || unit == arn) && accounts.contains(account)
            })
        })
    }
}

/// A number made of two, every bit of it by every bit of them.
pub(crate) const fn mixed(seed: u64, number: u64) -> u64 {
    // SplitMix64
    let mut mixed = seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Who calls, and where.
#[derive(Debug)]
pub(super) struct Caller<'w> {
    pub(super) world: &'w mut World,
    pub(super) account: String,
    pub(super) region: String,
    /// The ARN of a session.
    pub(super) arn: Option<String>,
    /// The body of an answer that is no structure.
    pub(super) payload: Vec<u8>,
}

impl Caller<'_> {
    /// What the caller has here.
    pub(super) fn place(&mut self) -> &mut Place {
        self.world.place(&self.account, &self.region)
    }

    pub(super) const fn now(&self) -> i64 {
        self.world.now()
    }

    /// When what becomes pending now will be pending no more.
    pub(super) const fn settled(&self) -> i64 {
        self.world.now() + self.world.options.settle_seconds
    }

    /// An identifier that nothing has. For some calls it may not be known yet.
    pub(super) fn new_id(&mut self, prefix: &str) -> String {
        let id = format!("{prefix}-0{:016x}", self.world.lot());
        self.make_late(&id);
        id
    }

    /// Lets some calls not know yet what has become of something.
    pub(super) fn make_late(&mut self, id: &str) {
        let most = u64::from(self.world.options.late) + 1;
        let late = u32::try_from(self.world.lot() % most).unwrap_or_default();
        if late > 0 {
            self.world.late.insert(id.to_owned(), late);
        }
    }

    /// A number that looks like any other.
    pub(super) fn lot(&mut self) -> u64 {
        self.world.lot()
    }

    /// Whether what has become of something is not known yet; one call later it is less so.
    pub(super) fn is_late(&mut self, id: &str) -> bool {
        let Some(left) = self.world.late.get_mut(id) else {
            return false;
        };
        *left -= 1;
        if *left == 0 {
            self.world.late.remove(id);
        }
        true
    }

    /// Checks that somebody is the caller.
    pub(super) fn owns(&self, owner: &str, kind: &str, id: &str) -> Result<(), Refusal> {
        if owner == self.account {
            return Ok(());
        }
        Err(Refusal::not_authorized(kind, id))
    }
}

/// Names and values that somebody put on a resource.
pub(super) type Tags = BTreeMap<String, String>;

/// As answers have them.
pub(super) fn tags_value(tags: &Tags) -> Value {
    let tags = tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }));
    tags.collect()
}
