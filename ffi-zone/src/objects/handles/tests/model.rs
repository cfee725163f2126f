//! The table does what a simple model does, whatever happens in it.

use super::*;

/// What a model says about each word: its client, type, address, and owner.
type Model = HashMap<u64, (ChannelId, TypeId, u64, Option<u64>)>;

#[derive(Clone, Debug)]
enum Action {
    Adopt { client: bool, child: bool, address: u64, owner: usize },
    Close { client: bool, word: usize },
    Resolve { client: bool, child: bool, word: usize },
    Leave { client: bool },
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let one = prop_oneof![
        5 => (any::<bool>(), any::<bool>(), 1_u64..12, 0_usize..16)
            .prop_map(|(client, child, address, owner)| Action::Adopt { client, child, address, owner }),
        3 => (any::<bool>(), 0_usize..40).prop_map(|(client, word)| Action::Close { client, word }),
        3 => (any::<bool>(), any::<bool>(), 0_usize..40)
            .prop_map(|(client, child, word)| Action::Resolve { client, child, word }),
        1 => any::<bool>().prop_map(|client| Action::Leave { client }),
    ];
    proptest::collection::vec(one, 1..80)
}

/// Takes a word and all that it owns out of the model; what must be freed.
fn end(model: &mut Model, word: u64) -> Vec<(u32, u64)> {
    let children: Vec<u64> = model.iter().filter(|(_, entry)| entry.3 == Some(word)).map(|(child, _)| *child).collect();
    let mut freed: Vec<_> = children.into_iter().flat_map(|child| end(model, child)).collect();
    let (_, id, address, _) = model.remove(&word).expect("known");
    freed.push((10 + id.0, address));
    freed
}

proptest! {
    #[test]
    fn behaves_as_a_simple_model_does(actions in actions()) {
        let handles = handles();
        let (mut model, mut words) = (Model::new(), vec![0_u64]);
        let who = |client: bool| if client { ONE } else { OTHER };
        let what = |child: bool| if child { CHILD } else { PARENT };
        let sorted = |mut list: Vec<(u32, u64)>| { list.sort_unstable(); list };
        for action in actions {
            match action {
                Action::Adopt { client, child, address, owner } => {
                    // Each client has addresses of its own: that others own the same is another test.
                    let (client, id, address) = (who(client), what(child), address + 100 * u64::from(client));
                    let held = model.iter().find(|(_, entry)| (entry.0, entry.1, entry.2) == (client, id, address));
                    let owner = words.get(owner).copied();
                    let live = model.values().filter(|entry| (entry.0, entry.1) == (client, id)).count();
                    match (held, handles.adopt(client, id, address, owner, false)) {
                        (Some((word, _)), adopted) => {
                            prop_assert_eq!(adopted, Ok(Adopted { word: *word, fresh: false }));
                        }
                        (None, Err(error)) => {
                            prop_assert!(error == HandleError::TooMany && live == MOST as usize);
                        }
                        (None, Ok(Adopted { word, fresh })) => {
                            prop_assert!(fresh && live < MOST as usize && !words.contains(&word) && word != 0);
                            let owner = owner.filter(|owner| model.get(owner).is_some_and(|entry| entry.0 == client));
                            model.insert(word, (client, id, address, owner));
                            words.push(word);
                        }
                    }
                }
                Action::Close { client, word } => {
                    let Some(word) = words.get(word).copied() else { continue };
                    let known = model.get(&word).is_some_and(|entry| entry.0 == who(client));
                    let ended = handles.close(who(client), word);
                    prop_assert_eq!(ended.is_ok(), known);
                    if let Ok(ended) = ended {
                        prop_assert_eq!(sorted(freed(&ended)), sorted(end(&mut model, word)));
                    }
                }
                Action::Resolve { client, child, word } => {
                    let Some(word) = words.get(word).copied() else { continue };
                    let expected = match model.get(&word) {
                        Some(entry) if entry.0 != who(client) => Err(HandleError::Stale),
                        Some(entry) if entry.1 != what(child) => Err(HandleError::Wrong),
                        Some(entry) => Ok(entry.2),
                        None => Err(HandleError::Stale),
                    };
                    prop_assert_eq!(handles.resolve(who(client), word, what(child)), expected);
                }
                Action::Leave { client } => {
                    let own: Vec<u64> = model.iter().filter(|(_, e)| e.0 == who(client)).map(|(word, _)| *word).collect();
                    let expected = own.into_iter().filter_map(|word| model.remove(&word));
                    let expected = expected.map(|(_, id, address, _)| (10 + id.0, address)).collect();
                    prop_assert_eq!(sorted(freed(&handles.close_all(who(client)))), sorted(expected));
                }
            }
        }
    }
}
