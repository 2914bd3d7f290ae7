//! The differences as one page that needs nothing else: to be attached to a release, or mailed.

use std::fmt::Write as _;

use goldsmith_core::markup::{escaped, page, row, table};
use goldsmith_core::size::format_bytes;
use goldsmith_plan::diff::files::{File, Kind};
use goldsmith_plan::diff::text::Mark;

use super::text;
use super::{Configuration, ImageDiff, Size};

const STYLE: &str = include_str!("page.css");

/// The page.
pub fn html(diff: &ImageDiff) -> String {
    let mut page = page(&format!("{} → {}", diff.old, diff.new), STYLE);
    let _ = writeln!(
        page,
        "<h1><span>{}</span> <i>→</i> <span>{}</span></h1>",
        escaped(&diff.old),
        escaped(&diff.new)
    );
    summary(&mut page, diff);
    packages(&mut page, diff);
    files(&mut page, diff);
    configuration(&mut page, &diff.configuration);
    sizes(&mut page, &diff.sizes);
    findings(&mut page, diff);
    boots(&mut page, diff);
    page.push_str("</html>\n");
    page
}

fn summary(page: &mut String, diff: &ImageDiff) {
    let (packages, files) = (&diff.packages, &diff.files);
    let cards = [
        (
            packages.added.len() + packages.removed.len() + packages.changed.len(),
            "packages",
        ),
        (
            files.added.len() + files.removed.len() + files.changed.len(),
            "files",
        ),
        (diff.configuration.len(), "configuration files"),
        (diff.findings.new.len(), "new findings"),
    ];
    page.push_str("<ul class=\"cards\">\n");
    for (count, what) in cards {
        let class = if count == 0 { " class=\"none\"" } else { "" };
        let _ = writeln!(page, "<li{class}><b>{count}</b> {what}</li>");
    }
    page.push_str("</ul>\n");
    if diff.is_same_disk {
        page.push_str("<p>The disks hold the same bytes.</p>\n");
    }
}

fn packages(page: &mut String, diff: &ImageDiff) {
    let packages = &diff.packages;
    let one = |class: &str, p: &goldsmith_plan::diff::packages::Package| {
        let (old, new) = match class {
            "new" => (String::new(), escaped(&p.version)),
            _ => (escaped(&p.version), String::new()),
        };
        row(class, &[escaped(&p.name), escaped(&p.arch), old, new])
    };
    let mut rows: Vec<String> = packages.added.iter().map(|p| one("new", p)).collect();
    rows.extend(packages.removed.iter().map(|p| one("gone", p)));
    rows.extend(packages.changed.iter().map(|p| {
        let class = if p.is_downgrade { "down" } else { "changed" };
        row(
            class,
            &[
                escaped(&p.name),
                escaped(&p.arch),
                escaped(&p.old),
                escaped(&p.new),
            ],
        )
    }));
    table(
        page,
        "Packages",
        &["name", "architecture", "old", "new"],
        &rows,
    );
}

fn files(page: &mut String, diff: &ImageDiff) {
    let files = &diff.files;
    let details = |file: &File| match (file.kind, &file.target) {
        (Kind::Directory, _) => "directory".to_owned(),
        (Kind::Link, Some(target)) => format!("→ {}", escaped(target)),
        (Kind::File, _) => format_bytes(file.size),
        _ => "device, pipe or socket".to_owned(),
    };
    let one = |class: &str, file: &File| {
        let rights = format!("{:04o} {}:{}", file.mode, file.uid, file.gid);
        let path = format!("<code>{}</code>", escaped(&file.path));
        row(class, &[path, format!("{}, {rights}", details(file))])
    };
    let is_own = |file: &&File| !diff.is_of_packages(&file.path);
    let mut rows: Vec<String> = Vec::new();
    for (class, list) in [("new", &files.added), ("gone", &files.removed)] {
        rows.extend(list.iter().filter(is_own).map(|file| one(class, file)));
    }
    let changed = files.changed.iter().filter(|c| is_own(&&c.new));
    rows.extend(changed.map(|c| {
        let path = format!("<code>{}</code>", escaped(&c.new.path));
        row("changed", &[path, escaped(&text::change(c))])
    }));
    table(page, "Files", &["path", ""], &rows);
    if diff.of_packages > 0 {
        let _ = writeln!(
            page,
            "<p>{} more files belong to packages that changed.</p>",
            diff.of_packages
        );
    }
}

fn configuration(page: &mut String, files: &[Configuration]) {
    if files.is_empty() {
        return;
    }
    page.push_str("<h2>Configuration</h2>\n");
    for file in files {
        let _ = writeln!(page, "<h3><code>{}</code></h3>", escaped(&file.path));
        if let Some(why) = &file.hidden {
            let _ = writeln!(page, "<p>Its lines are not shown: {}.</p>", escaped(why));
            continue;
        }
        page.push_str("<pre>");
        for hunk in &file.hunks {
            let _ = writeln!(page, "<i>@@ -{} +{}</i>", hunk.old, hunk.new);
            for (mark, line) in &hunk.lines {
                let line = escaped(line);
                let _ = match mark {
                    Mark::Same => writeln!(page, " {line}"),
                    Mark::Gone => writeln!(page, "<del>-{line}</del>"),
                    Mark::New => writeln!(page, "<ins>+{line}</ins>"),
                };
            }
        }
        page.push_str("</pre>\n");
        if file.more > 0 {
            let _ = writeln!(page, "<p>and {} more lines</p>", file.more);
        }
    }
}

fn sizes(page: &mut String, sizes: &[Size]) {
    let shown = |size: &Size, amount: Option<u64>| match (amount, size.unit) {
        (None, _) => String::new(),
        (Some(amount), "bytes") => format_bytes(amount),
        (Some(amount), _) => amount.to_string(),
    };
    let rows: Vec<String> = sizes
        .iter()
        .map(|size| {
            let class = if size.old == size.new { "" } else { "changed" };
            let cells = [
                size.name.to_owned(),
                shown(size, size.old),
                shown(size, size.new),
            ];
            row(class, &cells)
        })
        .collect();
    table(page, "Size", &["", "old", "new"], &rows);
}

fn findings(page: &mut String, diff: &ImageDiff) {
    let lists = [
        ("new", '+', &diff.findings.new),
        ("gone", '-', &diff.findings.gone),
    ];
    let rows: Vec<String> = lists
        .iter()
        .flat_map(|(class, sign, list)| {
            list.iter()
                .map(|found| row(class, &[escaped(&text::finding(*sign, found))]))
        })
        .collect();
    table(page, "Findings", &[""], &rows);
}

fn boots(page: &mut String, diff: &ImageDiff) {
    let rows: Vec<String> = diff
        .boots
        .iter()
        .map(|boot| row("", &[escaped(&text::boot(boot))]))
        .collect();
    table(page, "Boot, power-on to multi-user", &[""], &rows);
}
