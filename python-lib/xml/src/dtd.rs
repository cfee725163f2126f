//! What a document type has declared.

use crate::error::ErrorKind;
use crate::event::Entity;
use std::collections::HashMap;
use std::rc::Rc;

/// What has been declared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dtd {
    /// There was a document type.
    pub(crate) seen: bool,
    /// The document says that what has not been read does not matter.
    pub(crate) standalone: bool,
    /// There are parameter entities or an external subset: declarations may stand there.
    pub(crate) elsewhere: bool,
    /// Behind a reference that was skipped declarations count for nothing.
    pub(crate) skipping: bool,
    /// Somebody was asked about the encoding.
    pub(crate) asked_encoding: bool,
    entities: HashMap<String, KnownEntity>,
    parameters: HashMap<String, KnownEntity>,
    attributes: HashMap<String, ElementAttributes>,
}

/// An entity.
#[derive(Clone, Debug)]
pub(crate) struct KnownEntity {
    pub(crate) declared: Entity,
    pub(crate) text: Option<Rc<str>>,
    /// It is being read.
    pub(crate) open: bool,
    /// It was declared in the text of a parameter entity.
    pub(crate) inside: bool,
}

/// The attributes of an element.
#[derive(Clone, Debug, Default)]
struct ElementAttributes {
    /// Of each, whether its value is a list of words.
    lists: HashMap<String, bool>,
    /// Names and values of those that have one without being written, in the order of their declarations.
    defaults: Vec<(String, String)>,
}

impl Dtd {
    /// What a general entity is. None if it may be declared in what has not been read.
    pub(crate) fn entity(&mut self, name: &str) -> Result<Option<&mut KnownEntity>, ErrorKind> {
        let elsewhere = self.elsewhere && !self.standalone;
        match self.entities.get_mut(name) {
            Some(known) if known.inside && !elsewhere => Err(ErrorKind::EntityDeclaredInParameterEntity),
            Some(known) => Ok(Some(known)),
            None if elsewhere => Ok(None),
            None => Err(ErrorKind::UndefinedEntity),
        }
    }

    pub(crate) fn close(&mut self, name: &str) {
        if let Some(known) = self.entities.get_mut(name) {
            known.open = false;
        }
    }

    /// A parameter entity, if it has been declared.
    pub(crate) fn parameter(&mut self, name: &str) -> Option<&mut KnownEntity> {
        self.parameters.get_mut(name)
    }

    pub(crate) fn close_parameter(&mut self, name: &str) {
        if let Some(known) = self.parameters.get_mut(name) {
            known.open = false;
        }
    }

    /// Adds an entity, and says whether it is new: the first declaration is the one that counts.
    pub(crate) fn declare(&mut self, entity: &Entity, inside: bool) -> bool {
        let known = if entity.parameter { &mut self.parameters } else { &mut self.entities };
        let new = !known.contains_key(&entity.name);
        if new {
            let text = entity.value.as_deref().map(Rc::from);
            known.insert(entity.name.clone(), KnownEntity { declared: entity.clone(), text, open: false, inside });
        }
        new
    }

    /// Adds an attribute, unless it has been declared.
    pub(crate) fn declare_attribute(&mut self, element: &str, attribute: &str, list: bool, default: Option<&String>) {
        let known = self.attributes.entry(element.to_owned()).or_default();
        if known.lists.contains_key(attribute) {
            return;
        }
        known.lists.insert(attribute.to_owned(), list);
        known.defaults.extend(default.map(|value| (attribute.to_owned(), value.clone())));
    }

    /// Is an attribute's value a list of words?
    pub(crate) fn is_list(&self, element: &str, attribute: &str) -> bool {
        self.attributes.get(element).and_then(|known| known.lists.get(attribute)).is_some_and(|list| *list)
    }

    /// The values of an element's attributes that have one without being written.
    pub(crate) fn defaults(&self, element: &str) -> &[(String, String)] {
        self.attributes.get(element).map_or(&[], |known| &known.defaults)
    }
}
