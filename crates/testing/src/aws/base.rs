//! An image to start from.

use super::Fake;

/// Prints the id of an image with two disks, one of which would stay when its instance goes.
const SCRIPT: &str = r"
import base64, hashlib
ec2, ebs = client('ec2'), client('ebs')
def snapshot():
    data = b'a' * 524288
    id = ebs.start_snapshot(VolumeSize=1)['SnapshotId']
    ebs.put_snapshot_block(SnapshotId=id, BlockIndex=0, BlockData=data, DataLength=524288, ChecksumAlgorithm='SHA256',
                           Checksum=base64.b64encode(hashlib.sha256(data).digest()).decode())
    ebs.complete_snapshot(SnapshotId=id, ChangedBlocksCount=1)
    ec2.get_waiter('snapshot_completed').wait(SnapshotIds=[id], WaiterConfig={'Delay': 0.02, 'MaxAttempts': 1000})
    return id
disks = [{'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': snapshot(), 'DeleteOnTermination': True}},
         {'DeviceName': '/dev/sdf', 'Ebs': {'SnapshotId': snapshot(), 'DeleteOnTermination': False}}]
print(ec2.register_image(Name='base', Architecture='x86_64', RootDeviceName='/dev/xvda', BlockDeviceMappings=disks)['ImageId'])
";

impl Fake {
    /// Makes an image of two disks in `us-east-1`, the root at `/dev/xvda`, and waits until it can be used.
    pub fn base_image(&self) -> String {
        let id = self.boto(SCRIPT).trim().to_owned();
        self.advance(60);
        id
    }
}
