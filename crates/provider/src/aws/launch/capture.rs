//! An image of all disks of a machine.

use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::with_causes;
use goldsmith_core::ledger::{Resource, ResourceKind};
use goldsmith_core::machine::{Capture, Captured, CloudError, Machine};

use super::{AwsMachines, LaunchError};
use crate::aws::ec2::Named;
use crate::aws::leftovers::{Removal, remove, tag};
use crate::aws::mark::{COMPLETE, NAME, OPERATION};

impl AwsMachines {
    pub(super) fn image_of(
        &self,
        cx: &Cx,
        machine: &Machine,
        capture: &Capture<'_>,
    ) -> Result<Captured, CloudError> {
        cx.cancel.check()?;
        let resource = self.image_resource(cx, &machine.lease, capture.owner)?;
        self.ledger.begin(cx, &resource)?;
        let made = self.begun_image(cx, &machine.id, capture, &resource);
        let id = made.as_ref().ok().cloned();
        let ready = made.and_then(|id| {
            self.made(cx, resource.clone(), &id)?;
            self.aws.image_ready(cx, &id)?;
            Ok(id)
        });
        match ready {
            Ok(id) => Ok(Captured {
                id,
                lease: machine.lease.clone(),
            }),
            Err(error) => {
                let resource = Resource { id, ..resource };
                if let Err(left) = self.discard_resource(&cx.uncancelled(), &resource) {
                    cx.warn(format!(
                        "what there is of the image `{}` stays in the ledger for `goldsmith gc`: {}",
                        capture.name,
                        with_causes(&*left)
                    ));
                }
                Err(error)
            }
        }
    }

    fn begun_image(
        &self,
        cx: &Cx,
        machine: &str,
        capture: &Capture<'_>,
        resource: &Resource,
    ) -> Result<String, CloudError> {
        let mut tags = self.tags(cx, capture.tags, resource);
        tags.insert(NAME.to_owned(), capture.name.to_owned());
        let texts = (capture.name, capture.description);
        let made = self.aws.image_of_instance(cx, machine, texts, &tags);
        match self.known(cx, resource, made)? {
            Named::Made(id) => Ok(id),
            Named::Taken => {
                // By an earlier try whose answer was lost, or by somebody else.
                let own = self.aws.images(cx, &tag(OPERATION), &resource.operation)?;
                if let Some(image) = own.into_iter().next() {
                    return Ok(image.id);
                }
                self.ledger.gone(cx, resource)?;
                let name = capture.name.to_owned();
                Err(LaunchError::NameTaken { name }.into())
            }
        }
    }

    pub(super) fn keep_image(&self, cx: &Cx, captured: &Captured) -> Result<(), CloudError> {
        let tags = BTreeMap::from([(COMPLETE.to_owned(), "true".to_owned())]);
        self.aws.tag(cx, &[&captured.id], &tags)?;
        let resource = self.image_resource(cx, &captured.lease, "")?;
        self.ledger.gone(cx, &resource)
    }

    pub(super) fn discard_image(&self, cx: &Cx, captured: &Captured) -> Result<(), CloudError> {
        let resource = Resource {
            id: Some(captured.id.clone()),
            ..self.image_resource(cx, &captured.lease, "")?
        };
        self.discard_resource(cx, &resource)
    }

    fn discard_resource(&self, cx: &Cx, resource: &Resource) -> Result<(), CloudError> {
        match remove(cx, &self.aws, resource)? {
            // It was asked for, and nobody knows what came of it: it may still appear.
            Removal::Absent if resource.id.is_none() => Ok(()),
            _ => self.ledger.gone(cx, resource),
        }
    }

    fn image_resource(&self, cx: &Cx, lease: &str, owner: &str) -> Result<Resource, CloudError> {
        self.resource(cx, lease, (ResourceKind::Image, ""), owner)
    }
}
