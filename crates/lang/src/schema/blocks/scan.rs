//! What may be found in an image.

use super::{BlockSpec, Form, optional, required};

pub(super) const SEVERITIES: &[&str] = &["negligible", "low", "medium", "high", "critical"];

/// The names of `inspect::harden::Profile`, which a test of the command line holds against them.
const PROFILES: &[&str] = &["cis-1", "cis-2", "stig-low", "stig-medium", "stig-high"];

static ACCEPT: BlockSpec = BlockSpec {
    name: "accept",
    labels: &["id"],
    optional_labels: 0,
    summary: "A finding that somebody decided to live with, a vulnerability, a leak, a hardening check: `accept \"CVE-2025-0001\" { ... }`.",
    attributes: &[
        required("reason", Form::Text, "Why it does not matter here"),
        optional(
            "expires",
            Form::Text,
            "never",
            "The last day on which it counts: `2027-01-31`",
        ),
        optional(
            "package",
            Form::Text,
            "any",
            "Only where it is found in this package",
        ),
        optional(
            "path",
            Form::Text,
            "any",
            "Only where it is found in this file; a path that ends in `*` means all that begin so",
        ),
    ],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

static SEVERITY: BlockSpec = BlockSpec {
    name: "severity",
    labels: &["id"],
    optional_labels: 0,
    summary: "What a finding counts as here, whatever others say; a name that ends in `*` means all that begin so.",
    attributes: &[required("level", Form::Choice(SEVERITIES), "Its severity")],
    blocks: &[],
    is_repeated: true,
    types: &[],
};

pub(super) static SCAN: BlockSpec = BlockSpec {
    name: "scan",
    labels: &[],
    optional_labels: 0,
    summary: "What may be found in an image that is good enough. What is known to be exploited never is.",
    attributes: &[
        optional(
            "fail_on",
            Form::Choice(SEVERITIES),
            "high",
            "Findings of this severity, and worse ones, stop the image",
        ),
        optional(
            "only_fixable",
            Form::Flag,
            "false",
            "Whether a vulnerability that nothing mends stops nothing",
        ),
        optional(
            "unrated",
            Form::Choice(SEVERITIES),
            "medium",
            "What a vulnerability counts as that nobody rated",
        ),
        optional(
            "end_of_life",
            Form::Choice(&["fail", "allow"]),
            "fail",
            "Whether a distribution past its end of life stops the image",
        ),
        optional(
            "max_feed_age",
            Form::Time,
            "7d",
            "Feeds that are older are a finding",
        ),
        optional(
            "vex",
            Form::Texts,
            "[]",
            "OpenVEX documents of the project that say what does not matter",
        ),
        optional(
            "profile",
            Form::Choice(PROFILES),
            "none",
            "The hardening profile that the disk is held to, and the machine when it is booted",
        ),
    ],
    blocks: &[&ACCEPT, &SEVERITY],
    is_repeated: false,
    types: &[],
};
