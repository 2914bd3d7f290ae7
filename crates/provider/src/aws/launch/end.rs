//! What a lease has made goes: the way to the machine first, then the machine, then what it had.

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::with_causes;
use goldsmith_core::ledger::ResourceKind;
use goldsmith_core::machine::CloudError;

use super::{AwsMachines, of_lease};
use crate::aws::leftovers::{PROVIDER, Removal, remove};

/// A group goes after every machine that has it.
const ORDER: [ResourceKind; 3] = [
    ResourceKind::Instance,
    ResourceKind::SecurityGroup,
    ResourceKind::KeyPair,
];

impl AwsMachines {
    pub(super) fn end_all(&self, cx: &Cx, lease: &str) -> Result<(), CloudError> {
        // Nobody waits for its sessions with the others locked out.
        let tunnel = self.tunnels().remove(lease);
        drop(tunnel);
        let start = of_lease(lease);
        let open = self.ledger.open(cx, PROVIDER)?;
        let mut failed = None;
        for kind in ORDER {
            if kind == ResourceKind::SecurityGroup && failed.is_some() {
                // It would be waited for in vain.
                continue;
            }
            let of_kind = open.iter().filter(|resource| {
                resource.kind == kind
                    && resource.region == self.place.region
                    && resource.operation.starts_with(&start)
            });
            for resource in of_kind {
                match remove(cx, &self.aws, resource) {
                    // It was asked for, and nobody knows what came of it: it may still appear.
                    Ok(Removal::Absent) if resource.id.is_none() => {}
                    Ok(_) => self.ledger.gone(cx, resource)?,
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        match failed {
            None => Ok(()),
            Some(error) => Err(error.into()),
        }
    }

    /// The same after a failure, which counts more than one of this; also after a cancel.
    pub(super) fn clean(&self, cx: &Cx, lease: &str) {
        let calm = cx.uncancelled();
        if let Err(error) = self.end_all(&calm, lease) {
            cx.warn(format!(
                "what was made for a machine in {} could not be taken away, and stays in the \
                 ledger for `goldsmith gc`: {}",
                self.place.region,
                with_causes(&*error)
            ));
        }
    }
}
