//! Fills a store with real layers, for `cargo xtask bench store`.
//!
//! ```text
//! many_layers STORE COUNT OLD
//! ```
//!
//! Chains of twenty layers, a file each; the first OLD of them were last used two months ago.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use goldsmith_build::layer::{Anew, LayerError, Made, Parts, Stack, Wanted};
use goldsmith_core::cx::Cx;
use goldsmith_store::{Shelf, Store};
use goldsmith_testing::clock::FakeClock;

const CHAIN: usize = 20;
const TWO_MONTHS: i64 = 60 * 24 * 3600;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [place, count, old] = arguments.as_slice() else {
        return Err("give STORE, COUNT and OLD".into());
    };
    let (count, old): (usize, usize) = (count.parse()?, old.parse()?);
    let store = Store::open(Path::new(place))?;
    let now = jiff::Timestamp::now().as_second();
    for chain in 0..count.div_ceil(CHAIN) {
        let first = chain * CHAIN;
        let used = if first < old { now - TWO_MONTHS } else { now };
        let cx = Cx::silent(Arc::new(FakeClock::at(used)));
        let mut stack = Stack::new(&store, used, Anew::None);
        for number in first..(first + CHAIN).min(count) {
            let mut parts = Parts::default();
            parts.add("step", &format!("build/Step{number}"));
            let wanted = Wanted {
                title: format!("./a.yaml build/Step{number}"),
                parts,
                unnoticed: Vec::new(),
            };
            stack.layer(&cx, &wanted, |place| {
                let file = place.directory().join(format!("file-{number}"));
                fs::write(&file, number.to_string()).map_err(|source| LayerError::Io {
                    action: "write",
                    path: file,
                    source,
                })?;
                Ok::<_, LayerError>(Made::default())
            })?;
            // Marks it as used then: until now it counts as used when it was made.
            let top = stack.top().ok_or("a layer was just made")?;
            store.entry(&cx, Shelf::Layers, &top);
        }
    }
    Ok(())
}
