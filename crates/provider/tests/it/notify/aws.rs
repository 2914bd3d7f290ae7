//! SNS and EventBridge as `moto` has them: what is sent arrives in a queue.

use goldsmith_core::notify::{Message, Notifier, NotifyError};
use goldsmith_provider::aws::{Aws, Settings};
use goldsmith_provider::notify::{EventBridge, Sns};
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::moto::Moto;
use serde_json::{Value, json};

use super::{cx, later, message, never, settings};

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:images";
const BUS: &str = "arn:aws:events:us-east-1:123456789012:event-bus/images";

/// A server with a topic and a bus that lead to a queue, and a front that may do harm.
struct Cloud {
    moto: Moto,
    front: Front,
}

impl Cloud {
    fn new() -> Self {
        let moto = Moto::start(&[]);
        moto.boto(
            "sns, sqs, events = map(client, ['sns', 'sqs', 'events'])\n\
             url = sqs.create_queue(QueueName='images')['QueueUrl']\n\
             queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=['QueueArn'])['Attributes']['QueueArn']\n\
             topic = sns.create_topic(Name='images')['TopicArn']\n\
             sns.subscribe(TopicArn=topic, Protocol='sqs', Endpoint=queue)\n\
             events.create_event_bus(Name='images')\n\
             events.put_rule(Name='all', EventBusName='images', EventPattern=json.dumps({'source': ['goldsmith']}))\n\
             events.put_targets(Rule='all', EventBusName='images', Targets=[{'Id': 'q', 'Arn': queue}])",
        );
        let front = Front::of(Some(moto.port()));
        Self { moto, front }
    }

    fn aws(&self) -> Aws {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
            ("AWS_REGION", "eu-north-1"),
            ("AWS_ENDPOINT_URL", &self.front.url()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Aws::new(Settings::from_env(&variables.into(), settings()))
    }

    /// The bodies of what is in the queue.
    fn received(&self) -> Vec<Value> {
        let text = self.moto.boto(
            "sqs = client('sqs')\n\
             url = sqs.get_queue_url(QueueName='images')['QueueUrl']\n\
             got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get('Messages', [])\n\
             print(json.dumps([json.loads(one['Body']) for one in got]))",
        );
        serde_json::from_str(&text).unwrap()
    }
}

fn both(cloud: &Cloud) -> [Box<dyn Notifier>; 2] {
    let aws = cloud.aws();
    [
        Box::new(Sns::new("ops", TOPIC, &aws)),
        Box::new(EventBridge::new("ops", BUS, &aws)),
    ]
}

fn event() -> Value {
    serde_json::from_str(&message().event).unwrap()
}

#[test]
fn a_topic_delivers() {
    let cloud = Cloud::new();
    let notifier = Sns::new("ops", TOPIC, &cloud.aws());
    assert_eq!(notifier.name(), "sns/ops");
    notifier.send(&cx(), &message()).unwrap();
    let received = cloud.received().remove(0);
    assert_eq!(received["TopicArn"], TOPIC);
    // Mails have no letter for the last one.
    assert_eq!(received["Subject"], "web: run 7 failed at `test` ? ?");
    let body: Value = serde_json::from_str(received["Message"].as_str().unwrap()).unwrap();
    assert_eq!(body, event());
    let seen = cloud.front.seen().remove(0);
    let form = String::from_utf8(seen.body.clone()).unwrap();
    assert!(
        form.starts_with("Action=Publish&Version=2010-03-31&TopicArn="),
        "{form}"
    );
    let signed = &seen.headers["authorization"];
    assert!(signed.contains("/us-east-1/sns/aws4_request"), "{signed}");
}

#[test]
fn a_bus_delivers() {
    let cloud = Cloud::new();
    let notifier = EventBridge::new("ops", BUS, &cloud.aws());
    assert_eq!(notifier.name(), "eventbridge/ops");
    notifier.send(&cx(), &message()).unwrap();
    let received = cloud.received().remove(0);
    assert_eq!(received["source"], "goldsmith");
    assert_eq!(
        received["detail-type"],
        "EC2 Image Builder Image State Change"
    );
    assert_eq!(received["time"], "2026-11-23T20:00:00Z");
    let expected = json!({ "state": { "status": "FAILED" }, "goldsmith": event() });
    assert_eq!(received["detail"], expected);
    let signed = &cloud.front.seen().remove(0).headers["authorization"];
    assert!(
        signed.contains("/us-east-1/events/aws4_request"),
        "{signed}"
    );
}

/// One try each: when to try again is for the outbox to say.
#[test]
fn what_may_go_another_time() {
    let cloud = Cloud::new();
    for notifier in both(&cloud) {
        let before = cloud.front.seen().len();
        cloud.front.on("POST /", 1, Act::answer(503, "busy"));
        let (text, _) = later(&notifier.send(&cx(), &message()).unwrap_err());
        assert!(text.contains("status 503"), "{text}");
        cloud.front.on("POST /", 1, Act::Close);
        later(&notifier.send(&cx(), &message()).unwrap_err());
        assert_eq!(cloud.front.seen().len(), before + 2);
        notifier.send(&cx(), &message()).unwrap();
    }
}

/// A topic that is not there is for a person to mend.
#[test]
fn what_a_person_can_mend() {
    let cloud = Cloud::new();
    let other = TOPIC.replace("images", "others");
    let error = Sns::new("ops", &other, &cloud.aws()).send(&cx(), &message());
    later(&error.unwrap_err());
    let nobody = Settings {
        metadata: None,
        ..Settings::from_env(&[].into(), settings())
    };
    let aws = Aws::new(nobody);
    for notifier in [
        Box::new(Sns::new("ops", TOPIC, &aws)) as Box<dyn Notifier>,
        Box::new(EventBridge::new("ops", BUS, &aws)),
    ] {
        let (text, _) = later(&notifier.send(&cx(), &message()).unwrap_err());
        assert!(text.contains("needs credentials"), "{text}");
    }
}

#[test]
fn what_is_never_taken() {
    let cloud = Cloud::new();
    let long = Message {
        event: format!("\"{}\"", "x".repeat(300_000)),
        ..message()
    };
    let [sns, bus] = both(&cloud);
    let text = never(&sns.send(&cx(), &long).unwrap_err());
    assert!(text.contains("InvalidParameter"), "{text}");
    // A refusal of EventBridge comes with a status of success.
    let refused = r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"MalformedDetail","ErrorMessage":"no JSON"}]}"#;
    cloud.front.on("POST /", 1, Act::answer(200, refused));
    let text = never(&bus.send(&cx(), &message()).unwrap_err());
    assert!(text.contains("MalformedDetail: no JSON"), "{text}");
    let busy = refused.replace("MalformedDetail", "ThrottlingException");
    cloud.front.on("POST /", 1, Act::answer(200, &busy));
    later(&bus.send(&cx(), &message()).unwrap_err());
}

#[test]
fn an_interruption() {
    let cloud = Cloud::new();
    for notifier in both(&cloud) {
        let cx = cx();
        cx.cancel.cancel();
        let error = notifier.send(&cx, &message()).unwrap_err();
        assert!(matches!(error, NotifyError::Cancelled(_)), "{error:?}");
    }
}
