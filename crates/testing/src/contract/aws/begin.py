import base64, hashlib, traceback

ONCE = {'retries': {'total_max_attempts': 1}}

def services(**where):
    names = ['ec2', 'ebs', 'ssm', 'sts']
    return [client(name, **where, **ONCE) for name in names]

ec2, ebs, ssm, sts = services()
ACCOUNT = sts.get_caller_identity()['Account']
OTHER = '444455556666'

def refused(code, call, **input):
    """The code that a call is refused with must be this one, or one of these."""
    try:
        answer = call(**input)
    except ClientError as error:
        found = error.response['Error']['Code']
        assert found in (code if isinstance(code, tuple) else (code,)), f'{found}: {error}'
        return error
    raise AssertionError(f'not refused with {code}: {answer}')

def until(wanted, look):
    """Asks until it is so."""
    for _ in range(100):
        found = look()
        if found == wanted:
            return
    raise AssertionError(f'{found}, not {wanted}')

def as_account(account, region='us-east-1'):
    """Clients of another account."""
    role = sts.assume_role(RoleArn=f'arn:aws:iam::{account}:role/golden', RoleSessionName='test')['Credentials']
    return services(region=region, key=role['AccessKeyId'], secret=role['SecretAccessKey'], token=role['SessionToken'])

BLOCK = 524288

def block(letter):
    return letter.encode() * BLOCK

def digest(data):
    return hashlib.sha256(data).digest()

def text(digest):
    return base64.b64encode(digest).decode()

def put(snapshot, index, data, **other):
    input = dict(SnapshotId=snapshot, BlockIndex=index, BlockData=data, DataLength=BLOCK,
                 Checksum=text(digest(data)), ChecksumAlgorithm='SHA256')
    return ebs.put_snapshot_block(**{**input, **other})

def state(snapshot):
    return ec2.describe_snapshots(SnapshotIds=[snapshot])['Snapshots'][0]['State']

def written(blocks, **start):
    """A completed snapshot with these blocks by index."""
    snapshot = ebs.start_snapshot(**{'VolumeSize': 1, **start})['SnapshotId']
    for index, letter in blocks.items():
        put(snapshot, index, block(letter))
    ebs.complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=len(blocks))
    until('completed', lambda: state(snapshot))
    return snapshot

def image(id):
    return ec2.describe_images(ImageIds=[id])['Images'][0]

def ready(id):
    until('available', lambda: image(id)['State'])
    return id

def registered(name, snapshot=None, **other):
    """An image that is available."""
    snapshot = snapshot or written({0: 'a'})
    input = dict(Name=name, Architecture='x86_64', VirtualizationType='hvm', RootDeviceName='/dev/xvda', EnaSupport=True,
                 BlockDeviceMappings=[{'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': snapshot, 'VolumeType': 'gp3', 'DeleteOnTermination': True}}])
    return ready(ec2.register_image(**{**input, **other})['ImageId'])

def tags(found):
    return {tag['Key']: tag['Value'] for tag in found.get('Tags', [])}

