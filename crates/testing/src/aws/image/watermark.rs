//! Watermarks of images, which their copies have too.

use serde_json::{Value, json};

use super::super::dispatch::Actions;
use super::super::input::Input;
use super::super::refusal::Refusal;
use super::super::world::Caller;
use super::own;

pub(in super::super) const ACTIONS: Actions = &[
    ("AttachImageWatermark", attach),
    ("DetachImageWatermark", detach),
];

fn attach(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let key = format!("{}:{}", caller.account, input.required("WatermarkName"));
    let (now, region) = (caller.now(), caller.region.clone());
    let image = own(caller, input.required("ImageId"))?;
    if image.is_public() {
        let message = "Watermarks cannot be added to public images";
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    if image
        .watermarks
        .iter()
        .all(|known| known["WatermarkKey"] != key.as_str())
    {
        let watermark = json!({
            "WatermarkKey": key,
            "SourceImageId": image.id,
            "SourceImageRegion": region,
            "SourceImageCreationTime": image.created,
            "WatermarkCreationTime": now,
        });
        image.watermarks.push(watermark);
    }
    Ok(json!({ "WatermarkKey": key }))
}

fn detach(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let key = input.required("WatermarkKey");
    let image = own(caller, input.required("ImageId"))?;
    image
        .watermarks
        .retain(|known| known["WatermarkKey"] != key);
    Ok(json!({ "Return": true }))
}
