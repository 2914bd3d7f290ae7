//! A ledger in memory.

use std::sync::Mutex;

use goldsmith_core::cx::Cx;
use goldsmith_core::ledger::{Ledger, LedgerError, Resource};

/// Keeps what it is told for as long as it lives.
#[derive(Debug, Default)]
pub struct Notes {
    open: Mutex<Vec<Resource>>,
    all: Mutex<Vec<Resource>>,
}

impl Notes {
    /// Everything that was ever begun, without ids, in the order in which it was.
    pub fn begun(&self) -> Vec<Resource> {
        self.all.lock().expect("no panic while held").clone()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<Resource>> {
        self.open.lock().expect("no panic while held")
    }
}

/// Whether both are the same thing.
fn is_same(one: &Resource, other: &Resource) -> bool {
    let name = |resource: &Resource| Resource {
        id: None,
        owner: String::new(),
        ..resource.clone()
    };
    name(one) == name(other)
}

impl Ledger for Notes {
    fn begin(&self, _cx: &Cx, resource: &Resource) -> Result<(), LedgerError> {
        self.all
            .lock()
            .expect("no panic while held")
            .push(resource.clone());
        let mut open = self.locked();
        open.retain(|other| !is_same(other, resource));
        open.push(resource.clone());
        Ok(())
    }

    fn made(&self, _cx: &Cx, resource: &Resource) -> Result<(), LedgerError> {
        assert!(resource.id.is_some(), "{resource:?}");
        let mut open = self.locked();
        let begun = open.iter_mut().find(|other| is_same(other, resource));
        *begun.expect("what is made was begun") = resource.clone();
        Ok(())
    }

    fn gone(&self, _cx: &Cx, resource: &Resource) -> Result<(), LedgerError> {
        self.locked().retain(|other| !is_same(other, resource));
        Ok(())
    }

    fn open(&self, _cx: &Cx, provider: &str) -> Result<Vec<Resource>, LedgerError> {
        let all = self.locked().clone();
        let is_of = |resource: &Resource| resource.provider == provider;
        Ok(all.into_iter().filter(is_of).collect())
    }
}
