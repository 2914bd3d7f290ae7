//! Objects fetched and listed, small ones stored.

use goldsmith_core::failure::Failure as _;
use goldsmith_core::remote::{ObjectStore as _, RemoteError};
use goldsmith_provider::aws::Aws;
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::moto::Moto;

use super::{Cloud, bytes, cx, object, settings};

const OWNER: Option<&str> = Some("123456789012");

#[test]
fn there_and_back_by_hard_names() {
    let cloud = Cloud::new();
    for key in [
        "a b/ü+c",
        "x%2Fy",
        "q?a=b&c#d",
        "'(!*)@:,;=$~",
        "end/",
        "//a//b",
    ] {
        std::fs::write(cloud.path("from"), key).unwrap();
        let there = object(&format!("s3://bucket/{key}"));
        cloud
            .aws
            .put(&cloud.cx, &cloud.path("from"), &there, None)
            .unwrap();
        cloud
            .aws
            .get(&cloud.cx, &there, None, &cloud.path("to"))
            .unwrap();
        assert_eq!(std::fs::read_to_string(cloud.path("to")).unwrap(), key);
        // As somebody else sees it.
        let key = serde_json::to_string(key).unwrap();
        let script =
            format!("print(s3.get_object(Bucket='bucket', Key={key})['Body'].read().decode())");
        assert_eq!(cloud.moto.boto(&script).trim_end(), key_text(&key));
    }
    cloud.assert_only(&["from", "to"]);
    let error = cloud.aws.get(
        &cloud.cx,
        &object("s3://bucket/a/../b"),
        None,
        &cloud.path("x"),
    );
    assert!(
        matches!(error, Err(RemoteError::NotConfigured { .. })),
        "{error:?}"
    );
}

fn key_text(json: &str) -> String {
    serde_json::from_str(json).unwrap()
}

/// What is asked for, in the words of the wire.
#[test]
fn requests() {
    let cloud = Cloud::new();
    std::fs::write(cloud.path("from"), "x").unwrap();
    let there = object("s3://bucket/k");
    cloud
        .aws
        .put(&cloud.cx, &cloud.path("from"), &there, OWNER)
        .unwrap();
    cloud
        .aws
        .get(&cloud.cx, &there, OWNER, &cloud.path("to"))
        .unwrap();
    cloud.aws.list(&cloud.cx, &there, OWNER, 10).unwrap();
    assert_eq!(
        cloud.front.lines(),
        [
            "PUT /bucket/k",
            "GET /bucket/k",
            "GET /bucket?list-type=2&prefix=k&max-keys=10"
        ]
    );
    for seen in cloud.front.seen() {
        assert_eq!(seen.headers["x-amz-expected-bucket-owner"], OWNER.unwrap());
        let signature = &seen.headers["authorization"];
        let start = "AWS4-HMAC-SHA256 Credential=test/20261123/us-east-1/s3/aws4_request, ";
        assert!(signature.starts_with(start), "{signature}");
        for signed in [
            "host",
            "x-amz-content-sha256",
            "x-amz-date",
            "x-amz-expected-bucket-owner",
        ] {
            assert!(signature.contains(signed), "{signature}");
        }
    }
}

/// Checksums that another client has stored are held against what arrives.
#[test]
fn checksums() {
    let cloud = Cloud::new();
    let content = bytes(100_000);
    std::fs::write(cloud.path("from"), &content).unwrap();
    let path = cloud.path("from");
    for algorithm in ["CRC32", "SHA1", "SHA256"] {
        let script = format!(
            "s3.put_object(Bucket='bucket', Key='{algorithm}', Body=open('{}', 'rb').read(), ChecksumAlgorithm='{algorithm}')",
            path.display()
        );
        cloud.moto.boto(&script);
        let there = object(&format!("s3://bucket/{algorithm}"));
        cloud
            .aws
            .get(&cloud.cx, &there, None, &cloud.path("to"))
            .unwrap();
        let line = format!("GET /bucket/{algorithm}");
        cloud.front.on(&line, 1, Act::Corrupt(70_000));
        cloud
            .aws
            .get(&cloud.cx, &there, None, &cloud.path("to"))
            .unwrap();
        assert!(
            std::fs::read(cloud.path("to")).unwrap() == content,
            "{algorithm}"
        );
        std::fs::remove_file(cloud.path("to")).unwrap();
        cloud.front.on(&line, 2, Act::Corrupt(70_000));
        let error = cloud
            .aws
            .get(&cloud.cx, &there, None, &cloud.path("to"))
            .unwrap_err();
        assert!(
            error.to_string().contains(&format!("its {algorithm} is")),
            "{error}"
        );
        cloud.assert_only(&["from"]);
    }
}

#[test]
fn resumes_the_same_object_only() {
    let cloud = Cloud::new();
    let content = bytes(500_000);
    std::fs::write(cloud.path("from"), &content).unwrap();
    let there = object("s3://bucket/k");
    cloud
        .aws
        .put(&cloud.cx, &cloud.path("from"), &there, None)
        .unwrap();
    cloud.front.on("GET /bucket/k", 1, Act::Cut(100_000));
    cloud.front.on("GET /bucket/k", 1, Act::Cut(200_000));
    cloud
        .aws
        .get(&cloud.cx, &there, None, &cloud.path("to"))
        .unwrap();
    assert!(std::fs::read(cloud.path("to")).unwrap() == content);
    let seen = cloud.front.seen();
    let ranges: Vec<_> = seen[1..]
        .iter()
        .map(|seen| seen.headers.get("range"))
        .collect();
    assert_eq!(ranges[0], None);
    assert_eq!(ranges[1].unwrap(), "bytes=100000-");
    assert_eq!(ranges[2].unwrap(), "bytes=300000-");
    assert!(seen[2].headers.contains_key("if-match"));

    // Another object meanwhile: all of it anew.
    cloud.front.on("GET /bucket/k", 1, Act::Cut(100_000));
    cloud.front.on("GET /bucket/k", 1, Act::answer(412, ""));
    cloud
        .aws
        .get(&cloud.cx, &there, None, &cloud.path("to"))
        .unwrap();
    assert!(std::fs::read(cloud.path("to")).unwrap() == content);
    let last = cloud.front.seen().pop().unwrap();
    assert!(!last.headers.contains_key("range"));
}

/// Faults that pass, with the calls they take.
#[test]
fn gets_over_faults() {
    let cloud = Cloud::new();
    std::fs::write(cloud.path("from"), "x").unwrap();
    let there = object("s3://bucket/k");
    let slow =
        "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
    let late = Act::Answer {
        status: 503,
        headers: vec![("Retry-After".to_owned(), "7".to_owned())],
        body: slow.to_owned(),
    };
    for (act, times) in [
        (Act::answer(503, slow), 4),
        (Act::answer(500, ""), 1),
        (
            Act::answer(400, &slow.replace("SlowDown", "RequestTimeout")),
            1,
        ),
        (late, 1),
        (Act::Close, 2),
        (Act::Hang, 1),
        (Act::LoseAnswer, 1),
    ] {
        for line in ["PUT /bucket/k", "GET /bucket/k", "GET /bucket?"] {
            cloud.front.on(line, times, act.clone());
        }
        let before = cloud.front.seen().len();
        let done = cloud
            .aws
            .put(&cloud.cx, &cloud.path("from"), &there, None)
            .and_then(|()| cloud.aws.get(&cloud.cx, &there, None, &cloud.path("to")))
            .and_then(|()| cloud.aws.list(&cloud.cx, &there, None, 5));
        assert_eq!(done.unwrap(), ["k"], "{act:?}");
        let calls = usize::try_from(3 * (times + 1)).unwrap();
        assert_eq!(cloud.front.seen().len() - before, calls, "{act:?}");
    }
    assert!(cloud.clock.slept() >= std::time::Duration::from_secs(21));
}

#[test]
fn failures_in_words() {
    let cloud = Cloud::new();
    let get = |url: &str| {
        let error = cloud
            .aws
            .get(&cloud.cx, &object(url), None, &cloud.path("to"));
        cloud.assert_only(&[]);
        error.unwrap_err()
    };
    let missing = get("s3://bucket/nope").to_string();
    assert_eq!(missing, "the object `s3://bucket/nope` does not exist");
    let none = get("s3://other-bucket/nope").to_string();
    assert_eq!(none, "the bucket `other-bucket` does not exist");
    let denied = "<Error><Code>AccessDenied</Code><Message>not hunter22's</Message></Error>";
    cloud.front.on("GET /bucket/k", 1, Act::answer(403, denied));
    assert_eq!(
        get("s3://bucket/k").to_string(),
        "S3 GetObject of the object `s3://bucket/k`: access denied: AccessDenied: not (secret)'s (status 403)"
    );
    cloud
        .front
        .on("GET /bucket/k", 5, Act::answer(503, "<html>"));
    assert_eq!(
        get("s3://bucket/k").to_string(),
        "S3 GetObject of the object `s3://bucket/k` failed: (status 503) (5 tries)"
    );
    cloud.front.on("GET /bucket/k", 1, Act::answer(302, ""));
    let error = get("s3://bucket/k");
    assert!(
        error.to_string().ends_with("failed: (status 302)"),
        "{error}"
    );
    let file = cloud.path("no/such/place");
    let error = cloud
        .aws
        .get(&cloud.cx, &object("s3://bucket/k"), None, &file)
        .unwrap_err();
    assert!(
        matches!(
            error,
            RemoteError::File {
                operation: "write",
                ..
            }
        ),
        "{error}"
    );
    let error = cloud
        .aws
        .put(&cloud.cx, &file, &object("s3://bucket/k"), None)
        .unwrap_err();
    assert!(
        matches!(
            error,
            RemoteError::File {
                operation: "read",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn lists_are_whole_and_limited() {
    let cloud = Cloud::new();
    cloud.moto.boto("for n in range(1203): s3.put_object(Bucket='bucket', Key=f'many/{n:04}', Body=b'')\nfor k in ['a', 'odd/<&>\"', 'odd/ü', 'odd/ +']: s3.put_object(Bucket='bucket', Key=k, Body=b'')");
    let list = |prefix: &str, limit| {
        let prefix = object(&format!("s3://bucket/{prefix}"));
        cloud.aws.list(&cloud.cx, &prefix, None, limit).unwrap()
    };
    let all = list("many/", 5000);
    assert_eq!(all.len(), 1203);
    assert!(all.is_sorted() && all[1202] == "many/1202");
    assert_eq!(list("many/", 1001).len(), 1001);
    assert_eq!(list("many/", 7).len(), 7);
    assert_eq!(list("odd/", 9), ["odd/ +", "odd/<&>\"", "odd/ü"]);
    assert_eq!(list("none/", 9), [""; 0]);
    assert_eq!(list("", 1), ["a"]);
    let page = "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>";
    cloud.front.on("GET /bucket?", 9, Act::answer(200, page));
    let endless = cloud
        .aws
        .list(&cloud.cx, &object("s3://bucket/"), None, 9)
        .unwrap_err();
    assert!(
        endless.to_string().contains("the list has no end"),
        "{endless}"
    );
}

/// A bucket in another region is found by what S3 answers.
#[test]
fn follows_a_bucket_to_its_region() {
    let cloud = Cloud::new();
    cloud
        .moto
        .boto("s3.put_object(Bucket='bucket', Key='k', Body=b'x')");
    let body =
        "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-north-1</Region></Error>";
    cloud.front.on("GET /bucket/k", 1, Act::answer(400, body));
    for _ in 0..2 {
        let there = object("s3://bucket/k");
        cloud
            .aws
            .get(&cloud.cx, &there, None, &cloud.path("to"))
            .unwrap();
    }
    let regions: Vec<bool> = cloud
        .front
        .seen()
        .iter()
        .map(|seen| seen.headers["authorization"].contains("/eu-north-1/s3/"))
        .collect();
    assert_eq!(regions, [false, true, true], "and it is remembered");
    // But not for ever.
    cloud
        .front
        .on("GET /bucket/other", 99, Act::answer(400, body));
    let error = cloud.aws.get(
        &cloud.cx,
        &object("s3://bucket/other"),
        None,
        &cloud.path("x"),
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("AuthorizationHeaderMalformed")
    );
}

/// A server that recomputes every signature and knows who may do what.
#[test]
fn signatures_are_right() {
    let moto = Moto::start(&[]);
    let keys = moto.boto(
        "import urllib.request\ns3.create_bucket(Bucket='bucket')\nssm.put_parameter(Name='/a/b', Type='String', Value='v')\n\
         iam.create_user(UserName='u')\npolicy = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': ['s3:*', 'ssm:*'], 'Resource': '*'}]}\n\
         iam.put_user_policy(UserName='u', PolicyName='p', PolicyDocument=json.dumps(policy))\nkey = iam.create_access_key(UserName='u')['AccessKey']\n\
         print(key['AccessKeyId'], key['SecretAccessKey'])\n\
         urllib.request.urlopen(urllib.request.Request(os.environ['ENDPOINT'] + '/moto-api/reset-auth', data=b'0', headers={'Content-Type': 'text/plain'}, method='POST'))",
    );
    let (id, secret) = keys.trim().split_once(' ').unwrap();
    let aws = |secret: &str| {
        Aws::new(settings(&[
            ("AWS_ACCESS_KEY_ID", id),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &moto.url()),
        ]))
    };
    let ((cx, _), dir) = (cx(), tempfile::tempdir().unwrap());
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    std::fs::write(&from, "content").unwrap();
    let good = aws(secret);
    for key in ["plain", "a b/c+d", "ü/%41/='!", "a//b"] {
        let there = object(&format!("s3://bucket/{key}"));
        good.put(&cx, &from, &there, Some("123456789012")).unwrap();
        good.get(&cx, &there, None, &to).unwrap();
    }
    good.list(&cx, &object("s3://bucket/a b"), None, 9).unwrap();
    let parameter = goldsmith_core::remote::ParameterStore::parameter(&good, &cx, "/a/b");
    assert!(parameter.is_ok(), "{parameter:?}");
    let bad = aws("not-the-secret").get(&cx, &object("s3://bucket/plain"), None, &to);
    let bad = bad.unwrap_err();
    assert!(matches!(bad, RemoteError::Denied { .. }), "{bad}");
    assert!(bad.to_string().contains("SignatureDoesNotMatch"), "{bad}");
}

/// Nobody there; and a stop while waiting for somebody.
#[test]
fn nobody_there_and_a_stop() {
    let (cx, _) = cx();
    let front = Front::of(None);
    let aws = |endpoint: &str| {
        Aws::new(settings(&[
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL_S3", endpoint),
        ]))
    };
    let dir = tempfile::tempdir().unwrap();
    let there = object("s3://bucket/k");
    let error = aws("http://127.0.0.1:1").get(&cx, &there, None, &dir.path().join("to"));
    let error = error.unwrap_err();
    assert!(error.to_string().contains("cannot connect"), "{error}");
    assert_eq!(error.class(), goldsmith_core::failure::Class::Remote);
    front.on("GET", 1, Act::Hang);
    let stopped = std::thread::scope(|scope| {
        scope.spawn(|| {
            while front.seen().is_empty() {
                std::thread::yield_now();
            }
            cx.cancel.cancel();
        });
        aws(&front.url()).get(&cx, &there, None, &dir.path().join("to"))
    });
    assert!(
        matches!(stopped, Err(RemoteError::Cancelled(_))),
        "{stopped:?}"
    );
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
}
