//! An image recipe: a `recipe` with its source and disk.

use serde_json::Value;

use super::{component, in_file, leave, shown};
use crate::World;
use crate::hcl::{Writer, object, string, strings};
use crate::report::Report;
use crate::resource::{Fields, Kind, Resource, name_in_arn};

/// What a machine in a cloud needs besides what the components install.
const PACKAGES: [&str; 16] = [
    "linux-image-cloud-amd64",
    "initramfs-tools",
    "zstd",
    "systemd-sysv",
    "systemd-resolved",
    "dbus",
    "udev",
    "kmod",
    "openssh-server",
    "cloud-init",
    "cloud-guest-utils",
    "sudo",
    "ca-certificates",
    "iproute2",
    "netbase",
    "e2fsprogs",
];

/// Of a root volume when the recipe says nothing.
const SIZE_GIB: u64 = 8;

pub(super) fn convert(
    resource: &Resource,
    world: &World<'_>,
    writer: &mut Writer,
    report: &mut Report,
) {
    let mut fields = resource.take();
    let name = resource.slug();
    let title = resource.title();
    let parent = fields.text("parentImage").unwrap_or_default();
    source(&name, &title, &parent, writer, report);
    let description = fields.text("description");
    let volumes = fields.list("blockDeviceMappings");
    let components = fields.list("components");
    writer.blank();
    if let Some(description) = &description {
        writer.remark(description);
    }
    writer.block(&format!("recipe {}", string(&name)), |writer| {
        writer.attribute("version", &string(&version(resource, report)));
        writer.attribute("source", &format!("source.debian.{name}"));
        for component in components {
            writer.blank();
            use_component(resource, component, world, writer, report);
        }
        writer.blank();
        disk(resource, is_arm(&parent), volumes, writer, report);
        leave(resource, "", fields, &why, writer, report);
    });
    report.turned(title, in_file(&format!("recipe {}", string(&name))));
}

fn why(field: &str) -> &'static str {
    match field {
        "workingDirectory" => "steps start in `/`: write absolute paths",
        field if field.ends_with("userDataOverride") => {
            "there is no build instance to configure; look through it for what belongs into a component, and for secrets"
        }
        field if field.contains("systemsManagerAgent") => {
            "no agent is needed to build; install it with a component if machines use it"
        }
        "platform" => "the source decides",
        field if field.starts_with("amiTags") || field.starts_with("tags") => {
            "tags belong to `distribution`"
        }
        _ => "Goldsmith has no counterpart",
    }
}

fn version(resource: &Resource, report: &mut Report) -> String {
    let version = resource.version.clone().unwrap_or_default();
    let parts: Vec<&str> = version.split('.').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match parts[..] {
        [major, minor, patch]
            if is_number(major) && is_number(minor) && (patch == "x" || is_number(patch)) =>
        {
            version
        }
        _ => {
            let why = "it is no version of three numbers, the last of which may be `x`: `1.0.x` stands in for it";
            report.left(&resource.title(), "version", &version, why);
            "1.0.x".to_owned()
        }
    }
}

/// Whether a parent image is one of arm64 machines, which have no BIOS.
pub(super) fn is_arm(parent: &str) -> bool {
    parent.contains("arm64") || parent.contains("aarch64")
}

/// The suite of a parent image that is Debian's.
fn suite(parent: &str) -> Option<&'static str> {
    let parent = parent.to_ascii_lowercase();
    let is_debian = parent.contains("debian");
    let release = |number: &str| {
        parent.contains(&format!("/{number}/")) || parent.contains(&format!("-{number}"))
    };
    [("bookworm", "12"), ("bullseye", "11"), ("trixie", "13")]
        .into_iter()
        .find(|(name, number)| is_debian && (parent.contains(name) || release(number)))
        .map(|(name, _)| name)
}

fn source(name: &str, title: &str, parent: &str, writer: &mut Writer, report: &mut Report) {
    let arch = if is_arm(parent) { "arm64" } else { "amd64" };
    let known = suite(parent);
    writer.blank();
    writer.remark(&format!("parentImage = {parent}"));
    if known.is_none() {
        let why = "there is no source for this parent yet: Debian 12 stands in for it, so that the project builds; go through the components";
        writer.remark(why);
        report.left(title, "parentImage", parent, why);
    }
    writer.block(&format!("source \"debian\" {}", string(name)), |writer| {
        writer.attribute("suite", &string(known.unwrap_or("bookworm")));
        let packages = PACKAGES.map(|package| package.replace("amd64", arch));
        writer.attribute("packages", &strings(packages.iter().map(String::as_str)));
        if arch != "amd64" {
            writer.attribute("arch", &string(arch));
        }
    });
    report.turned(
        title.to_owned(),
        in_file(&format!("source \"debian\" {}", string(name))),
    );
}

fn use_component(
    resource: &Resource,
    value: Value,
    world: &World<'_>,
    writer: &mut Writer,
    report: &mut Report,
) {
    let mut fields = Fields::of(value);
    let arn = fields.text("componentArn").unwrap_or_default();
    let parameters: Vec<(String, String)> = fields
        .list("parameters")
        .into_iter()
        .map(|parameter| {
            let mut fields = Fields::of(parameter);
            let values: Vec<String> = fields.list("value").iter().map(shown).collect();
            (fields.text("name").unwrap_or_default(), values.join(","))
        })
        .collect();
    let managed = name_in_arn(&arn)
        .filter(|name| arn.contains(":aws:component/") && world.library.contains(name));
    let document = match (world.find(Kind::Component, &arn), managed) {
        (Some(own), _) => format!("./{}", component::path(own)),
        (None, Some(name)) => name.to_owned(),
        (None, None) => {
            let why = if arn.contains(":aws:component/") {
                "a component of Amazon's that Goldsmith does not ship: write its work as a component"
            } else {
                "its document was not given: import it as well (`aws imagebuilder get-component`)"
            };
            writer.remark(&format!("not carried over: component {arn} ({why})"));
            report.left(&resource.title(), "components", &arn, why);
            return;
        }
    };
    writer.block(&format!("component {}", string(&document)), |writer| {
        if !parameters.is_empty() {
            let pairs = parameters.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            writer.attribute("parameters", &object(pairs));
        }
        leave(
            resource,
            "components.",
            fields,
            &|_| "Goldsmith has no counterpart",
            writer,
            report,
        );
    });
}

/// The first volume is the disk.
fn disk(
    resource: &Resource,
    is_arm: bool,
    volumes: Vec<Value>,
    writer: &mut Writer,
    report: &mut Report,
) {
    writer.block("disk", |writer| {
        let mut size = None;
        for volume in volumes {
            let mut fields = Fields::of(volume);
            let device = fields.text("deviceName").unwrap_or_default();
            let mut ebs = fields.fields("ebs");
            let gib = ebs.text("volumeSize");
            let prefix = format!("blockDeviceMappings[{device}].");
            match (size.is_none(), gib) {
                (true, Some(gib)) => size = gib.parse::<u64>().ok(),
                (_, Some(gib)) => {
                    let why =
                        "an image has one disk; further volumes belong to the launch template";
                    writer.remark(&format!(
                        "not carried over: {prefix}ebs.volumeSize = {gib} ({why})"
                    ));
                    report.left(
                        &resource.title(),
                        &format!("{prefix}ebs.volumeSize"),
                        &gib,
                        why,
                    );
                }
                _ => {}
            }
            let why =
                |_: &str| "the cloud's volume: belongs to `distribution` and the launch template";
            leave(
                resource,
                &format!("{prefix}ebs."),
                ebs,
                &why,
                writer,
                report,
            );
            leave(resource, &prefix, fields, &why, writer, report);
        }
        writer.attribute("size", &string(&format!("{}GiB", size.unwrap_or(SIZE_GIB))));
        let boot = if is_arm {
            &["uefi"][..]
        } else {
            &["bios", "uefi"]
        };
        writer.attribute("boot", &strings(boot.iter().copied()));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites() {
        for (parent, expected) in [
            (
                "ssm:/aws/service/debian/release/12/latest/amd64",
                Some("bookworm"),
            ),
            (
                "ssm:/aws/service/debian/release/bullseye/latest/arm64",
                Some("bullseye"),
            ),
            (
                "arn:aws:imagebuilder:eu-west-1:aws:image/debian-server-13-x86/x.x.x",
                Some("trixie"),
            ),
            (
                "arn:aws:imagebuilder:eu-west-1:aws:image/amazon-linux-2023-x86/x.x.x",
                None,
            ),
            ("ami-0123", None),
        ] {
            assert_eq!(suite(parent), expected, "{parent}");
        }
    }
}
