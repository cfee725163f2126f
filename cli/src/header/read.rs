//! From the syntax tree to a [`Header`].

use super::evaluate::{self, ConstantValue, KnownConstants};
use super::parse::Parsed;
use super::preprocess::{Unit, UnitPart};
use super::types::{HeaderFunction, HeaderParameter, HeaderRecord, HeaderType};
use super::{Declaring, Header};
use lang_c::ast::{
    ArraySize, Declaration, DeclarationSpecifier, Declarator, DeclaratorKind, DerivedDeclarator, Ellipsis, EnumType,
    ExternalDeclaration, ParameterDeclaration, PointerQualifier, SpecifierQualifier, StorageClassSpecifier,
    StructDeclaration, StructKind, StructType, TypeQualifier, TypeSpecifier,
};
use lang_c::span::{Node, Span};
use std::collections::BTreeSet;

/// The order in which the words of a number are written.
const RANK: [&str; 11] =
    ["signed", "unsigned", "short", "long", "char", "int", "float", "double", "_Bool", "_Complex", "void"];

struct Reader<'u> {
    text: &'u str,
    header: Header,
    known: KnownConstants,
    /// The names of the functions that the header has so far.
    names: BTreeSet<String>,
}

/// Everything that the tree declares; functions and constants of the header alone.
pub fn header(unit: &Unit, parsed: &Parsed) -> Header {
    let mut reader =
        Reader { text: &parsed.text, header: Header::default(), known: KnownConstants::new(), names: BTreeSet::new() };
    reader.header.unread.clone_from(&parsed.unread);
    for external in &parsed.tree.0 {
        let part = unit.part(external.span.start);
        let own = part.is_some_and(|part| part.own);
        match &external.node {
            ExternalDeclaration::Declaration(declaration) => {
                let functions = reader.declaration(&declaration.node, own);
                part.into_iter().for_each(|part| reader.declaring(part, functions));
            }
            ExternalDeclaration::FunctionDefinition(definition) if own => {
                reader.header.inline.extend(name(&definition.node.declarator.node));
            }
            _ => {}
        }
    }
    reader.macros(unit);
    reader.opaque();
    reader.header
}

impl Reader<'_> {
    /// Notes what is declared, and says how many functions that is.
    fn declaration(&mut self, declaration: &Declaration, own: bool) -> usize {
        let mut functions = 0;
        let mut typedef = false;
        let mut hidden = false;
        for specifier in &declaration.specifiers {
            if let DeclarationSpecifier::StorageClass(class) = &specifier.node {
                typedef |= class.node == StorageClassSpecifier::Typedef;
                hidden |= class.node == StorageClassSpecifier::Static;
            }
        }
        let specifiers = declaration.specifiers.iter().filter_map(|specifier| match &specifier.node {
            DeclarationSpecifier::TypeSpecifier(one) => Some(Piece::Specifier(one)),
            DeclarationSpecifier::TypeQualifier(one) => Some(Piece::Qualifier(one)),
            _ => None,
        });
        let (base, constant) = self.base(specifiers.collect(), own);
        for declarator in &declaration.declarators {
            let Some(name) = name(&declarator.node.declarator.node) else { continue };
            let (c_type, _) = self.derive(&declarator.node.declarator.node, base.clone(), constant);
            if typedef {
                self.typedef(name, c_type);
            } else if let HeaderType::Function { returns, parameters, variadic } = c_type {
                functions += usize::from(!hidden);
                if !own {
                    continue;
                }
                if hidden {
                    self.header.inline.push(name);
                } else if self.names.insert(name.clone()) {
                    self.header.functions.push(HeaderFunction {
                        name,
                        returns: *returns,
                        parameters,
                        variadic,
                        wanted: true,
                    });
                }
            }
        }
        functions
    }

    /// Notes that so many functions are declared in that file.
    fn declaring(&mut self, part: &UnitPart, functions: usize) {
        let files = &mut self.header.files;
        match files.iter_mut().find(|known| known.path == part.file) {
            Some(known) => known.functions += functions,
            None if functions > 0 => files.push(Declaring { path: part.file.clone(), functions, own: part.own }),
            None => {}
        }
    }

    /// `typedef void BZFILE;` and pointers to it: a type of its own, unless it only stands for the word `void`.
    fn opaque(&mut self) {
        let returned: BTreeSet<_> = self
            .header
            .functions
            .iter()
            .filter_map(|one| match &one.returns {
                HeaderType::Named(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        for (name, c_type) in &mut self.header.typedefs {
            let word = name.to_ascii_lowercase().contains("void") || returned.contains(name.as_str());
            if c_type.is_void() && !word {
                *c_type = HeaderType::Tagged(format!("void {name}"));
                let record = HeaderRecord { alias: Some(name.clone()), ..HeaderRecord::default() };
                self.header.records.insert(format!("void {name}"), record);
            }
        }
    }

    fn typedef(&mut self, name: String, c_type: HeaderType) {
        if let HeaderType::Tagged(tag) = &c_type {
            let record = match tag.starts_with("enum ") {
                true => self.header.enums.entry(tag.clone()).or_default(),
                false => self.header.records.entry(tag.clone()).or_default(),
            };
            record.alias.get_or_insert_with(|| name.clone());
        }
        self.header.typedefs.insert(name, c_type);
    }

    /// The type that the specifiers give, and whether it is `const`.
    fn base(&mut self, pieces: Vec<Piece<'_>>, own: bool) -> (HeaderType, bool) {
        let (mut words, mut constant, mut found) = (Vec::new(), false, None);
        for piece in pieces {
            let specifier = match piece {
                Piece::Qualifier(qualifier) => {
                    constant |= qualifier.node == TypeQualifier::Const;
                    continue;
                }
                Piece::Specifier(specifier) => specifier,
            };
            match &specifier.node {
                TypeSpecifier::Struct(one) => found = Some(self.record(&one.node, one.span, own)),
                TypeSpecifier::Enum(one) => found = Some(self.enumeration(&one.node, one.span, own)),
                TypeSpecifier::TypedefName(one) => found = Some(HeaderType::Named(one.node.name.clone())),
                other => match word(other) {
                    Some(word) => words.push(word),
                    None => found = Some(HeaderType::Other(self.slice(specifier.span))),
                },
            }
        }
        let c_type = found.unwrap_or_else(|| {
            words.sort_by_key(|word| RANK.iter().position(|known| known == word));
            HeaderType::Number(if words.is_empty() { "int".to_owned() } else { words.join(" ") })
        });
        (c_type, constant)
    }

    /// The type of what a declarator declares, from the outside in, and whether it is `const` itself.
    fn derive(&mut self, declarator: &Declarator, mut c_type: HeaderType, mut constant: bool) -> (HeaderType, bool) {
        // `*` binds less than `()` and `[]`: pointers first, then the rest from the right.
        let (pointers, rest): (Vec<_>, Vec<_>) =
            declarator.derived.iter().partition(|one| matches!(one.node, DerivedDeclarator::Pointer(_)));
        for pointer in pointers {
            c_type = HeaderType::Pointer { to: Box::new(c_type), constant };
            constant = match &pointer.node {
                DerivedDeclarator::Pointer(qualifiers) => qualifiers.iter().any(
                    |one| matches!(&one.node, PointerQualifier::TypeQualifier(one) if one.node == TypeQualifier::Const),
                ),
                _ => false,
            };
        }
        for one in rest.into_iter().rev() {
            c_type = match &one.node {
                DerivedDeclarator::Array(array) => {
                    let length = match &array.node.size {
                        ArraySize::VariableExpression(size) | ArraySize::StaticExpression(size) => {
                            evaluate::number(&size.node, &self.known).and_then(|length| u64::try_from(length).ok())
                        }
                        ArraySize::Unknown | ArraySize::VariableUnknown => None,
                    };
                    HeaderType::Array { of: Box::new(c_type), length, constant: false }
                }
                DerivedDeclarator::Function(function) => HeaderType::Function {
                    returns: Box::new(c_type),
                    parameters: self.parameters(&function.node.parameters),
                    variadic: function.node.ellipsis == Ellipsis::Some,
                },
                _ => HeaderType::Function { returns: Box::new(c_type), parameters: Vec::new(), variadic: false },
            };
        }
        match &declarator.kind.node {
            DeclaratorKind::Declarator(inner) => self.derive(&inner.node, c_type, constant),
            _ => (c_type, constant),
        }
    }

    fn parameters(&mut self, declared: &[Node<ParameterDeclaration>]) -> Vec<HeaderParameter> {
        let mut parameters = Vec::new();
        for parameter in declared {
            let pieces = parameter.node.specifiers.iter().filter_map(|specifier| match &specifier.node {
                DeclarationSpecifier::TypeSpecifier(one) => Some(Piece::Specifier(one)),
                DeclarationSpecifier::TypeQualifier(one) => Some(Piece::Qualifier(one)),
                _ => None,
            });
            let (base, constant) = self.base(pieces.collect(), false);
            let ((c_type, constant), name) = match &parameter.node.declarator {
                Some(declarator) => (self.derive(&declarator.node, base, constant), name(&declarator.node)),
                None => ((base, constant), None),
            };
            // C passes a pointer to the first element, and `const` of the whole is `const` of each.
            let c_type = match (self.array(&c_type), c_type) {
                (Some((of, None)), _) => HeaderType::Pointer { to: of, constant },
                (Some((of, length)), _) => HeaderType::Array { of, length, constant },
                (None, c_type @ HeaderType::Function { .. }) => {
                    HeaderType::Pointer { to: Box::new(c_type), constant: false }
                }
                (None, other) => other,
            };
            parameters.push(HeaderParameter { name, c_type });
        }
        match &parameters[..] {
            [only] if only.name.is_none() && only.c_type.is_void() => Vec::new(),
            _ => parameters,
        }
    }

    /// Elements and length of an array, also of one that a typedef stands for (`typedef unsigned char uuid_t[16]`).
    fn array(&self, c_type: &HeaderType) -> Option<(Box<HeaderType>, Option<u64>)> {
        match self.header.resolve(c_type) {
            HeaderType::Array { of, length, .. } => Some((of.clone(), *length)),
            _ => None,
        }
    }

    fn record(&mut self, record: &StructType, span: Span, own: bool) -> HeaderType {
        let keyword = match record.kind.node {
            StructKind::Struct => "struct",
            StructKind::Union => "union",
        };
        let tag = tag(keyword, record.identifier.as_ref().map(|name| &*name.node.name), span);
        let mut members = Vec::new();
        for declaration in record.declarations.iter().flatten() {
            let StructDeclaration::Field(field) = &declaration.node else { continue };
            let (base, constant) = self.base(pieces(&field.node.specifiers), own);
            for declarator in &field.node.declarators {
                let Some(declarator) = &declarator.node.declarator else { continue };
                let c_type = self.derive(&declarator.node, base.clone(), constant).0;
                members.extend(name(&declarator.node).map(|name| (name, c_type)));
            }
        }
        let body = record.declarations.is_some().then(|| self.slice(span));
        let entry = self.header.records.entry(tag.clone()).or_default();
        if body.is_some() {
            (entry.body, entry.members) = (body, members);
        }
        HeaderType::Tagged(tag)
    }

    fn enumeration(&mut self, one: &EnumType, span: Span, own: bool) -> HeaderType {
        let tag = tag("enum", one.identifier.as_ref().map(|name| &*name.node.name), span);
        let mut next = Some(0i128);
        for enumerator in &one.enumerators {
            if let Some(expression) = &enumerator.node.expression {
                next = evaluate::number(&expression.node, &self.known);
            }
            if let Some(value) = next {
                let name = enumerator.node.identifier.node.name.clone();
                self.known.insert(name.clone(), ConstantValue::Integer(value));
                if own && one.identifier.is_none() {
                    self.header.constants.push((name, ConstantValue::Integer(value)));
                }
            }
            next = next.and_then(|value| value.checked_add(1));
        }
        let body = (!one.enumerators.is_empty()).then(|| self.slice(span));
        let entry = self.header.enums.entry(tag.clone()).or_default();
        if body.is_some() {
            entry.body = body;
        }
        HeaderType::Tagged(tag)
    }

    /// Macros may name others that are defined behind them, so this goes on until nothing new comes.
    fn macros(&mut self, unit: &Unit) {
        let mut values = vec![None; unit.macros.len()];
        for _ in 0..8 {
            let before = values.iter().flatten().count();
            for (at, (name, text)) in unit.macros.iter().enumerate() {
                if values[at].is_none() && !name.contains('(') {
                    values[at] = evaluate::text(text, &self.known);
                    self.known.extend(values[at].clone().map(|value| (name.clone(), value)));
                }
            }
            if values.iter().flatten().count() == before {
                break;
            }
        }
        let found = unit.macros.iter().zip(values).filter_map(|((name, _), value)| Some((name.clone(), value?)));
        let found: Vec<_> = found.filter(|(name, _)| !name.starts_with('_')).collect();
        self.header.constants.extend(found);
    }

    fn slice(&self, span: Span) -> String {
        let text = self.text.get(span.start..span.end).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// A specifier or a qualifier, wherever they stand.
enum Piece<'t> {
    Qualifier(&'t Node<TypeQualifier>),
    Specifier(&'t Node<TypeSpecifier>),
}

fn pieces(specifiers: &[Node<SpecifierQualifier>]) -> Vec<Piece<'_>> {
    let pieces = specifiers.iter().filter_map(|specifier| match &specifier.node {
        SpecifierQualifier::TypeSpecifier(one) => Some(Piece::Specifier(one)),
        SpecifierQualifier::TypeQualifier(one) => Some(Piece::Qualifier(one)),
        SpecifierQualifier::Extension(_) => None,
    });
    pieces.collect()
}

fn tag(keyword: &str, name: Option<&str>, span: Span) -> String {
    name.map_or_else(|| format!("{keyword} <{}>", span.start), |name| format!("{keyword} {name}"))
}

fn word(specifier: &TypeSpecifier) -> Option<&'static str> {
    Some(match specifier {
        TypeSpecifier::Bool => "_Bool",
        TypeSpecifier::Char => "char",
        TypeSpecifier::Complex => "_Complex",
        TypeSpecifier::Double => "double",
        TypeSpecifier::Float => "float",
        TypeSpecifier::Int => "int",
        TypeSpecifier::Long => "long",
        TypeSpecifier::Short => "short",
        TypeSpecifier::Signed => "signed",
        TypeSpecifier::Unsigned => "unsigned",
        TypeSpecifier::Void => "void",
        _ => return None,
    })
}

fn name(declarator: &Declarator) -> Option<String> {
    match &declarator.kind.node {
        DeclaratorKind::Abstract => None,
        DeclaratorKind::Declarator(inner) => name(&inner.node),
        DeclaratorKind::Identifier(name) => Some(name.node.name.clone()),
    }
}
