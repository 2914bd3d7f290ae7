//! Measures a whole process: wall time, CPU time of it and its children, peak memory.

use std::process::Command;

/// What a run cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    pub(crate) peak_kib: u64,
}

/// Runs a command and gives its cost. What it prints is shown only when it fails.
pub(crate) fn cost(command: &Command) -> Result<Cost, String> {
    // GNU time is not everywhere; bash's `time` is, but does not know the memory, so the
    // kernel's accounting of finished children is read by the smallest means there is.
    let script = r"
import os, resource, subprocess, sys, time
start = time.monotonic()
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
wall = time.monotonic() - start
use = resource.getrusage(resource.RUSAGE_CHILDREN)
if done.returncode:
    sys.stderr.buffer.write(done.stdout[-4000:])
    sys.exit(1)
print(wall, use.ru_utime + use.ru_stime, use.ru_maxrss)
";
    let mut measured = Command::new("python3");
    measured
        .args(["-c", script])
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(place) = command.get_current_dir() {
        measured.current_dir(place);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => measured.env(name, value),
            None => measured.env_remove(name),
        };
    }
    let output = measured
        .output()
        .map_err(|e| format!("cannot start python3: {e}"))?;
    if !output.status.success() {
        return Err(format!(
            "{command:?} failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut fields = text.split_whitespace();
    let mut next = || fields.next().and_then(|field| field.parse::<f64>().ok());
    let (Some(wall), Some(cpu), Some(peak)) = (next(), next(), next()) else {
        return Err(format!("no figures in `{text}`"));
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "KiB of memory"
    )]
    Ok(Cost {
        wall,
        cpu,
        peak_kib: peak as u64,
    })
}

/// The middle of some figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints the medians of one side.
pub(crate) fn row(name: &str, costs: &[Cost]) {
    let peak = costs.iter().map(|c| c.peak_kib).max().unwrap_or(0) / 1024;
    println!(
        "{name:<44} {:>9.3} s wall {:>9.3} s cpu {peak:>6} MiB",
        median(costs.iter().map(|c| c.wall).collect()),
        median(costs.iter().map(|c| c.cpu).collect()),
    );
}

/// One side as a part of another: the median of the ratios of each round.
pub(crate) fn ratio(a: &[Cost], b: &[Cost], figure: fn(&Cost) -> f64) -> f64 {
    median(
        a.iter()
            .zip(b)
            .map(|(a, b)| figure(a) / figure(b))
            .collect(),
    )
}
