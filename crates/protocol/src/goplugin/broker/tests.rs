use proptest::prelude::*;

use super::{ConnInfo, Exchange, ExchangeError, Found, MAX_IN_USE, MAX_UNCLAIMED, Message, Network, Step};

fn listening(id: u32, network: &str) -> Message {
    Message::Listening { id, network: network.to_owned(), address: "/tmp/b".to_owned() }
}

fn at(network: Network) -> Found {
    Found::At(network, "/tmp/b".to_owned())
}

#[test]
fn ids_begin_at_one_and_never_become_zero() {
    let mut exchange = Exchange::new(false);
    assert_eq!([exchange.next_id(), exchange.next_id()], [1, 2]);
    exchange.last_id = u32::MAX;
    assert_eq!(exchange.next_id(), 1);
}

#[test]
fn an_address_is_found_whether_it_comes_before_or_after_the_dial_and_counts_once() {
    let mut exchange = Exchange::new(false);
    assert_eq!(exchange.receive(listening(7, "unix")), Step::Kept);
    assert_eq!(exchange.dial(7), Ok(Some(Ok(at(Network::Unix)))));
    assert_eq!(exchange.dial(7), Err(ExchangeError::DialedTwice { id: 7 }));
    exchange.forget_dialed(7);
    assert_eq!(exchange.dial(7), Ok(None));
    assert_eq!(exchange.receive(listening(7, "tcp")), Step::Dialed(7, Ok(at(Network::Tcp))));
}

#[test]
fn an_unknown_network_is_the_dialers_error() {
    let mut exchange = Exchange::new(false);
    exchange.receive(listening(1, "carrier pigeon"));
    let error = exchange.dial(1).unwrap().unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the other end listens for broker id 1 on network \"carrier pigeon\", expected unix or tcp"
    );
}

#[test]
fn a_knock_is_let_in_by_an_accepted_id_alone() {
    let mut exchange = Exchange::new(true);
    exchange.accept(3).unwrap();
    assert_eq!(exchange.receive(Message::Knock { id: 3 }), Step::Admit(3));
    // Every dial of an id knocks again.
    assert_eq!(exchange.receive(Message::Knock { id: 3 }), Step::Admit(3));
    exchange.forget_accepted(3);
    assert_eq!(exchange.receive(Message::Knock { id: 3 }), Step::Knocking(3));
    let Some(Step::Refuse(3, why)) = exchange.tired_of(3) else { panic!() };
    assert_eq!(why, "nobody accepts broker id 3 at this end");
    assert_eq!(exchange.tired_of(3), None);
}

#[test]
fn a_knock_that_comes_too_early_waits_for_the_accept() {
    let mut exchange = Exchange::new(true);
    assert_eq!(exchange.receive(Message::Knock { id: 3 }), Step::Knocking(3));
    assert_eq!(exchange.accept(3), Ok(Some(Step::Admit(3))));
    assert_eq!(exchange.tired_of(3), None);
    assert_eq!(exchange.accept(3), Err(ExchangeError::AcceptedTwice { id: 3 }));
}

#[test]
fn answers_reach_who_dials_and_late_ones_nobody() {
    let mut exchange = Exchange::new(true);
    let answer = |refused: Option<&str>| Message::Answer { id: 4, refused: refused.map(str::to_owned) };
    assert_eq!(exchange.receive(answer(None)), Step::Kept);
    exchange.dial(4).unwrap();
    assert_eq!(exchange.receive(answer(None)), Step::Dialed(4, Ok(Found::NextStream)));
    let Step::Dialed(4, Err(error)) = exchange.receive(answer(Some("not today"))) else { panic!() };
    assert_eq!(error.to_string(), "the other end refused broker id 4: not today");
}

#[test]
fn an_end_that_multiplexes_and_one_that_does_not_tell_each_other() {
    let mut plain = Exchange::new(false);
    let Step::Refuse(1, why) = plain.receive(Message::Knock { id: 1 }) else { panic!() };
    assert!(why.contains("does not multiplex"), "{why}");
    plain.dial(2).unwrap();
    let answered = plain.receive(Message::Answer { id: 2, refused: None });
    assert!(matches!(answered, Step::Dialed(2, Err(ExchangeError::Mixed { .. }))), "{answered:?}");
    let mut multiplexed = Exchange::new(true);
    multiplexed.dial(2).unwrap();
    let Step::Dialed(2, Err(error)) = multiplexed.receive(listening(2, "unix")) else { panic!() };
    assert!(error.to_string().contains("an address, expected the answer to a knock"), "{error}");
}

#[test]
fn ten_thousand_ids_are_bounded() {
    let mut exchange = Exchange::new(false);
    for id in 0..10_000 {
        assert_eq!(exchange.receive(listening(id, "unix")), Step::Kept);
    }
    assert_eq!(exchange.addresses.len(), MAX_UNCLAIMED);
    assert_eq!(exchange.dial(0), Ok(None), "the oldest went first");
    assert!(exchange.dial(9_999).unwrap().is_some());

    let mut exchange = Exchange::new(true);
    let refused = (0..10_000)
        .filter(|id| matches!(exchange.receive(Message::Knock { id: *id }), Step::Refuse(..)))
        .count();
    assert_eq!((exchange.knocks.len(), refused), (MAX_UNCLAIMED, 10_000 - MAX_UNCLAIMED));
    let accepted = (0..10_000).filter(|id| exchange.accept(*id).is_ok()).count();
    let dialed = (0..10_000).filter(|id| exchange.dial(*id).is_ok()).count();
    assert_eq!((accepted, dialed), (MAX_IN_USE, MAX_IN_USE));
    assert!(exchange.accept(20_000).unwrap_err().to_string().contains("256 broker ids are in use"));
}

#[test]
fn long_texts_are_cut_at_a_character() {
    let info = ConnInfo { service_id: 1, network: "ü".repeat(10_000), ..ConnInfo::default() };
    let Message::Listening { network, .. } = info.into() else { panic!() };
    assert!(network.len() <= 4096 && network.ends_with('ü'));
}

fn message() -> impl Strategy<Value = Message> {
    let id = 0_u32..50;
    prop_oneof![
        (id.clone(), "unix|tcp|udp|", "[a-z/]{0,20}").prop_map(|(id, network, address)| Message::Listening {
            id,
            network,
            address
        }),
        id.clone().prop_map(|id| Message::Knock { id }),
        (id, proptest::option::of("[a-z]{1,20}")).prop_map(|(id, refused)| Message::Answer { id, refused }),
    ]
}

proptest! {
    #[test]
    fn messages_survive_the_wire(message in message()) {
        prop_assert_eq!(Message::from(ConnInfo::from(message.clone())), message);
    }

    /// Whatever comes in whatever order: an end that does not multiplex admits nobody, only ids that are dialed get
    /// answers, and only ids that are accepted get streams.
    #[test]
    fn any_order_of_messages_keeps_the_rules(
        multiplexed in any::<bool>(),
        steps in proptest::collection::vec((message(), any::<bool>(), any::<bool>(), 0_u32..50), 0..200),
    ) {
        let mut exchange = Exchange::new(multiplexed);
        for (message, accept, dial, id) in steps {
            if accept { let _ = exchange.accept(id); }
            if dial { let _ = exchange.dial(id); }
            match exchange.receive(message) {
                Step::Admit(id) => prop_assert!(multiplexed && exchange.accepted.contains(&id)),
                Step::Dialed(id, found) => {
                    prop_assert!(exchange.dialed.contains(&id));
                    prop_assert!(found != Ok(Found::NextStream) || multiplexed);
                    exchange.forget_dialed(id);
                }
                Step::Knocking(id) => prop_assert!(!exchange.accepted.contains(&id)),
                Step::Kept | Step::Refuse(..) => {}
            }
        }
    }
}
