//! The report as one page that needs nothing else: to be attached to a release, or mailed.

use std::fmt::Write as _;

use goldsmith_core::finding::{Kind, Severity};

use super::{Group, Report, groups, plain, word};
use crate::policy::{Decision, Judged, fact};

const STYLE: &str = include_str!("page.css");
/// Rows of a list that stand open.
const OPEN: usize = 40;

/// The page.
pub fn html(report: &Report<'_>) -> String {
    let verdict = report.verdict;
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    let _ = writeln!(
        page,
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Scan of {}</title>\n<style>\n{STYLE}</style>",
        plain(report.image)
    );
    let (class, word) = if verdict.passes() {
        ("pass", "passes")
    } else {
        ("fail", "does not pass")
    };
    let _ = writeln!(
        page,
        "<h1>{} <b class=\"{class}\">{word}</b></h1>\n<p>{}, judged on {}</p>",
        plain(report.image),
        plain(report.system),
        plain(report.today)
    );
    cards(&mut page, report);
    for note in &verdict.notes {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", plain(note));
    }
    let is_shown = |it: &Judged| it.decision != Decision::Accepted && it.is_of_weight();
    let groups = groups(verdict, is_shown);
    section(
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
        section(
            &mut page,
            title(kind),
            &["severity", "what", "where", ""],
            &rows,
        );
    }
    let accepted = |it: &&Judged| it.decision == Decision::Accepted;
    let rows: Vec<String> = verdict.judged.iter().filter(accepted).map(row).collect();
    section(
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
            cells("", &[plain(&feed.name), feed.records.to_string(), day])
        })
        .collect();
    section(
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

/// A table of rows that are HTML already; long ones are folded.
fn section(page: &mut String, title: &str, head: &[&str], rows: &[String]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(page, "<h2>{title}</h2>");
    let head: String = head.iter().map(|name| format!("<th>{name}</th>")).collect();
    let (open, folded) = rows.split_at(rows.len().min(OPEN));
    let _ = writeln!(page, "<table><tr>{head}</tr>\n{}</table>", open.concat());
    if !folded.is_empty() {
        let _ = writeln!(
            page,
            "<details><summary>and {} more</summary><table>\n{}</table></details>",
            folded.len(),
            folded.concat()
        );
    }
}

fn cells(class: &str, cells: &[String]) -> String {
    let cells: String = cells
        .iter()
        .map(|cell| format!("<td>{cell}</td>"))
        .collect();
    format!("<tr class=\"{class}\">{cells}</tr>\n")
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
                plain(&finding.id),
                plain(&finding.title),
                plain(&judged.reason)
            )
        })
        .collect();
    let names = format!(
        "<details><summary>{}</summary><ul>{list}</ul></details>",
        group.judged.len()
    );
    let fix = group.fix.map_or_else(|| "nothing yet".to_owned(), plain);
    cells(
        "",
        &[
            plain(group.package),
            plain(group.version),
            fix,
            badge(group.severity()) + &exploited,
            names,
        ],
    )
}

fn row(judged: &Judged) -> String {
    let finding = &judged.finding;
    let last = match (judged.decision, &finding.fix) {
        (Decision::Accepted, _) => plain(&judged.reason),
        (_, Some(fix)) => format!("<i>{}</i>", plain(fix)),
        (_, None) => String::new(),
    };
    let what = format!(
        "<code>{}</code> {}",
        plain(&finding.id),
        plain(&finding.title)
    );
    let class = if judged.decision == Decision::Fails {
        "stops"
    } else {
        ""
    };
    cells(
        class,
        &[
            badge(finding.severity),
            what,
            plain(&finding.place.to_string()),
            last,
        ],
    )
}
