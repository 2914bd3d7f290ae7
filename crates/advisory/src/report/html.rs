//! The report as one page that needs nothing else: to be attached to a release, or mailed.

use std::fmt::Write as _;

use goldsmith_core::finding::{Kind, Severity};
use goldsmith_core::markup::{self, escaped, table};

use super::{Group, Report, groups, word};
use crate::policy::{Decision, Judged, fact};

const STYLE: &str = include_str!("page.css");

/// The page.
pub fn html(report: &Report<'_>) -> String {
    let verdict = report.verdict;
    let mut page = markup::page(&format!("Scan of {}", report.image), STYLE);
    let (class, word) = if verdict.passes() {
        ("pass", "passes")
    } else {
        ("fail", "does not pass")
    };
    let _ = writeln!(
        page,
        "<h1>{} <b class=\"{class}\">{word}</b></h1>\n<p>{}, judged on {}</p>",
        escaped(report.image),
        escaped(report.system),
        escaped(report.today)
    );
    cards(&mut page, report);
    for note in &verdict.notes {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", escaped(note));
    }
    let is_shown = |it: &Judged| it.decision != Decision::Accepted && it.is_of_weight();
    let groups = groups(verdict, is_shown);
    table(
        &mut page,
        "What to update",
        &[
            "package",
            "installed",
            "update to",
            "worst",
            "vulnerabilities",
        ],
        &groups.iter().map(group).collect::<Vec<_>>(),
    );
    for kind in Kind::ALL
        .into_iter()
        .filter(|it| *it != Kind::Vulnerability)
    {
        let of = |it: &&Judged| it.finding.kind == kind && is_shown(it);
        let rows: Vec<String> = verdict.judged.iter().filter(of).map(row).collect();
        table(
            &mut page,
            title(kind),
            &["severity", "what", "where", ""],
            &rows,
        );
    }
    let accepted = |it: &&Judged| it.decision == Decision::Accepted;
    let rows: Vec<String> = verdict.judged.iter().filter(accepted).map(row).collect();
    table(
        &mut page,
        "Accepted",
        &["severity", "what", "where", "why"],
        &rows,
    );
    let hidden = |it: &&Judged| it.decision != Decision::Accepted && !it.is_of_weight();
    let hidden = verdict.judged.iter().filter(hidden).count();
    if hidden > 0 {
        let _ = writeln!(
            page,
            "<p>{hidden} findings without weight are not shown.</p>"
        );
    }
    let feeds: Vec<String> = report
        .feeds
        .iter()
        .map(|feed| {
            let day = jiff::Timestamp::from_second(feed.as_of)
                .map(|time| time.strftime("%Y-%m-%d").to_string())
                .unwrap_or_default();
            markup::row("", &[escaped(&feed.name), feed.records.to_string(), day])
        })
        .collect();
    table(
        &mut page,
        "Held against",
        &["feed", "entries", "as of"],
        &feeds,
    );
    page.push_str("</html>\n");
    page
}

fn cards(page: &mut String, report: &Report<'_>) {
    let judged = &report.verdict.judged;
    let of = |severity| {
        let is_it = |it: &&Judged| {
            it.finding.severity == severity
                && it.finding.kind == Kind::Vulnerability
                && it.decision != Decision::Accepted
        };
        judged.iter().filter(is_it).count()
    };
    let exploited = |it: &&Judged| fact(&it.finding, "known_exploited").is_some();
    let cards = [
        (
            report.verdict.count(Decision::Fails),
            "stop the image",
            "fail",
        ),
        (
            judged.iter().filter(exploited).count(),
            "known exploited",
            "fail",
        ),
        (of(Severity::Critical), "critical", "critical"),
        (of(Severity::High), "high", "high"),
        (of(Severity::Medium), "medium", "medium"),
        (of(Severity::Unknown), "unrated", "unknown"),
        (report.verdict.count(Decision::Accepted), "accepted", "low"),
    ];
    page.push_str("<ul class=\"cards\">\n");
    for (count, what, class) in cards {
        let class = if count == 0 { "none" } else { class };
        let _ = writeln!(page, "<li class=\"{class}\"><b>{count}</b> {what}</li>");
    }
    page.push_str("</ul>\n");
}

const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Vulnerability => "Vulnerabilities",
        Kind::Secret => "Secrets",
        Kind::Leak => "Leaks",
        Kind::Hardening => "Settings",
        Kind::Support => "Not looked after",
        Kind::Coverage => "What could not be known",
    }
}

fn badge(severity: Severity) -> String {
    format!("<span class=\"{severity}\">{}</span>", word(severity))
}

fn group(group: &Group<'_>) -> String {
    let exploited = match group.exploited() {
        0 => String::new(),
        count => format!(", <b class=\"fail\">{count} known exploited</b>"),
    };
    let list: String = group
        .judged
        .iter()
        .map(|judged| {
            let finding = &judged.finding;
            let mark = if fact(finding, "known_exploited").is_some() {
                " <b class=\"fail\">exploited</b>"
            } else {
                ""
            };
            format!(
                "<li>{} <code>{}</code>{mark} {} <i>{}</i></li>\n",
                badge(finding.severity),
                escaped(&finding.id),
                escaped(&finding.title),
                escaped(&judged.reason)
            )
        })
        .collect();
    let names = format!(
        "<details><summary>{}</summary><ul>{list}</ul></details>",
        group.judged.len()
    );
    let fix = group.fix.map_or_else(|| "nothing yet".to_owned(), escaped);
    markup::row(
        "",
        &[
            escaped(group.package),
            escaped(group.version),
            fix,
            badge(group.severity()) + &exploited,
            names,
        ],
    )
}

fn row(judged: &Judged) -> String {
    let finding = &judged.finding;
    let last = match (judged.decision, &finding.fix) {
        (Decision::Accepted, _) => escaped(&judged.reason),
        (_, Some(fix)) => format!("<i>{}</i>", escaped(fix)),
        (_, None) => String::new(),
    };
    let what = format!(
        "<code>{}</code> {}",
        escaped(&finding.id),
        escaped(&finding.title)
    );
    let class = if judged.decision == Decision::Fails {
        "stops"
    } else {
        ""
    };
    markup::row(
        class,
        &[
            badge(finding.severity),
            what,
            escaped(&finding.place.to_string()),
            last,
        ],
    )
}
