def case_blocks_come_back_as_they_were_written():
    blocks = {0: 'a', 7: 'b', 2047: 'c'}
    start = ebs.start_snapshot(VolumeSize=1, Description='web', Tags=[{'Key': 'team', 'Value': 'web'}])
    assert start['BlockSize'] == BLOCK and start['Status'] == 'pending', start
    id = start['SnapshotId']
    for index, letter in blocks.items():
        assert put(id, index, block(letter))['Checksum'] == text(digest(block(letter)))
    all = hashlib.sha256(b''.join(digest(block(letter)) for letter in blocks.values())).digest()
    ebs.complete_snapshot(SnapshotId=id, ChangedBlocksCount=3, Checksum=text(all), ChecksumAlgorithm='SHA256', ChecksumAggregationMethod='LINEAR')
    until('completed', lambda: state(id))
    found = ec2.describe_snapshots(SnapshotIds=[id])['Snapshots'][0]
    assert found['VolumeSize'] == 1 and found['OwnerId'] == ACCOUNT and found['Description'] == 'web', found
    list = ebs.list_snapshot_blocks(SnapshotId=id)
    assert list['VolumeSize'] == 1 and list['BlockSize'] == BLOCK, list
    assert [b['BlockIndex'] for b in list['Blocks']] == [0, 7, 2047], list
    for listed in list['Blocks']:
        got = ebs.get_snapshot_block(SnapshotId=id, BlockIndex=listed['BlockIndex'], BlockToken=listed['BlockToken'])
        data = got['BlockData'].read()
        assert data == block(blocks[listed['BlockIndex']]) and got['Checksum'] == text(digest(data)), got

def case_tags_of_a_snapshot_are_those_of_its_start():
    id = written({0: 'a'}, Tags=[{'Key': 'team', 'Value': 'web'}])
    found = ec2.describe_snapshots(Filters=[{'Name': 'tag:team', 'Values': ['web']}, {'Name': 'snapshot-id', 'Values': [id]}])
    assert [s['SnapshotId'] for s in found['Snapshots']] == [id], found

def case_blocks_that_are_not_right_are_refused():
    id = ebs.start_snapshot(VolumeSize=1)['SnapshotId']
    refused('ValidationException', put, snapshot=id, index=0, data=block('a'), Checksum=text(digest(b'b')))
    refused('ValidationException', put, snapshot=id, index=0, data=b'short')
    refused('ValidationException', put, snapshot=id, index=2048, data=block('a'))
    refused('ResourceNotFoundException', put, snapshot='snap-0123456789abcdef0', index=0, data=block('a'))
    put(id, 0, block('a'))
    ebs.complete_snapshot(SnapshotId=id, ChangedBlocksCount=1)
    refused('ValidationException', put, snapshot=id, index=1, data=block('a'))

def case_a_wrong_count_or_digest_fails_the_snapshot():
    wrong = dict(Checksum=text(digest(b'')), ChecksumAlgorithm='SHA256', ChecksumAggregationMethod='LINEAR')
    for complete in [dict(ChangedBlocksCount=2), dict(ChangedBlocksCount=1, **wrong)]:
        id = ebs.start_snapshot(VolumeSize=1)['SnapshotId']
        put(id, 0, block('a'))
        ebs.complete_snapshot(SnapshotId=id, **complete)
        until('error', lambda: state(id))

def case_a_child_has_its_parents_blocks_and_its_own():
    parent = written({0: 'a', 1: 'b'})
    child = written({1: 'B', 5: 'c'}, ParentSnapshotId=parent)
    assert [b['BlockIndex'] for b in ebs.list_snapshot_blocks(SnapshotId=child)['Blocks']] == [0, 1, 5]
    changed = ebs.list_changed_blocks(FirstSnapshotId=parent, SecondSnapshotId=child)['ChangedBlocks']
    assert [(b['BlockIndex'], 'FirstBlockToken' in b, 'SecondBlockToken' in b) for b in changed] == [(1, True, True), (5, False, True)], changed
    got = ebs.get_snapshot_block(SnapshotId=child, BlockIndex=5, BlockToken=changed[1]['SecondBlockToken'])
    assert got['BlockData'].read() == block('c')
    refused('ValidationException', ebs.list_changed_blocks, FirstSnapshotId=written({0: 'a'}), SecondSnapshotId=child)

def case_a_parent_must_be_there():
    refused('ResourceNotFoundException', ebs.start_snapshot, VolumeSize=1, ParentSnapshotId='snap-0123456789abcdef0')
    large = written({0: 'a'}, VolumeSize=2)
    refused('ValidationException', ebs.start_snapshot, VolumeSize=1, ParentSnapshotId=large)

def case_a_token_is_of_one_block():
    id = written({0: 'a', 1: 'b'})
    first, second = ebs.list_snapshot_blocks(SnapshotId=id)['Blocks']
    refused('ValidationException', ebs.get_snapshot_block, SnapshotId=id, BlockIndex=0, BlockToken=second['BlockToken'])

def case_what_is_not_complete_cannot_be_read():
    id = ebs.start_snapshot(VolumeSize=1)['SnapshotId']
    put(id, 0, block('a'))
    refused('ValidationException', ebs.list_snapshot_blocks, SnapshotId=id)

def case_a_token_begins_one_snapshot():
    input = dict(VolumeSize=1, ClientToken='one', Description='x')
    first = ebs.start_snapshot(**input)
    assert ebs.start_snapshot(**input)['SnapshotId'] == first['SnapshotId']
    refused('ConflictException', ebs.start_snapshot, **{**input, 'VolumeSize': 2})
    assert ebs.start_snapshot(**{**input, 'ClientToken': 'two'})['SnapshotId'] != first['SnapshotId']

def case_blocks_are_listed_in_pages():
    id = written({index: 'a' for index in range(0, 480, 3)})
    pages = []
    input = dict(SnapshotId=id, MaxResults=100)
    while True:
        page = ebs.list_snapshot_blocks(**input)
        pages.append([b['BlockIndex'] for b in page['Blocks']])
        if not page.get('NextToken'):
            break
        input['NextToken'] = page['NextToken']
    assert [len(page) for page in pages] == [100, 60] and sum(pages, []) == [*range(0, 480, 3)], pages
    refused('ValidationException', ebs.list_snapshot_blocks, **{**input, 'SnapshotId': written({0: 'a'})})

def case_snapshots_are_deleted_once():
    id = written({0: 'a'})
    ec2.delete_snapshot(SnapshotId=id)
    refused('InvalidSnapshot.NotFound', ec2.delete_snapshot, SnapshotId=id)
    refused('InvalidSnapshot.NotFound', ec2.describe_snapshots, SnapshotIds=[id])

def case_an_encrypted_start_is_by_a_key():
    id = written({0: 'a'}, Encrypted=True)
    found = ec2.describe_snapshots(SnapshotIds=[id])['Snapshots'][0]
    assert found['Encrypted'] and ':key/' in found['KmsKeyId'], found
    child = written({1: 'b'}, ParentSnapshotId=id)
    assert ec2.describe_snapshots(SnapshotIds=[child])['Snapshots'][0]['Encrypted']
    refused('ValidationException', ebs.start_snapshot, VolumeSize=1, ParentSnapshotId=id, Encrypted=True)

