"""The server of moto with corrections: images and snapshots as AWS has them, blocks that are checked, client tokens
of RunInstances. Takes the arguments of `moto_server`."""
import base64, hashlib
import moto.ebs.models as em
import moto.ec2.models.amis as am
import moto.ec2.responses.amis as ra
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.utils import random_ami_id
from moto.ec2.models.elastic_block_store import EBSBackend as EC2Ebs

BLOCK = 524288
# --- EBS direct ------------------------------------------------------------
_init = em.EBSSnapshot.__init__
def init(self, account_id, snapshot):
    _init(self, account_id, snapshot)
    self.block_size = BLOCK
    self._ec2 = snapshot
    snapshot.status = "pending"
em.EBSSnapshot.__init__ = init

class Ebs400(JsonRESTError):
    code = 400
    def __init__(self, reason, msg):
        super().__init__("ValidationException", msg)
class Ebs404(JsonRESTError):
    code = 404
    def __init__(self, msg):
        super().__init__("ResourceNotFoundException", msg)

_put = em.EBSBackend.put_snapshot_block
def put(self, snapshot_id, block_index, block_data, checksum, checksum_algorithm, data_length):
    s = self.snapshots.get(snapshot_id)
    if s is None: raise Ebs404(f"The snapshot '{snapshot_id}' does not exist")
    if s.status != "pending": raise Ebs400("", "snapshot is not pending")
    if len(block_data) != BLOCK: raise Ebs400("INVALID_BLOCK", "block must be 524288 bytes")
    if not 0 <= int(block_index) < s.volume_size * 2048: raise Ebs400("INVALID_BLOCK", "index beyond volume")
    if base64.b64encode(hashlib.sha256(block_data).digest()).decode() != checksum: raise Ebs400("INVALID_BLOCK", "checksum mismatch")
    return _put(self, snapshot_id, int(block_index), block_data, checksum, checksum_algorithm, data_length)
em.EBSBackend.put_snapshot_block = put

_complete = em.EBSBackend.complete_snapshot
def complete(self, snapshot_id):
    s = self.snapshots.get(snapshot_id)
    if s is None: raise Ebs404(snapshot_id)
    s._ec2.status = "completed"
    return _complete(self, snapshot_id)
em.EBSBackend.complete_snapshot = complete

# --- AMIs ------------------------------------------------------------------
def err(code, msg): return EC2ClientError(code, msg)

def spec_tags(specs, kind):
    return {t["Key"]: t["Value"] for s in specs or [] if s["ResourceType"] == kind for t in s["Tags"]}

def check_name(be, name):
    if any(a.name == name and a.owner_id == be.account_id for a in be.amis.values()):
        raise err("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by another AMI")

_bdm = am.Ami.block_device_mappings.fget
am.Ami.block_device_mappings = property(lambda self: getattr(self, "_bdms", None) or _bdm(self))

def blank(be, **kw):
    """An Ami without the invented 15 GiB snapshot."""
    ami = am.Ami(be, random_ami_id(), **kw)
    be.snapshots.pop(ami.ebs_snapshot.id, None)
    be.amis[ami.id] = ami
    return ami

def register_image(self):
    be = self.ec2_backend
    self.error_on_dryrun()
    name = self._get_param("Name"); check_name(be, name)
    bdms = []
    for m in self._get_param("BlockDeviceMappings", []):
        e = dict(m.get("Ebs") or {})
        if e.get("SnapshotId"):
            snap = be.snapshots.get(e["SnapshotId"])
            if snap is None: raise err("InvalidSnapshot.NotFound", f"The snapshot '{e['SnapshotId']}' does not exist.")
            if snap.status != "completed": raise err("IncorrectState", "snapshot is not completed")
            e.setdefault("VolumeSize", snap.volume.size); e["Encrypted"] = bool(snap.encrypted)
        bdms.append({k: v for k, v in {"DeviceName": m.get("DeviceName"), "VirtualName": m.get("VirtualName"), "Ebs": e or None}.items() if v})
    ami = blank(be, name=name, description=self._get_param("Description", ""),
                architecture=self._get_param("Architecture", "i386"), virtualization_type=self._get_param("VirtualizationType", "paravirtual"),
                root_device_type="ebs", root_device_name=self._get_param("RootDeviceName"), boot_mode=self._get_param("BootMode"))
    ami._bdms = bdms
    ami.imds_support = self._get_param("ImdsSupport"); ami.tpm_support = self._get_param("TpmSupport")
    ami.ena_support = self._get_param("EnaSupport", False)
    ami.add_tags(spec_tags(self._get_param("TagSpecifications", []), "image"))
    return ActionResult({"ImageId": ami.id})
ra.AmisResponse.register_image = register_image

def create_image(self):
    be = self.ec2_backend
    self.error_on_dryrun()
    name = self._get_param("Name"); check_name(be, name)
    inst = be.get_instance(self._get_param("InstanceId")); specs = self._get_param("TagSpecifications", [])
    if inst.state not in ("running", "stopped", "pending", "stopping"):
        raise err("IncorrectInstanceState", "Instance is not in state 'running' or 'stopped'")
    ami = blank(be, instance=inst, name=name, description=self._get_param("Description", ""), root_device_type="ebs", root_device_name=inst.root_device_name if hasattr(inst, "root_device_name") else "/dev/sda1")
    ami._bdms = []
    for dev, b in inst.block_device_mapping.items():
        vol = be.volumes[b.volume_id]
        s = be.create_snapshot(vol.id, f"Created by CreateImage({inst.id}) for {ami.id}")
        s.add_tags(spec_tags(specs, "snapshot"))
        ami._bdms.append({"DeviceName": dev, "Ebs": {"SnapshotId": s.id, "VolumeSize": vol.size, "VolumeType": vol.volume_type, "Encrypted": vol.encrypted, "DeleteOnTermination": True}})
    ami.imds_support = ami.tpm_support = None; ami.ena_support = True
    ami.add_tags(spec_tags(specs, "image"))
    return ActionResult({"ImageId": ami.id})
ra.AmisResponse.create_image = create_image

def copy_image(self):
    from moto.ec2.models import ec2_backends
    self.error_on_dryrun(); be = self.ec2_backend; region = self._get_param("SourceRegion"); sid = self._get_param("SourceImageId")
    src = None
    for acct, per in list(ec2_backends.items()):
        a = per[region].amis.get(sid) if region in per else None
        if a and (acct == be.account_id or a.is_public or {"UserId": be.account_id} in a.launch_permissions): src = a; srcbe = per[region]
    if src is None: raise err("InvalidAMIID.NotFound", f"The image id '[{sid}]' does not exist")
    name = self._get_param("Name"); check_name(be, name)
    enc = self._get_param("Encrypted", False); key = self._get_param("KmsKeyId"); specs = self._get_param("TagSpecifications", [])
    ami = blank(be, source_ami=src, name=name, description=self._get_param("Description"), root_device_type=src.root_device_type, root_device_name=src.root_device_name, boot_mode=src.boot_mode)
    ami._bdms = []
    for m in src.block_device_mappings:
        e = dict(m.get("Ebs") or {})
        if e.get("SnapshotId"):
            vol = be.create_volume(size=e["VolumeSize"], zone_name=be.region_name + "a", encrypted=bool(enc or e.get("Encrypted")), kms_key_id=key)
            s = be.create_snapshot(vol.id, f"Copied for DestinationAmi {ami.id} from SourceAmi {sid}"); be.delete_volume(vol.id)
            s.kms_key_id = key
            s.add_tags(spec_tags(specs, "snapshot")); e.update(SnapshotId=s.id, Encrypted=bool(s.encrypted))
        ami._bdms.append({**m, **({"Ebs": e} if e else {})})
    for k in ("imds_support", "tpm_support", "ena_support"): setattr(ami, k, getattr(src, k, None))
    ami.add_tags(spec_tags(specs, "image"))
    return ActionResult({"ImageId": ami.id})
ra.AmisResponse.copy_image = copy_image

def deprecation(self, on=True):
    a = self.ec2_backend.describe_images(ami_ids=[self._get_param("ImageId")])[0]
    at = self._get_param("DeprecateAt")
    a.deprecation_time = at.strftime("%Y-%m-%dT%H:%M:%S.000Z") if on else None
    return ActionResult({"Return": True})
ra.AmisResponse.enable_image_deprecation = lambda self: deprecation(self, True)
ra.AmisResponse.disable_image_deprecation = lambda self: deprecation(self, False)

_mod = ra.AmisResponse.modify_image_attribute
def modify(self):
    a = self.ec2_backend.describe_images(ami_ids=[self._get_param("ImageId")])[0]
    for p, f in (("ImdsSupport", "imds_support"), ("Description", "description")):
        v = self._get_param(p)
        if isinstance(v, dict) and "Value" in v: setattr(a, f, v["Value"])
    return _mod(self)
ra.AmisResponse.modify_image_attribute = modify

_dereg = ra.AmisResponse.deregister_image
def dereg(self):
    be = self.ec2_backend; a = be.amis.get(self._get_param("ImageId")); out = _dereg(self)
    if a and str(self._get_param("DeleteAssociatedSnapshots")).lower() == "true":
        for m in a.block_device_mappings:
            be.snapshots.pop((m.get("Ebs") or {}).get("SnapshotId"), None)
    return out
ra.AmisResponse.deregister_image = dereg

_dels = EC2Ebs.delete_snapshot
def dels(self, snapshot_id):
    for a in self.amis.values():
        if any((m.get("Ebs") or {}).get("SnapshotId") == snapshot_id for m in a.block_device_mappings):
            raise err("InvalidSnapshot.InUse", f"The snapshot {snapshot_id} is currently in use by {a.id}")
    return _dels(self, snapshot_id)
EC2Ebs.delete_snapshot = dels

# --- client tokens ------------------------------------------------------------
from moto.ec2.responses.instances import InstanceResponse
_run = InstanceResponse.run_instances
def run(self):
    tok = self._get_param("ClientToken"); be = self.ec2_backend
    if tok:
        for r in be.reservations.values():
            if any(i.client_token == tok for i in r.instances):
                if r.instances[0].image_id != self._get_param("ImageId") or r.instances[0].instance_type != self._get_param("InstanceType", r.instances[0].instance_type):
                    raise err("IdempotentParameterMismatch", "different parameters with the same client token")
                return ActionResult(r)
    return _run(self)
InstanceResponse.run_instances = run

if __name__ == "__main__":
    from moto.server import main
    main()
