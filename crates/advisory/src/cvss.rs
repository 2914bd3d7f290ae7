//! Scores of CVSS vectors of versions 2, 3 and 4: feeds give the vector, people the word.
//!
//! Version 4 scores by a table of 270 vectors, which is the crate's.

use goldsmith_core::finding::Severity;

/// The severity of a vector such as `CVSS:3.1/AV:N/AC:L/…`; `None`: it cannot be scored.
pub(crate) fn severity(vector: &str) -> Option<Severity> {
    score(vector).map(of_score)
}

/// The severity of a base score.
pub(crate) fn of_score(score: f64) -> Severity {
    match score {
        score if score >= 9.0 => Severity::Critical,
        score if score >= 7.0 => Severity::High,
        score if score >= 4.0 => Severity::Medium,
        score if score > 0.0 => Severity::Low,
        _ => Severity::Negligible,
    }
}

/// The base score, 0.0 to 10.0; of version 4 with whatever else the vector says.
pub(crate) fn score(vector: &str) -> Option<f64> {
    let metric = |name: &str| {
        vector
            .split('/')
            .filter_map(|part| part.split_once(':'))
            .find_map(|(key, value)| (key == name).then_some(value))
    };
    if vector.starts_with("CVSS:3.") {
        score3(&metric)
    } else if vector.starts_with("CVSS:") {
        let vector: cvss::v4::Vector = vector.parse().ok()?;
        Some(vector.score().value())
    } else {
        score2(&metric)
    }
}

/// CVSS 3.1, section 7.1.
fn score3<'a>(metric: &impl Fn(&str) -> Option<&'a str>) -> Option<f64> {
    let is_changed = metric("S")? == "C";
    let impact = |name| {
        Some(match metric(name)? {
            "H" => 0.56,
            "L" => 0.22,
            "N" => 0.0,
            _ => return None,
        })
    };
    let attack = match metric("AV")? {
        "N" => 0.85,
        "A" => 0.62,
        "L" => 0.55,
        "P" => 0.2,
        _ => return None,
    };
    let complexity = if metric("AC")? == "L" { 0.77 } else { 0.44 };
    let privileges = match (metric("PR")?, is_changed) {
        ("N", _) => 0.85,
        ("L", false) => 0.62,
        ("L", true) => 0.68,
        ("H", false) => 0.27,
        ("H", true) => 0.5,
        _ => return None,
    };
    let interaction = if metric("UI")? == "N" { 0.85 } else { 0.62 };
    let base: f64 = 1.0 - (1.0 - impact("C")?) * (1.0 - impact("I")?) * (1.0 - impact("A")?);
    let impact = if is_changed {
        7.52 * (base - 0.029) - 3.25 * (base - 0.02).powi(15)
    } else {
        6.42 * base
    };
    if impact <= 0.0 {
        return Some(0.0);
    }
    let exploitability = 8.22 * attack * complexity * privileges * interaction;
    let sum = if is_changed {
        1.08 * (impact + exploitability)
    } else {
        impact + exploitability
    };
    Some(round_up(sum.min(10.0)))
}

/// To one decimal, upward (appendix A of CVSS 3.1).
fn round_up(value: f64) -> f64 {
    let scaled = (value * 100_000.0).round();
    if scaled % 10_000.0 == 0.0 {
        scaled / 100_000.0
    } else {
        ((scaled / 10_000.0).floor() + 1.0) / 10.0
    }
}

/// CVSS 2, section 3.2.1.
fn score2<'a>(metric: &impl Fn(&str) -> Option<&'a str>) -> Option<f64> {
    let impact = |name| {
        Some(match metric(name)? {
            "C" => 0.66,
            "P" => 0.275,
            "N" => 0.0,
            _ => return None,
        })
    };
    let access = match metric("AV")? {
        "N" => 1.0,
        "A" => 0.646,
        "L" => 0.395,
        _ => return None,
    };
    let complexity = match metric("AC")? {
        "L" => 0.71,
        "M" => 0.61,
        "H" => 0.35,
        _ => return None,
    };
    let authentication = match metric("Au")? {
        "N" => 0.704,
        "S" => 0.56,
        "M" => 0.45,
        _ => return None,
    };
    let impact: f64 =
        10.41 * (1.0 - (1.0 - impact("C")?) * (1.0 - impact("I")?) * (1.0 - impact("A")?));
    let exploitability = 20.0 * access * complexity * authentication;
    let factor = if impact == 0.0 { 0.0 } else { 1.176 };
    let score: f64 = (0.6 * impact + 0.4 * exploitability - 1.5) * factor;
    Some(((score * 10.0).round() / 10.0).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores() {
        // From the examples that FIRST publishes with each version.
        for (vector, expected) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(9.8)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", Some(6.1)),
            ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", Some(6.4)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", Some(7.5)),
            ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:N", Some(0.0)),
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C", Some(7.8)),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", Some(10.0)),
            ("AV:L/AC:H/Au:N/C:C/I:C/A:C", Some(6.2)),
            // As Red Hat's scorer has them.
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                Some(9.3),
            ),
            (
                "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                Some(7.3),
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N",
                Some(5.1),
            ),
            (
                "CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
                Some(1.0),
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N",
                Some(0.0),
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:U",
                Some(9.1),
            ),
            ("CVSS:4.0/AV:N/AC:L", None),
            ("CVSS:5.0/AV:N", None),
            ("nonsense", None),
        ] {
            assert_eq!(score(vector), expected, "{vector}");
        }
    }
}
