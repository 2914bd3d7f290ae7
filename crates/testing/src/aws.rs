//! A strict fake of AWS in this process: EC2, EBS direct, SSM, STS, Auto Scaling and rules of Config
//! as they are spoken on the wire, for as much of them as the making of images takes.
//!
//! ```text
//! HTTP -> decode -> check (service model) -> dispatch -> a resource's file -> encode -> HTTP
//!                                              |  who, rate, client token, dry run
//!                                            world: (account, region) -> images, snapshots ...
//! ```
//!
//! It knows what AWS knows and emulators leave out: client tokens, names that are taken, what
//! is in use, states that take time, identifiers that are not known at once, keys and what may
//! be shared, what others may see. A request that is not of the service model is answered as
//! AWS would, and the test fails when the fake is dropped.

mod auto_scaling;
mod base;
mod block;
mod check;
mod command;
mod config_rule;
mod decode;
mod dispatch;
mod encode;
mod encryption;
mod fast_restore;
mod host;
mod image;
mod input;
mod instance;
mod instance_type;
mod key;
mod key_pair;
mod launch_template;
mod list;
mod model;
mod network;
mod parameter;
mod reference;
mod refusal;
mod role;
mod security_group;
mod server;
mod session;
mod snapshot;
mod tag;
#[cfg(test)]
mod tests;
mod throttle;
mod time;
mod token;
mod volume;
mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;

use self::command::Agent;
use self::host::Boot;
use self::server::Server;
use self::world::{Organization, World};

pub(crate) use self::decode::glance;
pub(crate) use self::refusal::Refusal;
pub(crate) use self::throttle::refusal as throttled;
pub(crate) use self::world::mixed;

pub use self::block::BLOCK_BYTES;
pub use self::command::Ran;
pub use self::host::{Host, Launch};
pub use self::session::Wire;
pub use self::throttle::Rate;
pub use self::world::{ACCOUNT, Logged, Options};

/// The operation that a request asks for: `RegisterImage`, or `PUT /snapshots/*/blocks/*` where the
/// wire has no name for it.
pub fn operation(seen: &crate::front::Seen) -> String {
    glance(seen).1
}

/// A running fake. Dropped, it fails the test that has sent something that is not of the model.
#[derive(Debug)]
pub struct Fake {
    world: Arc<Mutex<World>>,
    server: Server,
}

impl Fake {
    /// Starts one.
    pub fn start(options: Options) -> Self {
        let world = Arc::new(Mutex::new(World::new(options)));
        let server = Server::start(Arc::clone(&world));
        let fake = Self { world, server };
        fake.world().address = Some(fake.server.address);
        fake
    }

    /// Its URL, for every service, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.server.address
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no panic while held")
    }

    /// Lets time go by.
    pub fn advance(&self, seconds: i64) {
        self.world().advance(seconds * 1000);
    }

    /// What time it is, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.world().now()
    }

    /// Another behaviour from now on.
    pub fn set_options(&self, options: Options) {
        self.world().options = options;
    }

    /// An access key of an account that is not [`ACCOUNT`].
    pub fn login(&self, access_key: &str, account: &str) {
        let mut world = self.world();
        world
            .logins
            .insert(access_key.to_owned(), account.to_owned());
    }

    /// A role that may be assumed, with the external identifier that it asks for. Once there is
    /// one, no others are there.
    pub fn role(&self, arn: &str, external_id: Option<&str>) {
        let external_id = external_id.map(str::to_owned);
        self.world().roles.insert(arn.to_owned(), external_id);
    }

    /// Nobody in an account may call an operation from now on.
    pub fn deny(&self, account: &str, operation: &str) {
        let denied = (account.to_owned(), operation.to_owned());
        self.world().denied.insert(denied);
    }

    /// They may again.
    pub fn allow(&self, account: &str, operation: &str) {
        let denied = (account.to_owned(), operation.to_owned());
        self.world().denied.remove(&denied);
    }

    /// A key of KMS under an alias; gives its ARN. Others there are none, besides the one that
    /// each account has for EBS.
    pub fn key(&self, account: &str, region: &str, alias: &str) -> String {
        let mut world = self.world();
        let keys = &mut world.place(account, region).keys;
        let number = keys.len() + 1;
        let arn =
            format!("arn:aws:kms:{region}:{account}:key/00000000-0000-0000-0000-{number:012}");
        keys.insert(alias.to_owned(), arn.clone());
        arn
    }

    /// An organization, with accounts by the ARNs of the units that they are in.
    pub fn organization(&self, arn: &str, units: &[(&str, &[&str])]) {
        let accounts =
            |accounts: &[&str]| accounts.iter().map(|&account| account.to_owned()).collect();
        let units = units
            .iter()
            .map(|(unit, of)| ((*unit).to_owned(), accounts(of)));
        let organization = Organization {
            arn: arn.to_owned(),
            units: units.collect(),
        };
        self.world().organizations.push(organization);
    }

    /// From now on there are no instances of a type left in a region, or there are again.
    pub fn set_capacity(&self, account: &str, region: &str, instance_type: &str, has_some: bool) {
        let mut world = self.world();
        let full = &mut world.place(account, region).full;
        if has_some {
            full.remove(instance_type);
        } else {
            full.insert(instance_type.to_owned());
        }
    }

    /// Instances have agents of Systems Manager from now on, and this is what commands do there: it is
    /// given the instance and the lines of the script. It must not call the fake.
    pub fn agent(&self, run: impl Fn(&str, &[String]) -> Ran + Send + 'static) {
        self.world().agent = Some(Agent(Box::new(run)));
    }

    /// Instances are real machines from now on: this starts one and says where it is. It must not call
    /// the fake.
    pub fn hosts(&self, boot: impl Fn(&Launch) -> Host + Send + 'static) {
        self.world().boot = Some(Boot(Box::new(boot)));
    }

    /// Takes an instance away that was bought by the moment.
    ///
    /// # Panics
    ///
    /// When it is none.
    pub fn interrupt(&self, region: &str, instance: &str) {
        let mut world = self.world();
        let arrives = world.now() + world.options.settle_seconds;
        let mut places = world.places_mut(region);
        let found = places.find_map(|place| place.instances.get_mut(instance));
        found.expect("an instance").interrupt(arrives);
    }

    /// Sessions with instances that are not over.
    pub fn open_sessions(&self) -> usize {
        let world = self.world();
        let sessions = world.tunnels.values();
        sessions.filter(|session| session.is_open(&world)).count()
    }

    /// What the console of an instance has said, once that runs.
    pub fn console(&self, region: &str, instance: &str, text: &str) {
        let mut world = self.world();
        let mut places = world.places_mut(region);
        if let Some(found) = places.find_map(|place| place.instances.get_mut(instance)) {
            found.console = Some(text.to_owned());
        }
    }

    /// The operations that it has.
    pub fn operations() -> impl Iterator<Item = &'static str> {
        dispatch::operations()
    }

    /// How often an operation was called.
    pub fn calls(&self, action: &str) -> usize {
        let world = self.world();
        world
            .log
            .iter()
            .filter(|logged| logged.action == action)
            .count()
    }

    /// Every call so far.
    pub fn log(&self) -> Vec<Logged> {
        self.world().log.clone()
    }

    /// Requests that were not of the model; they are forgotten by this, and so is the failure.
    pub fn take_breaches(&self) -> Vec<String> {
        std::mem::take(&mut self.world().breaches)
    }

    /// Every resource there is, as `account/region/kind/identifier`, in this order.
    pub fn resources(&self) -> Vec<String> {
        let world = self.world();
        let now = world.now();
        let mut all: Vec<String> = world
            .all_places()
            .flat_map(|(account, region, place)| {
                // What has ended is only remembered.
                let has_ended = move |id: &str| {
                    place
                        .instances
                        .get(id)
                        .is_some_and(|instance| instance.state(now) == "terminated")
                };
                let tagged = place
                    .tagged()
                    .filter(move |(id, ..)| !has_ended(id))
                    .map(|(id, kind, _)| (kind, id));
                let parameters = place
                    .parameters
                    .keys()
                    .map(|name| ("parameter", name.as_str()));
                let groups = place
                    .groups
                    .keys()
                    .map(|name| ("auto-scaling-group", name.as_str()));
                let configurations = place.launch_configurations.keys();
                let configurations =
                    configurations.map(|name| ("launch-configuration", name.as_str()));
                let all = tagged.chain(parameters).chain(groups).chain(configurations);
                all.map(move |(kind, id)| format!("{account}/{region}/{kind}/{id}"))
            })
            .collect();
        all.sort();
        all
    }

    /// The resources that are not of these: what a run has left behind.
    pub fn leftovers(&self, allowed: &[String]) -> Vec<String> {
        let mut resources = self.resources();
        resources.retain(|resource| !allowed.contains(resource));
        resources
    }

    /// Values of a tag that several resources of one kind and place have, with the resources: what
    /// was made twice, where every making has a value of its own.
    pub fn made_twice(&self, tag: &str) -> Vec<(String, Vec<String>)> {
        let world = self.world();
        let mut by_value: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (account, region, place) in world.all_places() {
            for (id, kind, tags) in place.tagged() {
                let Some(value) = tags.get(tag) else { continue };
                let key = format!("{account}/{region}/{kind}/{value}");
                by_value.entry(key).or_default().push(id.to_owned());
            }
        }
        by_value.retain(|_, ids| ids.len() > 1);
        by_value.into_iter().collect()
    }

    /// Has an account do something in a region, by the names of the service model and without the
    /// wire; what it is answered.
    ///
    /// # Panics
    ///
    /// When it is refused, or not of the model.
    pub fn ask(&self, account: &str, region: &str, operation: &str, input: &Value) -> Value {
        let place = (account, region);
        let asked = dispatch::ask(&mut self.world(), place, operation, input);
        asked.unwrap_or_else(|refusal| panic!("{operation} of {input}: {refusal:?}"))
    }

    /// Runs Python with a function `client(service, region='us-east-1', **keys)` of boto3, as
    /// somebody else's client; gives what it prints.
    ///
    /// # Panics
    ///
    /// When the script fails.
    pub fn boto(&self, script: &str) -> String {
        crate::moto::boto(&self.url(), script)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let breaches = self.world.lock().map(|world| world.breaches.clone());
        if let Ok(breaches) = breaches
            && !std::thread::panicking()
        {
            assert!(
                breaches.is_empty(),
                "not of the service model:\n{}",
                breaches.join("\n")
            );
        }
    }
}
