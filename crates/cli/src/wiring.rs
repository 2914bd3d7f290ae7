//! Where concrete types are named: the store, the network, the machine.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use goldsmith_catalog::Sqlite;
use goldsmith_component::Services;
use goldsmith_core::control::Controls;
use goldsmith_core::failure::Class;
use goldsmith_core::fetch::Fetch;
use goldsmith_core::notify::Notifier;
use goldsmith_core::recipe::{self, Distribution, TargetKind};
use goldsmith_core::remote::{Download as _, InstanceMetadata, ObjectStore, Unpinned};
use goldsmith_core::target::Target;
use goldsmith_exec::child::Program;
use goldsmith_exec::vm::accel::{self, Probe};
use goldsmith_exec::vm::{Arch, firmware};
use goldsmith_provider::aws::launch::AwsMachines;
use goldsmith_provider::aws::{self, Aws, AwsControls, AwsFleet};
use goldsmith_provider::notify;
use goldsmith_provider::target::aws::{AwsPlace, LaunchTemplate};
use goldsmith_provider::target::s3::Bucket;
use goldsmith_provider::target::{AwsTarget, LocalTarget, S3Target};
use goldsmith_provider::{HttpFetch, Offline, Proxies, Settings};
use goldsmith_store::Store;

use crate::app::App;
use crate::report::CmdError;

/// Opens the store of the home and takes away what dead runs left behind.
pub(crate) fn store(app: &App) -> Result<Store, CmdError> {
    let store = Store::open(&app.home()?.join("store"))?;
    let swept = store.sweep()?;
    if !swept.removed.is_empty() {
        app.cx.note(format!(
            "removed what an interrupted run had left: {}",
            swept.removed.join(", ")
        ));
    }
    if swept.has_graves {
        bury(app, &store)?;
    }
    Ok(store)
}

/// Has what collections threw away removed while this command goes on, and after it: by a process
/// that is not in anybody's way. The next command sees to it when that one is killed.
pub(crate) fn bury(app: &App, store: &Store) -> Result<(), CmdError> {
    let nowhere = fs::OpenOptions::new().write(true).open("/dev/null");
    let own = std::env::current_exe();
    let started = nowhere.and_then(|nowhere| Ok((own?, nowhere)));
    let started = started.ok().and_then(|(own, nowhere)| {
        let burial = Program::new(own).arg("bury").arg(store.root());
        burial.detach(&nowhere).ok()
    });
    if started.is_none() {
        store.bury(&app.cx)?;
    }
    Ok(())
}

/// What runs a guest on this host: from the home when it was found out since the host booted,
/// else by trying. `None` without QEMU.
pub(crate) fn accelerator(app: &App) -> Result<Option<Probe>, CmdError> {
    let kept = app.home()?.join("accelerator.json");
    let known: Option<Probe> = fs::read(&kept)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let Some(probe) = known.filter(Probe::is_current) {
        return Ok(Some(probe));
    }
    if firmware::qemu(Arch::Amd64).is_err() {
        return Ok(None);
    }
    let scratch = store(app)?.scratch("accelerator")?;
    let probe = accel::probe(&app.cx, scratch.path())?;
    // Only saves time: when it cannot be kept, it is found out again.
    drop(fs::write(
        &kept,
        serde_json::to_vec(&probe).expect("text and a flag"),
    ));
    Ok(Some(probe))
}

/// The network, or what refuses to use it.
pub(crate) fn fetch(app: &App, is_offline: bool) -> Box<dyn Fetch> {
    if is_offline {
        Box::new(Offline)
    } else {
        Box::new(HttpFetch::new(http(app)))
    }
}

/// Downloads of what nobody pinned.
pub(crate) fn download(app: &App) -> HttpFetch {
    HttpFetch::new(http(app))
}

/// The largest disk that is fetched, in bytes.
const DISK_MAX: u64 = 16 << 40;

/// Fetches a disk to the file `to`; who asks for it knows its digest.
pub(crate) fn save_disk(app: &App, is_offline: bool, url: &str, to: &Path) -> Result<(), CmdError> {
    if is_offline {
        return Ok(Offline.get(&app.cx, url, DISK_MAX).map(drop)?);
    }
    let how = Unpinned {
        limit: DISK_MAX,
        ignore_certificate_errors: false,
    };
    Ok(download(app).save(&app.cx, url, how, to)?)
}

fn http(app: &App) -> Settings {
    Settings {
        proxies: Proxies::from_env(app.env.all()),
        ..Settings::default()
    }
}

/// What documents may reach outside of their machine.
pub(crate) struct Outside {
    http: HttpFetch,
    aws: Aws,
}

/// Nothing is connected before a document asks; offline there is nothing to ask.
pub(crate) fn outside(app: &App, is_offline: bool) -> Option<Outside> {
    (!is_offline).then(|| Outside {
        http: HttpFetch::new(http(app)),
        aws: aws(app),
    })
}

impl Outside {
    /// Objects of S3.
    pub(crate) fn objects(&self) -> &dyn ObjectStore {
        &self.aws
    }
}

/// Downloads, objects and named parameters. Not the metadata of an instance: that of this host
/// is none of an image's business.
pub(crate) fn services(outside: Option<&Outside>) -> Services<'_> {
    match outside {
        None => Services::default(),
        Some(outside) => Services {
            download: Some(&outside.http),
            objects: Some(&outside.aws),
            parameters: Some(&outside.aws),
            ..Services::default()
        },
    }
}

/// The same for documents that run on this machine, whose metadata they may ask.
pub(crate) fn host_services(outside: Option<&Outside>) -> Services<'_> {
    Services {
        metadata: outside.map(|outside| &outside.aws as &dyn InstanceMetadata),
        ..services(outside)
    }
}

/// With what is known of a single execution: `context:executionId`, `context:uuid`, the region,
/// and the variables that Image Builder sets, those of the environment first.
pub(crate) fn of_execution<'a>(
    app: &App,
    services: Services<'a>,
    id: &str,
    phases: &[String],
) -> Result<Services<'a>, CmdError> {
    let is_test = !phases.is_empty() && phases.iter().all(|phase| phase == "test");
    let phase = if is_test { "TESTING" } else { "BUILDING" };
    let variables = [
        ("IMAGE_PHASE", phase),
        ("IMAGE_WORKFLOW_EXECUTION_ID", id),
        ("IMAGE_STEP_EXECUTION_ID", id),
        ("IMAGE_BUILD_VERSION_ARN", ""),
        ("IMAGE_PIPELINE_ARN", ""),
        ("IMAGE_VERSION", ""),
        ("IMAGE_BUILD_VERSION", ""),
    ];
    let given = app.env.all();
    let env = variables.into_iter().map(|(name, value)| {
        let value = given.get(name).map_or(value, String::as_str);
        (name.to_owned(), value.to_owned())
    });
    let mut context = services.context.clone();
    context.insert("executionId".to_owned(), id.to_owned());
    context.insert("uuid".to_owned(), identifier()?);
    let region = app.env.get("AWS_REGION");
    if let Some(region) = region.or_else(|| app.env.get("AWS_DEFAULT_REGION")) {
        context.insert("region".to_owned(), region.to_owned());
    }
    Ok(Services {
        env: env.collect(),
        context,
        ..services
    })
}

/// The program that is put on other machines: named by the environment, else beside this one.
pub(crate) fn runner(app: &App) -> Result<Vec<u8>, CmdError> {
    const NAME: &str = "goldsmith-runner";
    let own = std::env::current_exe().unwrap_or_default();
    let folder = own.parent().unwrap_or(Path::new("/"));
    let beside = [
        folder.join(NAME),
        folder.join("../lib/goldsmith").join(NAME),
    ];
    let path = match app.env.get("GOLDSMITH_RUNNER") {
        Some(path) => Some(app.env.working_directory.join(path)),
        None => beside.into_iter().find(|path| path.is_file()),
    };
    let Some(path) = path else {
        return Err(CmdError::Refused {
            class: Class::Environment,
            message: format!("there is no `{NAME}` beside `{}`", own.display()),
            hints: vec![
                "`cargo xtask runner` builds it; GOLDSMITH_RUNNER says where it is".to_owned(),
            ],
        });
    };
    let text = format!("cannot read the runner `{}`", path.display());
    fs::read(&path).map_err(|e| CmdError::io(text, &e))
}

/// A version 4 UUID.
pub(crate) fn identifier() -> Result<String, CmdError> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(|e| CmdError::io("cannot read `/dev/urandom`", &e))?;
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
    Ok(id.to_string())
}

/// What is known of images and runs.
pub(crate) fn catalog(app: &App) -> Result<Sqlite, CmdError> {
    Ok(Sqlite::open(&app.home()?)?)
}

/// Who is told of what happens in a pipeline.
pub(crate) fn notifiers(
    app: &App,
    blocks: &[recipe::Notifier],
) -> Result<Vec<Box<dyn Notifier>>, CmdError> {
    let settings = http(app);
    let aws = aws(app);
    let notifiers = blocks
        .iter()
        .map(|block| notify::of(block, &settings, &aws));
    Ok(notifiers.collect::<Result<_, _>>()?)
}

/// Somebody whom a step of a pipeline asks.
pub(crate) fn webhook(app: &App, hook: &recipe::Webhook, timeout: Duration) -> notify::Webhook {
    let settings = Settings {
        stall_timeout: timeout,
        ..http(app)
    };
    notify::Webhook::new("step", hook.url.clone(), hook.secret.clone(), settings)
}

/// What the variables and files of AWS's own tools say.
fn aws_settings(app: &App) -> aws::Settings {
    aws::Settings::from_env(app.env.all(), http(app))
}

/// AWS, where its own tools find it.
pub(crate) fn aws(app: &App) -> Aws {
    Aws::new(aws_settings(app))
}

/// What runs in the regions of a target, in the account that the keys, or a role, are of.
pub(crate) fn fleet(app: &App, target: &recipe::AwsTarget, role: Option<String>) -> AwsFleet {
    AwsFleet::new(cloud(app, target), target.regions.clone(), role)
}

/// What has AWS refuse images in a region of a target, in the account that the keys, or a role, are
/// of.
pub(crate) fn controls(
    app: &App,
    target: &recipe::AwsTarget,
    region: &str,
    role: Option<&str>,
) -> Box<dyn Controls> {
    Box::new(AwsControls::new(&cloud(app, target), region, role))
}

/// AWS, or what speaks like it where a target says so.
pub(crate) fn cloud(app: &App, target: &recipe::AwsTarget) -> Aws {
    aws_at(app, target.endpoint.as_ref())
}

/// AWS where the images of an infrastructure are, as who makes them.
pub(crate) fn builders(app: &App, place: &recipe::AwsInfrastructure) -> Aws {
    aws_at(app, place.endpoint.as_ref()).at(&place.region, place.role.as_deref())
}

fn aws_at(app: &App, endpoint: Option<&String>) -> Aws {
    let mut settings = aws_settings(app);
    if let Some(endpoint) = endpoint {
        settings.endpoints = [(String::new(), endpoint.clone())].into();
    }
    Aws::new(settings)
}

/// Machines of an infrastructure. What is made is in the ledger of the home.
pub(crate) fn machines(
    app: &App,
    place: &recipe::AwsInfrastructure,
) -> Result<AwsMachines, CmdError> {
    let ledger = Arc::new(catalog(app)?);
    let settings = aws_settings(app);
    Ok(AwsMachines::new(settings, place.clone(), ledger))
}

/// The places of a distribution.
pub(crate) fn targets(
    app: &App,
    distribution: Option<&Distribution>,
) -> Result<Vec<Box<dyn Target>>, CmdError> {
    let targets = distribution.into_iter().flat_map(|it| &it.targets);
    let one = |target: &recipe::Target| -> Result<Box<dyn Target>, CmdError> {
        match &target.kind {
            TargetKind::Local(local) => {
                let directory = app.directory.join(&local.directory);
                let target = LocalTarget::new(&target.name, directory, local.formats.clone());
                Ok(Box::new(target))
            }
            TargetKind::Aws(aws) => {
                let settings = aws_settings(app);
                let folder = app
                    .home()?
                    .join("runs")
                    .join(format!("aws-{}", target.name));
                let ledger = Arc::new(catalog(app)?);
                let (name, place) = (&target.name, place(aws));
                Ok(Box::new(AwsTarget::new(
                    name, settings, place, folder, ledger,
                )))
            }
            TargetKind::S3(s3) => {
                let mut settings = aws_settings(app);
                settings.region = Some(s3.region.clone());
                if let Some(endpoint) = &s3.endpoint {
                    settings.endpoints.insert("s3".to_owned(), endpoint.clone());
                }
                let bucket = Bucket {
                    name: s3.bucket.clone(),
                    prefix: s3.prefix.clone(),
                    owner: None,
                };
                Ok(Box::new(S3Target::new(
                    &target.name,
                    Arc::new(Aws::new(settings)),
                    bucket,
                    s3.formats.clone(),
                    app.home()?
                        .join("runs")
                        .join(format!("outgoing-{}", target.name)),
                )))
            }
        }
    };
    targets.map(one).collect()
}

/// Where images go in AWS, as `provider` has it.
fn place(target: &recipe::AwsTarget) -> AwsPlace {
    const DAY: u64 = 24 * 60 * 60;
    let days = |time: Duration| u32::try_from(time.as_secs().div_ceil(DAY)).unwrap_or(u32::MAX);
    let template = |template: &recipe::LaunchTemplate| LaunchTemplate {
        id: template.id.clone(),
        region: template.region.clone(),
        is_default: template.is_default,
    };
    let encrypt = target.encrypt.as_ref();
    AwsPlace {
        regions: target.regions.clone(),
        accounts: target.accounts.clone(),
        organizations: target.organizations.clone(),
        organizational_units: target.organizational_units.clone(),
        is_public: target.is_public,
        fast_restore_zones: target.fast_restore_zones.clone(),
        watermark: target.watermark.clone(),
        encrypt: encrypt.map(|encrypt| encrypt.kms_key.clone()),
        kms_keys: encrypt.map_or_else(Default::default, |encrypt| encrypt.kms_keys.clone()),
        role: target.role.clone(),
        deprecate_after_days: target.deprecate_after.map(days),
        launch_templates: target.launch_templates.iter().map(template).collect(),
        parameters: target.parameters.clone(),
        endpoint: target.endpoint.clone(),
    }
}
