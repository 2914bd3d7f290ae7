//! What a scan comes to: vulnerabilities from the feeds, a verdict by the policy, reports.

use std::fmt::Write as _;
use std::path::PathBuf;

use goldsmith_advisory::database::Database;
use goldsmith_advisory::format::Header;
use goldsmith_advisory::matching::{self, Moment};
use goldsmith_advisory::policy::{self, Decision, Judged, Verdict, fact, vex};
use goldsmith_advisory::report::{self, Report, word};
use goldsmith_advisory::stock::Stock;
use goldsmith_core::failure::Class;
use goldsmith_core::finding::{Finding, Kind, Severity};
use goldsmith_inspect::harden::{self, guest};
use serde_json::{Value, json};

use super::policy::Policy;
use crate::app::App;
use crate::args::Outcome;
use crate::cmd::feed::feeds;
use crate::output::table;
use crate::project;
use crate::report::CmdError;

/// Packages that are shown without `--all`.
const ROWS: usize = 25;
/// Reasons that are shown.
const REASONS: usize = 8;

/// A scan with its verdict.
pub(super) struct Judgement {
    verdict: Verdict,
    feeds: Vec<Header>,
    system: String,
    today: String,
    pipeline: Option<String>,
    decides: bool,
}

/// Holds the packages against the feeds, and all that was found against the policy.
pub(super) fn judge(
    app: &App,
    policy: &Policy,
    stock: &Stock,
    mut findings: Vec<Finding>,
) -> Result<Judgement, CmdError> {
    let phase = app.cx.phase("hold against the feeds", None);
    let feeds = feeds(app)?;
    let mut files = Vec::new();
    for name in feeds.names()? {
        let file = feeds.read(&name)?;
        files.push((name, file));
    }
    let database = Database::new(files)?;
    let now = app.began;
    let moment = Moment {
        now,
        max_feed_age: policy.spec.max_feed_age,
    };
    let found = matching::findings(&database, stock, moment);
    phase.finish(format!(
        "{} feeds, {} findings",
        database.headers().count(),
        found.len()
    ));
    findings.extend(found);
    let today = app.today();
    let system = stock.distribution.as_ref();
    // Whether those were found, the boot test says.
    let mut spec = policy.spec.clone();
    spec.accept.retain(|accept| !guest::is_one(&accept.id));
    Ok(Judgement {
        verdict: policy::judge(findings, &spec, &policy.statements, &today),
        feeds: database.headers().cloned().collect(),
        system: system.map_or_else(|| "unknown system".to_owned(), |it| it.title.clone()),
        today,
        pipeline: policy.pipeline.clone(),
        decides: policy.decides,
    })
}

impl Judgement {
    /// Every finding, with the severity that the policy gives it, in the verdict's order.
    pub(super) fn findings(&self) -> Vec<Finding> {
        self.verdict
            .judged
            .iter()
            .map(|it| it.finding.clone())
            .collect()
    }

    /// Takes down in the report of a profile which of its checks may fail.
    pub(super) fn waive(&self, report: &mut harden::Report) {
        let accepted =
            self.verdict.judged.iter().filter(|it| {
                (it.decision, it.finding.kind) == (Decision::Accepted, Kind::Hardening)
            });
        for judged in accepted {
            report.waive(&judged.finding.id, &judged.reason);
        }
    }

    /// Vulnerabilities by what mends them.
    pub(super) fn updates(&self, is_all: bool) -> String {
        let is_shown =
            |it: &Judged| is_all || it.decision != Decision::Accepted && it.is_of_weight();
        let groups = report::groups(&self.verdict, is_shown);
        let most = if is_all { usize::MAX } else { ROWS };
        let rows = groups.iter().take(most).map(|group| {
            let exploited = match group.exploited() {
                0 => String::new(),
                count => format!(", {count} exploited"),
            };
            [
                group.package.to_owned(),
                group.version.to_owned(),
                group.fix.unwrap_or("nothing yet").to_owned(),
                format!("{}{exploited}", word(group.severity())),
                group.judged.len().to_string(),
                names(&group.judged, is_all),
            ]
        });
        let mut text = format!(
            "\n{}",
            table(
                [
                    "UPDATE",
                    "INSTALLED",
                    "TO",
                    "WORST",
                    "COUNT",
                    "VULNERABILITIES"
                ],
                rows
            )
        );
        if groups.len() > most {
            let _ = writeln!(text, "and {} more packages (`--all`)", groups.len() - most);
        }
        let vulnerabilities = || {
            let all = self.verdict.judged.iter();
            all.filter(|it| it.finding.kind == Kind::Vulnerability)
        };
        let counts = Severity::ALL.into_iter().rev().filter_map(|severity| {
            let of = vulnerabilities()
                .filter(|it| it.finding.severity == severity)
                .count();
            (of > 0).then(|| format!("{of} {}", word(severity)))
        });
        let counts: Vec<String> = counts.collect();
        let _ = writeln!(
            text,
            "\n{} vulnerabilities: {}",
            vulnerabilities().count(),
            counts.join(", ")
        );
        text
    }

    /// What was decided and why.
    pub(super) fn decision(&self) -> String {
        let mut text = String::new();
        for note in &self.verdict.notes {
            let _ = writeln!(text, "note: {note}");
        }
        if !self.decides {
            text.push_str(
                "no policy, so nothing is decided: `--pipeline` or `--fail-on` names one\n",
            );
            return text;
        }
        let by = self.pipeline.as_ref();
        let by = by.map_or_else(String::new, |name| format!(" by the pipeline `{name}`"));
        let accepted = match self.verdict.count(Decision::Accepted) {
            0 => String::new(),
            count => format!(", {count} accepted"),
        };
        if self.verdict.passes() {
            let _ = writeln!(text, "passes{by}{accepted}");
            return text;
        }
        let _ = writeln!(
            text,
            "does not pass{by}: {} findings stop it{accepted}",
            self.verdict.count(Decision::Fails)
        );
        for (count, kind, reason) in self.reasons().into_iter().take(REASONS) {
            let _ = writeln!(text, "  {count:>6} {kind}: {reason}");
        }
        text
    }

    /// What stops the image, a line each; empty: nothing does.
    pub(super) fn refused(&self) -> Vec<String> {
        let reasons = self.reasons().into_iter();
        let line = |(count, kind, reason)| format!("{count} {kind}: {reason}");
        reasons.map(line).collect()
    }

    /// The findings that stop the image.
    pub(super) fn failing(&self) -> Vec<Finding> {
        let judged = self.verdict.judged.iter();
        let failing = judged.filter(|it| it.decision == Decision::Fails);
        failing.map(|it| it.finding.clone()).collect()
    }

    /// The feeds it was held against: their names, and the age of the oldest in seconds.
    pub(super) fn feed(&self, now: i64) -> Option<(String, i64)> {
        let names: Vec<&str> = self.feeds.iter().map(|feed| feed.name.as_str()).collect();
        let oldest = self.feeds.iter().map(|feed| feed.as_of).min()?;
        Some((names.join(", "), now - oldest))
    }

    /// Why findings stop the image, with how many of each, the most first.
    fn reasons(&self) -> Vec<(usize, Kind, &str)> {
        let mut reasons: Vec<(usize, Kind, &str)> = Vec::new();
        let fails = |it: &&Judged| it.decision == Decision::Fails;
        for judged in self.verdict.judged.iter().filter(fails) {
            let (kind, reason) = (judged.finding.kind, judged.reason.as_str());
            match reasons.iter_mut().find(|it| (it.1, it.2) == (kind, reason)) {
                Some(known) => known.0 += 1,
                None => reasons.push((1, kind, reason)),
            }
        }
        reasons.sort_by_key(|(count, kind, reason)| (std::cmp::Reverse(*count), *kind, *reason));
        reasons
    }

    /// Adds to a scan's report what was decided.
    pub(super) fn complete(&self, mut report: Value) -> Value {
        if let Some(findings) = report["findings"].as_array_mut() {
            for (finding, judged) in findings.iter_mut().zip(&self.verdict.judged) {
                finding["decision"] = json!(judged.decision.word());
                finding["reason"] = json!(judged.reason);
            }
        }
        report["feeds"] = json!(self.feeds);
        report["verdict"] = json!({
            "decides": self.decides,
            "passes": self.verdict.passes(),
            "pipeline": self.pipeline,
            "date": self.today,
            "failing": self.verdict.count(Decision::Fails),
            "accepted": self.verdict.count(Decision::Accepted),
            "notes": self.verdict.notes,
        });
        report
    }

    pub(super) fn outcome(&self) -> Outcome {
        if self.decides && !self.verdict.passes() {
            Outcome::No(Class::Policy)
        } else {
            Outcome::Done
        }
    }
}

/// The names of vulnerabilities, those known to be exploited with a mark.
fn names(judged: &[&Judged], is_all: bool) -> String {
    let most = if is_all { usize::MAX } else { 3 };
    let mut names: Vec<String> = judged
        .iter()
        .take(most)
        .map(|it| match fact(&it.finding, "known_exploited") {
            Some(_) => format!("{}!", it.finding.id),
            None => it.finding.id.clone(),
        })
        .collect();
    if judged.len() > most {
        names.push("...".to_owned());
    }
    names.join(" ")
}

/// The reports that were asked for.
pub(super) struct Reports(Vec<(Form, PathBuf)>);

#[derive(Debug, Clone, Copy)]
enum Form {
    Html,
    Sarif,
    Junit,
    Json,
    OpenVex,
}

impl Reports {
    /// Reads `FORM=FILE`.
    pub(super) fn parse(wanted: &[String]) -> Result<Self, CmdError> {
        let one = |text: &String| {
            let (form, path) = text.split_once('=').unwrap_or((text, ""));
            let form = match form {
                "html" => Form::Html,
                "sarif" => Form::Sarif,
                "junit" => Form::Junit,
                "json" => Form::Json,
                "openvex" => Form::OpenVex,
                _ => {
                    return Err(
                        CmdError::usage(format!("there is no form of report `{form}`"))
                            .hint("html, sarif, junit, json, openvex, each with `=FILE`"),
                    );
                }
            };
            if path.is_empty() {
                return Err(CmdError::usage(format!("`--report {text}` names no file"))
                    .hint("write `--report html=scan.html`"));
            }
            Ok((form, PathBuf::from(path)))
        };
        wanted.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Writes each, whole or not at all.
    pub(super) fn write(
        &self,
        app: &App,
        image: &str,
        judged: &Judgement,
        json: &Value,
    ) -> Result<(), CmdError> {
        let report = Report {
            image,
            system: &judged.system,
            verdict: &judged.verdict,
            feeds: judged.feeds.iter().collect(),
            today: &judged.today,
            version: env!("CARGO_PKG_VERSION"),
        };
        for (form, path) in &self.0 {
            let text = match form {
                Form::Html => report::html(&report),
                Form::Junit => report::junit(&report),
                Form::Sarif => format!("{:#}\n", report::sarif(&report)),
                Form::Json => format!("{json:#}\n"),
                Form::OpenVex => {
                    let time = format!("{}T00:00:00Z", judged.today);
                    let id = format!("urn:goldsmith:vex:{image}:{}", judged.today);
                    format!(
                        "{:#}\n",
                        vex::write(&judged.verdict, &id, "goldsmith", &time)
                    )
                }
            };
            let target = app.env.working_directory.join(path);
            project::replace_file(&target, text.as_bytes())
                .map_err(|e| CmdError::io(format!("cannot write `{}`", path.display()), &e))?;
        }
        Ok(())
    }
}
