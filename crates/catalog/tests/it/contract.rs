//! What every implementation of the port must do. Each check is given an empty catalog.

pub(crate) mod batch;
pub(crate) mod channels;
pub(crate) mod images;
pub(crate) mod listing;
pub(crate) mod runs;
