//! Where concrete types are named: the store, the network, the machine.

use goldsmith_store::Store;

use crate::app::App;
use crate::report::CmdError;

/// Opens the store of the home and takes away what dead runs left behind.
pub(crate) fn store(app: &App) -> Result<Store, CmdError> {
    let store = Store::open(&app.home()?.join("store"))?;
    let swept = store.sweep()?;
    if !swept.removed.is_empty() {
        app.cx.note(format!("removed what an interrupted run had left: {}", swept.removed.join(", ")));
    }
    Ok(store)
}
