//! What the boot test adds to a boot: the server's disk under bare QEMU until its login prompt, and
//! in `goldsmith test`, in turn.

use std::fmt::Write as _;

use super::super::measure::{cost, median};
use super::super::peers::Peers;
use super::super::{Options, page};
use super::of_json;
use super::server::{self, Server};
use crate::sh::{self, Outcome, step};

const FIRMWARES: [&str; 2] = ["bios", "uefi"];

/// Seconds of one boot.
#[derive(Default)]
struct Boots {
    bare: Vec<f64>,
    multi_user: Vec<f64>,
    whole: Vec<f64>,
}

pub(in super::super) fn run(options: Options) -> Outcome {
    step("build goldsmith", server::build_goldsmith)?;
    let server = Server::new("build")?;
    let peers = Peers::new(server::PACKAGES)?;
    step("build the server", || {
        sh::check(&mut server.command("lock"))?;
        server.build()
    })?;
    let image = server.newest()?;
    let mut boots: [Boots; 2] = Default::default();
    for round in 1..=options.rounds {
        println!("round {round} of {}", options.rounds);
        for (firmware, boots) in FIRMWARES.iter().zip(&mut boots) {
            boots
                .bare
                .push(cost(&peers.boot(&image.join("disk.raw"), firmware))?.wall);
        }
        sh::check(&mut server.command("test"))?;
        for (firmware, boots) in FIRMWARES.iter().zip(&mut boots) {
            let figure = |what: &str| {
                let filter =
                    format!(".boots[] | select(.firmware == \"{firmware}\") | {what} / 1000");
                let text = of_json(&image.join("test/report.json"), &filter)?;
                text.parse::<f64>()
                    .map_err(|_| format!("no figure in `{text}`"))
            };
            boots.multi_user.push(figure(".times.multi_user_ms")?);
            boots.whole.push(figure(".total_ms")?);
        }
    }
    let mut text = String::from(
        "The disk of the server on a layer that is thrown away, two processors under QEMU's translator. Bare QEMU is killed at the login \
         prompt; the boot test goes on until every service has settled, asks its questions and presses the power button.\n\n\
         | firmware | s, bare QEMU to the login prompt | s, `goldsmith test` to multi-user | ratio | s, the whole test of a boot |\n\
         |---|--:|--:|--:|--:|\n",
    );
    for (firmware, boots) in FIRMWARES.iter().zip(&boots) {
        let pairs = boots.multi_user.iter().zip(&boots.bare);
        let _ = writeln!(
            text,
            "| {firmware} | {:.1} | {:.1} | {:.2} | {:.1} |",
            median(boots.bare.clone()),
            median(boots.multi_user.clone()),
            median(pairs.map(|(test, bare)| test / bare).collect()),
            median(boots.whole.clone()),
        );
    }
    page::put("boot", "The boot test", options, &text)
}
