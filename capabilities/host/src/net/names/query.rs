//! A query to name servers, and what their answers say.

use super::Families;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How many names a name may lead to before it leads to addresses.
const MOST_ALIASES: usize = 16;

/// A query for the addresses of one kind of a name.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) id: u16,
    v6: bool,
    name: String,
}

/// What is known in the end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Answered {
    /// These, perhaps none.
    Addresses(Vec<IpAddr>),
    NoSuchName,
}

/// What one packet says.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Said {
    /// It answers another query, or none: somebody else may have sent it.
    Nothing,
    /// It was too long: ask by TCP.
    TooLong,
    /// The server cannot say.
    Failed,
    /// An answer.
    Answer(Answered),
}

/// One query for each family, with numbers that nobody else knows.
pub(super) fn queries(name: &str, families: Families, mut number: impl FnMut() -> Option<u16>) -> Option<Vec<Query>> {
    let kinds = [(families.v4, false), (families.v6, true)];
    let wanted = kinds.into_iter().filter(|(wanted, _)| *wanted);
    wanted.map(|(_, v6)| Some(Query { id: number()?, v6, name: name.to_owned() })).collect()
}

impl Query {
    fn kind(&self) -> TYPE {
        if self.v6 { TYPE::AAAA } else { TYPE::A }
    }

    /// Its packet.
    pub(super) fn packet(&self) -> Option<Vec<u8>> {
        let mut packet = Packet::new_query(self.id);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        let name = Name::new(&self.name).ok()?;
        packet.questions.push(Question::new(name, QTYPE::TYPE(self.kind()), QCLASS::CLASS(CLASS::IN), false));
        packet.build_bytes_vec().ok()
    }

    /// What a packet says to it.
    pub(super) fn read(&self, bytes: &[u8]) -> Said {
        let Ok(packet) = Packet::parse(bytes) else { return Said::Nothing };
        let asked = |question: &Question<'_>| {
            text(&question.qname) == self.name
                && question.qtype == QTYPE::TYPE(self.kind())
                && question.qclass == QCLASS::CLASS(CLASS::IN)
        };
        let ours = packet.id() == self.id && packet.has_flags(PacketFlag::RESPONSE);
        if !ours || packet.questions.len() != 1 || !packet.questions.iter().all(asked) {
            return Said::Nothing;
        }
        if packet.has_flags(PacketFlag::TRUNCATION) {
            return Said::TooLong;
        }
        match packet.rcode() {
            RCODE::NoError => Said::Answer(Answered::Addresses(self.addresses(&packet))),
            RCODE::NameError => Said::Answer(Answered::NoSuchName),
            _ => Said::Failed,
        }
    }

    /// The addresses of the name, or of what it is another name for.
    fn addresses(&self, packet: &Packet<'_>) -> Vec<IpAddr> {
        let mut name = self.name.clone();
        for _ in 0..MOST_ALIASES {
            let own = || packet.answers.iter().filter(|record| record.class == CLASS::IN && text(&record.name) == name);
            let address = |record: &RData<'_>| match record {
                RData::A(one) if !self.v6 => Some(Ipv4Addr::from_bits(one.address).into()),
                RData::AAAA(one) if self.v6 => Some(Ipv6Addr::from_bits(one.address).into()),
                _ => None,
            };
            let found: Vec<IpAddr> = own().filter_map(|record| address(&record.rdata)).collect();
            let alias = own().find_map(|record| match &record.rdata {
                RData::CNAME(target) => Some(text(&target.0)),
                _ => None,
            });
            match alias {
                Some(target) if found.is_empty() => name = target,
                _ => return found,
            }
        }
        Vec::new()
    }
}

/// A name as we write it.
fn text(name: &Name<'_>) -> String {
    name.to_string().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::{A, AAAA, CNAME};

    fn query() -> Query {
        Query { id: 7, v6: false, name: "a.example".into() }
    }

    fn answer(change: impl FnOnce(&mut Packet<'_>)) -> Vec<u8> {
        let bytes = query().packet().unwrap();
        let mut packet = Packet::parse(&bytes).unwrap().into_reply();
        change(&mut packet);
        packet.build_bytes_vec().unwrap()
    }

    fn record(name: &'static str, data: RData<'static>) -> ResourceRecord<'static> {
        ResourceRecord::new(Name::new(name).unwrap(), CLASS::IN, 60, data)
    }

    fn v4(text: &str) -> RData<'static> {
        RData::A(A { address: text.parse::<Ipv4Addr>().unwrap().to_bits() })
    }

    #[test]
    fn addresses_of_the_name_and_of_what_it_stands_for() {
        let said = |change: &dyn Fn(&mut Packet<'_>)| query().read(&answer(|packet| change(packet)));
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let addresses = |list: &[&str]| Said::Answer(Answered::Addresses(list.iter().map(|one| ip(one)).collect()));
        assert_eq!(said(&|_| {}), addresses(&[]));
        let several = |packet: &mut Packet<'_>| {
            packet.answers.push(record("A.Example", v4("1.1.1.1")));
            packet.answers.push(record("b.example", v4("9.9.9.9")));
            packet.answers.push(record("a.example", RData::AAAA(AAAA { address: 1 })));
            packet.answers.push(record("a.example", v4("1.1.1.2")));
        };
        assert_eq!(said(&several), addresses(&["1.1.1.1", "1.1.1.2"]));
        let alias = |packet: &mut Packet<'_>| {
            packet.answers.push(record("c.example", v4("1.1.1.3")));
            packet.answers.push(record("b.example", RData::CNAME(CNAME(Name::new("c.example").unwrap()))));
            packet.answers.push(record("a.example", RData::CNAME(CNAME(Name::new("b.example").unwrap()))));
        };
        assert_eq!(said(&alias), addresses(&["1.1.1.3"]));
        let circle = |packet: &mut Packet<'_>| {
            packet.answers.push(record("a.example", RData::CNAME(CNAME(Name::new("a.example").unwrap()))));
        };
        assert_eq!(said(&circle), addresses(&[]));
        assert_eq!(said(&|packet| *packet.rcode_mut() = RCODE::NameError), Said::Answer(Answered::NoSuchName));
        assert_eq!(said(&|packet| *packet.rcode_mut() = RCODE::ServerFailure), Said::Failed);
        assert_eq!(said(&|packet| packet.set_flags(PacketFlag::TRUNCATION)), Said::TooLong);
    }

    #[test]
    fn what_answers_another_question_says_nothing() {
        let said = |change: &dyn Fn(&mut Packet<'_>)| query().read(&answer(|packet| change(packet)));
        assert_eq!(said(&|packet| packet.set_id(8)), Said::Nothing);
        assert_eq!(said(&|packet| packet.questions.clear()), Said::Nothing);
        assert_eq!(said(&|packet| packet.questions[0].qname = Name::new("b.example").unwrap()), Said::Nothing);
        assert_eq!(said(&|packet| packet.questions[0].qtype = QTYPE::TYPE(TYPE::AAAA)), Said::Nothing);
        assert_eq!(query().read(&query().packet().unwrap()), Said::Nothing, "a question is no answer");
        let whole = answer(|packet| packet.answers.push(record("a.example", v4("1.1.1.1"))));
        for length in 0..whole.len() {
            assert_eq!(query().read(&whole[..length]), Said::Nothing, "{length}");
        }
        for at in 0..whole.len() {
            let mut wrong = whole.clone();
            wrong[at] ^= 0xff;
            query().read(&wrong);
        }
    }
}
