//! A cloud for the tests of images: a server, a front that may do harm, a ledger, disks.

use std::collections::BTreeMap;
use std::sync::Arc;

use goldsmith_core::catalog::CopyRow;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::ledger::{Ledger as _, ResourceKind};
use goldsmith_core::target::{Parcel, Target as _, TargetError};
use goldsmith_provider::target::AwsTarget;
use goldsmith_provider::target::aws::AwsPlace;
use goldsmith_testing::aws::{ACCOUNT, Fake, Options};
use goldsmith_testing::disks::Disks;
use goldsmith_testing::front::Front;
use goldsmith_testing::ledger::Notes;
use goldsmith_testing::moto::Moto;
use serde_json::Value;

use super::super::{cx, patient};

pub(super) const NAME: &str = "web-debian-12-1.0.0-20261129";
pub(super) const HOME: &str = "us-east-1";
pub(super) const AWAY: [&str; 2] = ["eu-north-1", "ap-southeast-1"];

/// Whoever plays AWS.
pub(super) enum Server {
    Moto(Moto),
    Fake(Fake),
}

pub(super) struct Cloud {
    server: Server,
    pub(super) front: Front,
    pub(super) cx: Cx,
    pub(super) notes: Arc<Notes>,
    pub(super) disks: Disks,
    pub(super) dir: tempfile::TempDir,
}

impl Cloud {
    pub(super) fn moto() -> Self {
        let moto = Moto::corrected();
        let port = moto.port();
        Self::of(Server::Moto(moto), port)
    }

    pub(super) fn fake() -> Self {
        let fake = Fake::start(Options::default());
        let port = fake.address().port();
        Self::of(Server::Fake(fake), port)
    }

    fn of(server: Server, port: u16) -> Self {
        let (cx, _) = cx();
        Self {
            server,
            front: Front::of(Some(port)),
            cx,
            notes: Arc::default(),
            disks: Disks::default(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// The fake, where it is that.
    pub(super) fn as_fake(&self) -> &Fake {
        match &self.server {
            Server::Fake(fake) => fake,
            Server::Moto(_) => panic!("it is moto"),
        }
    }

    /// Has our account at the fake do something, by the names of the service model.
    pub(super) fn ask(&self, region: &str, operation: &str, input: &Value) -> Value {
        self.as_fake().ask(ACCOUNT, region, operation, input)
    }

    /// Runs Python with clients of boto3.
    pub(super) fn boto(&self, script: &str) -> String {
        let clients = "ec2, ebs, ssm = map(client, ['ec2', 'ebs', 'ssm'])\n";
        let script = format!("{clients}{script}");
        match &self.server {
            Server::Moto(moto) => moto.boto(&script),
            Server::Fake(fake) => fake.boto(&script),
        }
    }

    /// A key, in every region.
    pub(super) fn key(&self, alias: &str) {
        for region in std::iter::once(HOME).chain(AWAY) {
            match &self.server {
                Server::Moto(moto) => drop(moto.boto(&format!(
                    "kms = client('kms', '{region}')\n\
                     kms.create_alias(AliasName='{alias}', TargetKeyId=kms.create_key()['KeyMetadata']['KeyId'])"
                ))),
                Server::Fake(fake) => drop(fake.key(ACCOUNT, region, alias)),
            }
        }
    }

    pub(super) fn target(&self, place: AwsPlace) -> AwsTarget {
        let settings = patient(&[
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
        ]);
        let place = AwsPlace {
            endpoint: Some(self.front.url()),
            ..place
        };
        let folder = self.dir.path().join("kept");
        AwsTarget::new("eu", settings, place, folder, Arc::clone(&self.notes) as _)
    }

    pub(super) fn send(
        &self,
        target: &AwsTarget,
        image: &str,
    ) -> Result<Vec<CopyRow>, TargetError> {
        let tags = BTreeMap::from([("team".to_owned(), "platform".to_owned())]);
        target.send(
            &self.cx,
            Parcel {
                image: &image.parse().unwrap(),
                name: NAME,
                arch: "amd64",
                disk: &Sha256::of(image.as_bytes()),
                tags: &tags,
                forms: &self.disks,
                sign: &|_| Vec::new(),
            },
        )
    }

    /// What is there: images and snapshots of each region.
    pub(super) fn counts(&self) -> [(usize, usize); 3] {
        if let Server::Fake(fake) = &self.server {
            let all = fake.resources();
            let count = |region: &str, kind: &str| {
                let start = format!("{ACCOUNT}/{region}/{kind}/");
                all.iter().filter(|one| one.starts_with(&start)).count()
            };
            return [HOME, AWAY[0], AWAY[1]]
                .map(|region| (count(region, "image"), count(region, "snapshot")));
        }
        let script = "for r in ['us-east-1', 'eu-north-1', 'ap-southeast-1']:\n\
            \x20   e = client('ec2', r)\n\
            \x20   print(len(e.describe_images(Owners=['self'])['Images']), len(e.describe_snapshots()['Snapshots']))";
        let text = self.boto(script);
        let mut numbers = text.split_whitespace().map(|word| word.parse().unwrap());
        [(); 3].map(|()| (numbers.next().unwrap(), numbers.next().unwrap()))
    }

    pub(super) fn count(&self) -> (usize, usize) {
        self.counts()[0]
    }

    /// How often an action was asked for.
    pub(super) fn calls(&self, action: &str) -> usize {
        let action = format!("Action={action}&");
        let seen = self.front.seen();
        let bodies = seen.iter().map(|seen| String::from_utf8_lossy(&seen.body));
        bodies.filter(|body| body.contains(&action)).count()
    }

    pub(super) fn open(&self) -> Vec<ResourceKind> {
        let open = self.notes.open(&self.cx, "aws").unwrap();
        open.iter().map(|resource| resource.kind).collect()
    }
}

pub(super) fn at(regions: &[&str]) -> AwsPlace {
    AwsPlace {
        regions: regions.iter().map(|region| (*region).to_owned()).collect(),
        ..AwsPlace::default()
    }
}

pub(super) fn everywhere() -> AwsPlace {
    at(&[HOME, AWAY[0], AWAY[1]])
}
