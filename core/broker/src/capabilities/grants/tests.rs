use super::limits::{BOUND_BYTES, MOST_GRANTS};
use super::*;
use cloison_contract::expression::Expression;
use cloison_contract::grant::{Bound, Quota};
use cloison_transport::account::Account;
use cloison_transport::counting::Denial;

fn root(table: &mut GrantTable) -> GrantKey {
    let key = table.mint("zlib", Grant::new([FunctionId(0), FunctionId(1)]), None, [1; 16]);
    table.held(key);
    key
}

fn narrow(table: &mut GrantTable, from: GrantKey, calls: u64, minter: ProcessNumber) -> GrantKey {
    let by = Narrowing { quota: Quota { calls: Some(calls), ..Quota::default() }, ..Narrowing::default() };
    let key = table.narrow(from, by, None, false, minter, [2; 16]).unwrap();
    table.held(key);
    key
}

#[test]
fn what_is_left_is_what_every_step_leaves() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let some = narrow(&mut table, root, 10, 1);
    let by = Narrowing { functions: Some([FunctionId(1)].into()), ..Narrowing::default() };
    let one = table.narrow(some, by, None, false, 3, [3; 16]).unwrap();
    let left = table.effective(one);
    assert_eq!((left.functions.len(), left.quota.calls), (1, Some(10)));
    assert!(left.is_within(&table.effective(some)) && left.is_within(&table.effective(root)));
    assert_eq!(table.name(one), "zlib");
    let counted: Vec<_> = table.accounts(one).unwrap().1.iter().map(|(quota, _)| quota.calls).collect();
    assert_eq!(counted, [None, Some(10)]);
}

#[test]
fn revoking_reaches_all_that_comes_of_it_and_nothing_else() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let (one, other) = (narrow(&mut table, root, 1, 1), narrow(&mut table, root, 2, 1));
    let below = narrow(&mut table, one, 1, 4);
    assert!(table.may_revoke(below, 1) && table.may_revoke(below, 4));
    assert!(!table.may_revoke(one, 4) && !table.may_revoke(root, 1));
    assert!(table.end(one, GrantEnd::Revoked) && !table.end(one, GrantEnd::Revoked));
    assert_eq!([root, one, other, below].map(|key| table.end_of(key).is_some()), [false, true, false, true]);
}

/// What has come of one is known without a look at it: as many as the entries say one by one, after every change.
#[test]
fn how_many_come_of_one_is_counted_as_they_come_and_go() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let mut keys = vec![root];
    for index in 0..200 {
        keys.push(narrow(&mut table, keys[index * 7 % keys.len() * 2 / 3], 1, 1));
    }
    let mut order: Vec<_> = keys.iter().copied().skip(1).collect();
    order.sort_by_key(|key| table.get(*key).map(|entry| entry.reference.number * 37 % 101));
    for gone in std::iter::once(None).chain(order.into_iter().map(Some)) {
        gone.into_iter().for_each(|key| table.let_go(key, Some(1)));
        for key in &keys {
            let comes =
                |one: GrantKey| std::iter::successors(table.parent(one), |up| table.parent(*up)).any(|up| up == *key);
            let one_by_one = table.iter().filter(|(one, _)| comes(*one)).count() as u64;
            assert_eq!(table.derived(*key), one_by_one);
        }
    }
    assert_eq!(table.iter().count(), 1);
}

/// What a program says of itself is bounded, harmless, and stands once however often it is said.
#[test]
fn lines_of_programs_are_bounded_and_shared() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let line = |table: &mut GrantTable, at: &str| {
        let key = narrow(table, root, 1, 1);
        table.is_said_at(key, at);
        (
            key,
            match table.get(key).unwrap().narrower() {
                Some(Narrower::Line(line)) => Some(line.clone()),
                Some(Narrower::Profile(_)) | None => None,
            },
        )
    };
    let (one, first) = line(&mut table, "app.py:3");
    let (other, second) = line(&mut table, "app.py:3");
    assert!(Rc::ptr_eq(&first.clone().unwrap(), &second.unwrap()) && &*first.unwrap() == "app.py:3");
    assert_eq!([one, other].map(|key| table.get(key).unwrap().bound_bytes), [8, 0]);
    assert_eq!(line(&mut table, "a\u{202e}\n:1").1.as_deref(), Some("a\\u{202e}\\u{a}:1"));
    assert_eq!((line(&mut table, "").1, line(&mut table, &"x".repeat(257)).1), (None, None));
    let known = (0..1000).filter(|index| line(&mut table, &format!("app.py:{index}")).1.is_some()).count();
    assert_eq!(known, 255, "256 with the odd one, of which one was there");
    assert!(line(&mut table, "app.py:3").1.is_some());
    // Those of a process that has made nothing any more are gone.
    let keys: Vec<_> = table.iter().map(|(key, _)| key).filter(|key| *key != root).collect();
    keys.into_iter().for_each(|key| table.let_go(key, Some(1)));
    assert!(table.minted.is_empty() && table.bound_bytes == 0);
}

#[test]
fn who_has_no_token_finds_nothing() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let reference = table.get(root).unwrap().reference;
    assert_eq!(table.find(reference), Some(root));
    assert_eq!(table.find(CapabilityRef { token: [9; 16], ..reference }), None);
    assert_eq!(table.find(CapabilityRef { number: 2, ..reference }), None);
}

#[test]
fn what_nobody_holds_goes_with_all_that_it_came_from() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let one = narrow(&mut table, root, 1, 1);
    let below = narrow(&mut table, one, 1, 1);
    table.let_go(one, Some(1));
    assert!(table.get(one).is_some(), "something comes from it");
    table.let_go(below, Some(1));
    assert!(table.get(one).is_none() && table.get(below).is_none());
    table.let_go(root, None);
    assert!(table.get(root).is_some(), "what cloison.toml grants stays");
    assert!(table.minted.is_empty() && table.numbers.len() == 1);
    assert_eq!(table.end_of(one), Some(GrantEnd::Revoked));
}

#[test]
fn there_are_limits() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let mut last = root;
    for _ in 0..MOST_STEPS {
        last = narrow(&mut table, last, 1, 1);
    }
    assert_eq!(table.narrow(last, Narrowing::default(), None, false, 1, [0; 16]), Err(TooMany::Steps));
    for _ in 0..MOST_GRANTS {
        narrow(&mut table, root, 1, 2);
    }
    assert_eq!(table.narrow(root, Narrowing::default(), None, false, 2, [0; 16]), Err(TooMany::Grants));
    // That is that process's affair alone.
    narrow(&mut table, root, 1, 3);
}

/// A profile is one more narrowing: its spawner may take it back, the process that has it may not, nor give it on.
#[test]
fn what_a_profile_has_narrowed_is_its_spawners() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let spawners = narrow(&mut table, root, 10, 1);
    let quota = Quota { calls: Some(100), ..Quota::default() };
    let by = Narrowing { personal: true, quota, ..Narrowing::default() };
    let key = table.narrow(spawners, by.clone(), None, false, 2, [4; 16]).unwrap();
    table.is_by_profile(key, "worker");
    table.held(key);
    let narrower = table.get(key).unwrap().narrower();
    assert!(matches!(narrower, Some(Narrower::Profile(profile)) if &**profile == "worker"), "{narrower:?}");
    assert_eq!((table.narrowing(key), table.narrowing(root)), (Some(&by), None));
    assert_eq!(table.effective(key).quota.calls, Some(10), "no more than its spawner has");
    assert!(table.may_revoke(key, 2) && !table.may_revoke(key, 3));
    table.let_go(key, None);
    assert!(table.get(key).is_none() && !table.minted.contains_key(&2), "it goes with the process");
}

#[test]
fn what_others_alone_hold_does_not_count_for_its_maker() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let key = narrow(&mut table, root, 1, 2);
    table.held(key);
    assert_eq!(table.minted[&2].grants, 1);
    table.let_go(key, Some(2));
    assert!(table.minted.is_empty() && table.get(key).is_some());
    table.let_go(key, Some(7));
    assert!(table.get(key).is_none());
    // What is only there because something comes from it does.
    let (one, _below) = {
        let one = narrow(&mut table, root, 1, 2);
        (one, narrow(&mut table, one, 1, 3))
    };
    table.let_go(one, Some(2));
    assert_eq!(table.minted[&2].grants, 1);
}

#[test]
fn long_bounds_are_bounded_and_given_back() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let bound = cloison_contract::grant::Bound {
        expression: cloison_contract::expression::Expression::Integer(1),
        text: "x".repeat(1000),
    };
    let by = Narrowing { bounds: vec![(FunctionId(0), bound); 64], ..Narrowing::default() };
    let mut made = Vec::new();
    while let Ok(key) = table.narrow(root, by.clone(), None, false, 1, [0; 16]) {
        table.held(key);
        made.push(key);
    }
    assert_eq!(made.len(), 4);
    assert_eq!(table.narrow(root, by.clone(), None, false, 1, [0; 16]), Err(TooMany::Bounds));
    made.iter().for_each(|key| table.let_go(*key, Some(1)));
    assert_eq!((table.bound_bytes, table.minted.len()), (0, 0));
}

#[test]
fn an_account_is_open_while_a_channel_counts_on_it_and_nothing_is_lost() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let key = narrow(&mut table, root, 5, 1);
    for used in 1..=3 {
        let (keys, accounts) = table.accounts(key).unwrap();
        assert_eq!((keys.len(), accounts.len()), (1, 1));
        let zone = Account::open(accounts[0].1).unwrap();
        assert!(zone.take_call(Some(5)));
        assert_eq!((zone.calls(), table.accounts), (used, 1));
        table.channel_gone(&keys);
        assert_eq!((table.get(key).unwrap().used().calls, table.accounts), (used, 0));
    }
}

#[test]
fn an_expired_one_is_not_alive() {
    let mut table = GrantTable::default();
    let root = root(&mut table);
    let key = table.narrow(root, Narrowing::default(), Some(Duration::from_secs(60)), false, 1, [0; 16]).unwrap();
    assert_eq!(table.expire(Instant::now()), None);
    assert!(table.effective(key).expires_ns.is_some());
    assert_eq!(table.expire(Instant::now() + Duration::from_secs(61)), Some(key));
    assert_eq!(table.end_of(key), Some(GrantEnd::Expired));
    assert_eq!(table.next_expiry(), None);
}

fn offer(table: &mut GrantTable, server: ProcessNumber) -> GrantKey {
    let server = ProcessRef { number: server, token: [5; 16] };
    let functions = ["add", "value"].map(|name| OfferedFunction { name: name.into(), parameters: Vec::new() }).into();
    let service = OfferedService { server, name: "Counter".into(), functions };
    let key = table.offer(service, [4; 16]).unwrap();
    table.held(key);
    key
}

#[test]
fn a_service_is_a_root_that_its_process_has_minted() {
    let mut table = GrantTable::default();
    let zlib = root(&mut table);
    let service = offer(&mut table, 3);
    let by = Narrowing { functions: Some([FunctionId(1)].into()), ..Narrowing::default() };
    let narrowed = table.narrow(service, by, None, false, 4, [3; 16]).unwrap();
    table.held(narrowed);
    assert_eq!(table.name(narrowed), "Counter");
    assert!(table.service(zlib).is_none());
    let found = table.service(narrowed).unwrap();
    assert_eq!((found.server.number, found.function("value"), found.function("no")), (3, Some(FunctionId(1)), None));
    assert!(table.allows(service, FunctionId(0)) && !table.allows(service, FunctionId(2)));
    assert!(!table.allows(narrowed, FunctionId(0)) && table.allows(narrowed, FunctionId(1)));
    assert!(table.may_revoke(narrowed, 3) && table.may_revoke(narrowed, 4) && !table.may_revoke(service, 4));
    assert_eq!((table.services_of(3), table.services_of(4)), (vec![service], Vec::new()));
    // No name of a service leads to it: those are what cloison.toml grants.
    assert_eq!(table.root("Counter"), None);
    table.end(service, GrantEnd::ServerGone);
    assert_eq!(table.end_of(narrowed), Some(GrantEnd::ServerGone));
    table.let_go(service, Some(3));
    table.let_go(narrowed, Some(4));
    assert!(table.get(service).is_none() && table.minted.is_empty() && table.offered.is_empty());
    assert_eq!(table.bound_bytes, 0);
}

#[test]
fn calls_of_a_service_are_counted_on_all_that_they_come_from() {
    let mut table = GrantTable::default();
    let service = offer(&mut table, 3);
    let three = narrow(&mut table, service, 3, 3);
    let (one, other) = (narrow(&mut table, three, 2, 4), narrow(&mut table, three, 2, 4));
    let made = [one, one, one, other, other].map(|key| table.count_call(key, 10));
    assert_eq!(made, [Ok(()), Ok(()), Err(Denial::Calls(2)), Ok(()), Err(Denial::Calls(3))]);
    let used = |key| table.get(key).unwrap().used();
    assert_eq!((used(one).calls, used(one).refused, used(one).bytes), (2, 1, 20));
    assert_eq!((used(other).calls, used(other).refused), (1, 1));
    assert_eq!((used(three).calls, used(three).refused, used(service).calls), (3, 0, 0));
    assert_eq!(table.accounts, 0, "they take no descriptor");
    let brief = table.narrow(service, Narrowing::default(), Some(Duration::ZERO), false, 3, [0; 16]).unwrap();
    assert_eq!(table.count_call(brief, 0), Err(Denial::Expired));
}

/// What a bound refuses is given back, on all that it was counted on; what an answer has, and has taken, keeps the next call from being made.
#[test]
fn what_becomes_of_a_call_of_a_service_is_counted_where_the_call_was() {
    let mut table = GrantTable::default();
    let service = offer(&mut table, 3);
    let quota = Quota { calls: Some(2), bytes: Some(100), cpu_ns: Some(1000), ..Quota::default() };
    let few = table.narrow(service, Narrowing { quota, ..Narrowing::default() }, None, false, 3, [2; 16]).unwrap();
    let one = table.narrow(few, Narrowing::default(), None, false, 4, [3; 16]).unwrap();
    let counted = table.counted_on(one);
    assert_eq!(counted, [one, few]);
    let used = |table: &GrantTable, key| table.get(key).unwrap().used();
    for _ in 0..5 {
        assert_eq!(table.count_call(one, 100), Ok(()));
        table.give_call_back(&counted, 100);
    }
    assert_eq!([one, few].map(|key| (used(&table, key).calls, used(&table, key).bytes)), [(0, 0); 2]);
    assert_eq!(table.count_call(one, 60), Ok(()));
    table.add_served(&counted, 50, 10);
    assert_eq!([one, few].map(|key| (used(&table, key).bytes, used(&table, key).cpu_ns)), [(110, 10); 2]);
    assert_eq!(table.count_call(one, 0), Err(Denial::Bytes(100)));
    table.give_call_back(&counted, 60);
    table.add_served(&counted, 0, 990);
    assert_eq!(table.count_call(one, 0), Err(Denial::Cpu(1000)));
    table.add_served(&counted, u64::MAX, u64::MAX);
    assert_eq!((used(&table, few).bytes, used(&table, few).cpu_ns), (u64::MAX, u64::MAX), "and no further");
}

/// A server is told every bound that holds for a function, from the first step on, and each once.
#[test]
fn the_bounds_of_a_function_are_those_of_every_step() {
    let mut table = GrantTable::default();
    let service = offer(&mut table, 3);
    let bound = |text: &str| Bound { expression: Expression::Integer(1), text: text.to_owned() };
    let by = |bounds: &[(u32, &str)]| Narrowing {
        bounds: bounds.iter().map(|(function, text)| (FunctionId(*function), bound(text))).collect(),
        ..Narrowing::default()
    };
    let one = table.narrow(service, by(&[(0, "a"), (1, "b")]), None, false, 3, [2; 16]).unwrap();
    let two = table.narrow(one, by(&[(0, "c"), (0, "a")]), None, false, 3, [3; 16]).unwrap();
    let texts = |key, function| {
        table.bounds_of(key, FunctionId(function)).into_iter().map(|bound| bound.text).collect::<Vec<_>>()
    };
    assert_eq!((texts(two, 0), texts(two, 1)), (vec!["a".into(), "c".into()], vec!["b".into()]));
    assert!(texts(service, 0).is_empty());
}

#[test]
fn a_process_offers_so_many_services() {
    let mut table = GrantTable::default();
    let keys: Vec<_> = (0..MOST_SERVICES).map(|_| offer(&mut table, 3)).collect();
    let server = ProcessRef { number: 3, token: [5; 16] };
    let more = OfferedService { server, name: "Counter".into(), functions: Vec::new() };
    assert_eq!(table.offer(more.clone(), [0; 16]), Err(TooMany::Services));
    // What others alone hold is one of its services still.
    table.held(keys[0]);
    table.let_go(keys[0], Some(3));
    assert_eq!(table.minted[&3].grants as usize, MOST_SERVICES - 1);
    assert_eq!(table.offer(more.clone(), [0; 16]), Err(TooMany::Services));
    table.let_go(keys[0], Some(4));
    assert!(table.offer(more.clone(), [0; 16]).is_ok());
    // One that is taken back has no place among them, though its server holds it.
    table.end(keys[1], GrantEnd::Revoked);
    assert!(table.get(keys[1]).is_some() && table.offer(more.clone(), [0; 16]).is_ok());
    assert_eq!(table.offer(more, [0; 16]), Err(TooMany::Services));
    let function = OfferedFunction { name: "x".repeat(64), parameters: Vec::new() };
    let long = OfferedService { server, name: "Long".into(), functions: vec![function; 256] };
    let long = OfferedService { server: ProcessRef { number: 5, ..server }, ..long };
    let offered = (0..MOST_SERVICES).take_while(|_| table.offer(long.clone(), [0; 16]).is_ok()).count();
    assert_eq!(offered as u64, BOUND_BYTES / (64 * 256));
    assert_eq!(table.offer(long, [0; 16]), Err(TooMany::Bounds));
}
