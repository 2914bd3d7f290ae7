use super::*;

/// A message of the agent.
fn from_agent(number: i64, of: u32, payload: &[u8]) -> Vec<u8> {
    of_kind(OUTPUT, number, of, payload)
}

fn of_kind(kind: &str, number: i64, of: u32, payload: &[u8]) -> Vec<u8> {
    let message = Message {
        kind,
        made: 1,
        number,
        flags: 0,
        id: fresh_id(),
        of,
        payload,
    };
    message.encode()
}

fn acknowledgement(number: i64) -> Vec<u8> {
    let payload = format!("{{\"AcknowledgedMessageSequenceNumber\":{number}}}");
    of_kind(ACKNOWLEDGE, 0, 0, payload.as_bytes())
}

/// One that has shaken hands: one message of ours is out and acknowledged, two of the agent's are in.
fn ready() -> Channel {
    let mut channel = Channel::default();
    let asked = br#"{"RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Port"}}]}"#;
    let request = from_agent(0, HANDSHAKE_REQUEST, asked);
    channel.receive(&request).unwrap();
    assert!(!channel.has_room());
    channel.receive(&acknowledgement(0)).unwrap();
    let complete = from_agent(1, HANDSHAKE_COMPLETE, b"{}");
    channel.receive(&complete).unwrap();
    assert!(channel.has_room());
    assert_eq!(out(&mut channel), ["acknowledge 0", "6", "acknowledge 1"]);
    channel
}

/// What goes out: the payload of data, else what it is.
fn out(channel: &mut Channel) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(bytes) = channel.outgoing() {
        let message = Message::decode(&bytes).unwrap();
        let said: Value = serde_json::from_slice(message.payload).unwrap_or_default();
        texts.push(match (message.kind, message.of) {
            (ACKNOWLEDGE, _) => {
                format!("acknowledge {}", said["AcknowledgedMessageSequenceNumber"])
            }
            (_, DATA) => String::from_utf8(message.payload.to_vec()).unwrap(),
            (_, of) => of.to_string(),
        });
    }
    texts
}

fn inbox(channel: &mut Channel) -> String {
    String::from_utf8(channel.inbox.drain(..).collect()).unwrap()
}

#[test]
fn what_comes_is_put_into_order_once() {
    let mut channel = ready();
    for (number, text) in [(3, "b"), (4, "c"), (3, "b"), (2, "a"), (2, "a"), (5, "d")] {
        let message = from_agent(number, DATA, text.as_bytes());
        channel.receive(&message).unwrap();
    }
    assert_eq!(inbox(&mut channel), "abcd");
    // Also what was there before: its acknowledgement may have been lost.
    let all = [3, 4, 3, 2, 2, 5].map(|number| format!("acknowledge {number}"));
    assert_eq!(out(&mut channel), all);
    // What there is no room for is not acknowledged.
    let far = from_agent(6 + EARLY_MAX, DATA, b"x");
    channel.receive(&far).unwrap();
    assert_eq!(out(&mut channel), [""; 0]);
}

#[test]
fn no_more_is_under_way_than_the_window() {
    let mut channel = ready();
    for _ in 0..WINDOW {
        assert!(channel.has_room());
        channel.send(b"x");
    }
    assert!(!channel.has_room());
    channel.receive(&acknowledgement(500)).unwrap();
    assert!(channel.has_room());
    channel.receive(&of_kind(PAUSE, 0, 0, b"")).unwrap();
    assert!(!channel.has_room());
    channel.receive(&of_kind(START, 0, 0, b"")).unwrap();
    assert!(channel.has_room());
    channel
        .receive(&of_kind(CLOSED, 0, 0, b"{\"Output\":\"bye\"}"))
        .unwrap();
    assert!(!channel.has_room());
    assert_eq!(channel.closed(), Some("bye"));
}

#[test]
fn what_is_not_acknowledged_is_sent_again() {
    let mut channel = ready();
    channel.send(b"a");
    channel.send(b"b");
    assert_eq!(out(&mut channel), ["a", "b"]);
    let mut ticks = Vec::new();
    for tick in 1..=30 {
        assert!(channel.tick(1));
        let sent = out(&mut channel);
        assert!(sent.iter().all(|text| text == "a"), "{sent:?}");
        ticks.extend(sent.iter().map(|_| tick));
    }
    assert_eq!(ticks, [3, 9, 18, 28]);
    // It waited for the other one long enough.
    channel.receive(&acknowledgement(1)).unwrap();
    assert_eq!(out(&mut channel), ["b"]);
    // The other side is not there: nothing is sent, and nobody gives up.
    channel.receive(&of_kind(PAUSE, 0, 0, b"")).unwrap();
    for _ in 0..2 * STALL {
        assert!(channel.tick(1));
    }
    assert_eq!(out(&mut channel), [""; 0]);
    channel.receive(&of_kind(START, 0, 0, b"")).unwrap();
    assert!((0..STALL).any(|_| !channel.tick(1)), "it is no connection");
}

/// The agent had `a` and `b`, and nobody knows.
#[test]
fn acknowledgements_that_were_lost_are_not_waited_for() {
    let mut channel = ready();
    for text in ["a", "b", "c"] {
        channel.send(text.as_bytes());
    }
    channel.receive(&from_agent(2, DATA, b"x")).unwrap();
    out(&mut channel);
    channel.reconnected();
    assert_eq!(out(&mut channel), ["a", "b", "c"]);
    channel.receive(&acknowledgement(3)).unwrap();
    channel.send(b"d");
    channel.send(b"e");
    assert_eq!(out(&mut channel), ["d", "e"]);
    // Of what went on this connection only its own acknowledgement tells.
    channel.receive(&acknowledgement(5)).unwrap();
    channel.reconnected();
    assert_eq!(out(&mut channel), ["d"]);
}

/// An agent that has no connection to its port yet is silent about what it did not take up.
#[test]
fn what_may_have_been_rejected_is_waited_for() {
    let mut channel = ready();
    channel.send(b"a");
    channel.send(b"b");
    channel.reconnected();
    out(&mut channel);
    channel.receive(&acknowledgement(2)).unwrap();
    for _ in 0..AGAIN {
        channel.tick(1);
    }
    assert_eq!(out(&mut channel), ["a"]);
}

#[test]
fn a_window_of_lost_acknowledgements_stops_nobody() {
    let mut channel = ready();
    for _ in 0..WINDOW {
        channel.send(b"x");
    }
    channel.receive(&from_agent(2, DATA, b"x")).unwrap();
    channel.reconnected();
    assert!(channel.has_room());
    channel.send(b"y");
    let last = i64::try_from(WINDOW).unwrap() + 1;
    channel.receive(&acknowledgement(last)).unwrap();
    assert!(channel.unknown.is_empty());
}

#[test]
fn nothing_that_comes_does_harm() {
    for bytes in [&b""[..], b"x", &[0xff; 4096]] {
        let error = ready().receive(bytes).unwrap_err();
        assert!(error.to_string().contains("no message"), "{error}");
    }
    let whole = from_agent(2, DATA, b"x");
    for end in 0..whole.len() {
        assert!(ready().receive(&whole[..end]).is_err());
    }
    for number in [i64::MIN, -1, i64::MAX] {
        let mut channel = ready();
        channel.receive(&from_agent(number, DATA, b"x")).unwrap();
        assert!(channel.inbox.is_empty() && channel.is_all_sent());
        let error = channel.receive(&acknowledgement(number)).unwrap_err();
        assert!(error.to_string().contains("was not sent"), "{error}");
    }
    for payload in [
        "",
        "[]",
        "{}",
        "{\"AcknowledgedMessageSequenceNumber\":0.5}",
    ] {
        let message = of_kind(ACKNOWLEDGE, 0, 0, payload.as_bytes());
        assert!(ready().receive(&message).is_err(), "{payload}");
    }
    // Whoever says more than is heard of is not listened to for ever.
    let mut channel = ready();
    for number in (2..).take(QUEUE_MAX + 1) {
        assert!(!channel.is_full(), "{number}");
        channel.receive(&from_agent(number, DATA, b"x")).unwrap();
    }
    assert!(channel.is_full());
    out(&mut channel);
    assert!(!channel.is_full());
    let mut channel = ready();
    channel.receive(&of_kind("dance", 0, 0, b"")).unwrap();
    channel.receive(&from_agent(2, FLAG, b"x")).unwrap();
    assert_eq!(channel.closed(), None);
    let no_port = from_agent(3, FLAG, &NO_PORT.to_be_bytes());
    channel.receive(&no_port).unwrap();
    assert!(channel.closed().unwrap().contains("port 22"));
}

#[test]
fn a_handshake_that_cannot_be_is_said() {
    let asked = br#"{"RequestedClientActions":[{"ActionType":"KMSEncryption"}]}"#;
    let request = from_agent(0, HANDSHAKE_REQUEST, asked);
    let error = Channel::default().receive(&request).unwrap_err();
    assert!(error.to_string().contains("a key of KMS"), "{error}");
}
