//! Reads C sources as simple as those of libffi's test suite: structs, typedefs, functions.
//!
//! The preprocessor runs first, without any header; what is left is cut into top-level items. An item that mentions libffi
//! itself (`ffi_…`) or is `main` belongs to the original test, and is dropped. Since many sources become one library, the
//! names that a source declares get a prefix.

use super::tokens::{
    Token, body_of_function, declared, items, name_of_function, of_the_original, pointer_to_function, preprocess,
    tokens, without_attributes,
};
use super::types::{Function, Member, Record, SCALARS, Type, Types, Wide};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// What one source declares.
#[derive(Default)]
pub struct Source {
    /// Its items in C, with their new names.
    pub text: String,
    /// Functions that can be called, by their new names.
    pub functions: Vec<Function>,
    /// Types of functions, which have no body.
    pub pointers: Vec<Function>,
    /// Functions that cannot, and why.
    pub left_out: Vec<(String, String)>,
}

/// Reads sources one after another; types are collected.
#[derive(Default)]
pub struct Reader {
    /// Of all sources.
    pub types: Types,
    /// Functions with `...`, and the types that stand there.
    forms: &'static [(&'static str, &'static str)],
    names: HashMap<String, Type>,
    /// `typedef struct tag alias;` of structs that come later.
    promised: HashMap<String, String>,
}

impl Reader {
    /// One that knows these forms of functions with `...`.
    pub fn new(forms: &'static [(&'static str, &'static str)]) -> Self {
        Self { forms, ..Self::default() }
    }

    /// Read a file; names get `prefix` in front.
    pub fn read(&mut self, path: &Path, prefix: &str) -> Source {
        let items = items(&without_attributes(tokens(&preprocess(path))));
        let own: Vec<_> = items.into_iter().filter(|item| !of_the_original(item)).collect();
        let declared: HashSet<_> = own.iter().flat_map(|item| declared(item)).collect();
        let mut source = Source::default();
        for item in own {
            let item: Vec<_> = item
                .into_iter()
                .filter(|token| token != "static" && token != "__extension__")
                .map(|token| if declared.contains(&token) { format!("{prefix}{token}") } else { token })
                .collect();
            self.item(&item, &mut source);
        }
        source
    }

    fn item(&mut self, item: &[Token], source: &mut Source) {
        source.text += &item.join(" ");
        source.text.push('\n');
        if let Some(body) = body_of_function(item) {
            let name = name_of_function(&item[..body]).unwrap_or_default();
            match self.function(&item[..body]) {
                Ok(function) => source.functions.push(function),
                Err(reason) => source.left_out.push((name, reason)),
            }
        } else if let Some(inner) = pointer_to_function(item) {
            if let Ok(function) = self.function(&inner) {
                source.pointers.push(Function { name: format!("{}_", function.name), ..function });
            }
        } else if item[0] == "typedef" || item.iter().any(|token| token == "{") {
            // What is not understood here is missed where a function wants it.
            let _ = self.types_of(item);
        }
    }

    fn types_of(&mut self, item: &[Token]) -> Result<(), String> {
        let typedef = item[0] == "typedef";
        let rest = if typedef { &item[1..] } else { item };
        let Some(open) = rest.iter().position(|token| token == "{") else {
            if let [keyword, tag, alias, _] = rest
                && matches!(keyword.as_str(), "struct" | "union")
                && !self.names.contains_key(&format!("{keyword} {tag}"))
            {
                self.promised.insert(format!("{keyword} {tag}"), alias.clone());
                return Ok(());
            }
            let (of, at) = self.specifiers(rest)?;
            let [name, end] = &rest[at..] else { return Err("an unusual typedef".to_owned()) };
            if end == ";" {
                self.names.insert(name.clone(), of);
            }
            return Ok(());
        };
        let close = rest.iter().rposition(|token| token == "}").ok_or("no end")?;
        let members = self.members(&rest[open + 1..close])?;
        let tag = (open == 2).then(|| rest[1].clone());
        let alias = rest[close + 1..].iter().find(|token| *token != ";" && *token != "__attribute__").cloned();
        let (name, c) = match (&tag, &alias) {
            (_, Some(alias)) if typedef => (alias.clone(), alias.clone()),
            (Some(tag), _) => (tag.clone(), format!("{} {tag}", rest[0])),
            _ => return Err("a struct without a name".to_owned()),
        };
        let record = Record { c, union: rest[0] == "union", ..Record::new(&name, members) };
        let of = self.types.add(record);
        let tag = tag.map(|tag| format!("{} {tag}", rest[0]));
        let promised = tag.as_ref().and_then(|tag| self.promised.remove(tag));
        for name in tag.into_iter().chain(promised).chain(alias.filter(|_| typedef)) {
            self.names.insert(name, of.clone());
        }
        Ok(())
    }

    fn members(&self, tokens: &[Token]) -> Result<Vec<Member>, String> {
        let mut members = Vec::new();
        for line in tokens.split(|token| token == ";").filter(|line| !line.is_empty()) {
            let (of, at) = self.specifiers(line)?;
            for declarator in line[at..].split(|token| token == ",") {
                let of = match &declarator[1..] {
                    [] => of.clone(),
                    [open, length, close] if open == "[" && close == "]" => {
                        let length = length.parse().map_err(|_| "an array of computed length".to_owned())?;
                        Type::Array(Box::new(of.clone()), length)
                    }
                    _ => return Err("a member that is no plain one".to_owned()),
                };
                members.push(Member { name: declarator[0].clone(), of, bits: None, align: None });
            }
        }
        Ok(members)
    }

    /// The type at the front, and where it ends.
    fn specifiers(&self, tokens: &[Token]) -> Result<(Type, usize), String> {
        let mut words = Vec::new();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token.as_str() {
                "const" | "extern" | "inline" | "volatile" => {}
                "struct" | "union" | "enum" if words.is_empty() => {
                    let name = format!("{token} {}", tokens.get(at + 1).ok_or("no name")?);
                    let of = self.names.get(&name).cloned().ok_or_else(|| format!("{name} is not known"))?;
                    return pointed(tokens, of, at + 2);
                }
                word if WORDS.contains(&word) => words.push(word),
                name if words.is_empty() => {
                    let of = self.names.get(name).cloned().or_else(|| by_name(name));
                    let of = of.ok_or_else(|| format!("{name} is not known"))?;
                    return pointed(tokens, of, at + 1);
                }
                _ => break,
            }
            at += 1;
        }
        let of = by_words(&mut words).ok_or_else(|| format!("{} is no type", words.join(" ")))?;
        pointed(tokens, of, at)
    }

    /// A function from what stands before its body.
    fn function(&self, head: &[Token]) -> Result<Function, String> {
        let (result, at) = self.specifiers(head)?;
        let [name, open, rest @ ..] = &head[at..] else { return Err("no function".to_owned()) };
        if open != "(" {
            return Err("an unusual declarator".to_owned());
        }
        let inner = &rest[..rest.len() - 1];
        let mut parameters = Vec::new();
        for parameter in inner.split(|token| token == ",") {
            match parameter {
                [] => {}
                [void] if void == "void" => {}
                [dots] if dots == "..." => {
                    let form = self.forms.iter().find(|(of, _)| of == name).ok_or("variadic, of no one form")?.1;
                    let fixed = parameters.len();
                    for parameter in tokens(form).split(|token| token == ",") {
                        parameters.push(self.specifiers(parameter)?.0);
                    }
                    let variadic = Some(fixed);
                    return Ok(Function { name: name.clone(), result, parameters, variadic });
                }
                _ if parameter.iter().any(|token| token == "(") => return Err("a pointer to a function".to_owned()),
                _ => parameters.push(self.specifiers(parameter)?.0),
            }
        }
        Ok(Function { name: name.clone(), result, parameters, variadic: None })
    }
}

/// The words that types are made of.
pub const WORDS: [&str; 9] = ["_Complex", "char", "double", "float", "int", "long", "short", "signed", "unsigned"];

fn pointed(tokens: &[Token], of: Type, at: usize) -> Result<(Type, usize), String> {
    if tokens.get(at).is_some_and(|token| token == "*") { Err("a pointer".to_owned()) } else { Ok((of, at)) }
}

fn by_name(name: &str) -> Option<Type> {
    let name = match name {
        "void" => return Some(Type::Void),
        "UINT32" => "uint32_t",
        "UINT64" => "uint64_t",
        name => name,
    };
    SCALARS.iter().find(|scalar| scalar.c == name).map(|scalar| Type::Scalar(*scalar))
}

/// `unsigned int`, `long int unsigned`, …
fn by_words(words: &mut Vec<&str>) -> Option<Type> {
    let complex = words.iter().position(|word| *word == "_Complex").map(|at| words.remove(at)).is_some();
    words.sort_unstable();
    let name = match words.as_slice() {
        ["double", "long"] => return Some(Type::Wide(if complex { Wide::ComplexLong } else { Wide::LongDouble })),
        ["double"] if complex => return Some(Type::Wide(Wide::ComplexDouble)),
        ["float"] if complex => return Some(Type::Wide(Wide::ComplexFloat)),
        _ if complex => return None,
        ["signed"] | ["int", "signed"] => "int",
        ["unsigned"] | ["int", "unsigned"] => "unsigned int",
        ["char", "signed"] => "signed char",
        ["char", "unsigned"] => "unsigned char",
        ["int", "short"] | ["short", "signed"] => "short",
        ["short", "unsigned"] | ["int", "short", "unsigned"] => "unsigned short",
        ["int", "long"] | ["long", "signed"] => "long",
        ["long", "unsigned"] | ["int", "long", "unsigned"] => "unsigned long",
        ["long", "long"] | ["int", "long", "long"] | ["long", "long", "signed"] => "long long",
        ["long", "long", "unsigned"] | ["int", "long", "long", "unsigned"] => "unsigned long long",
        [one] => one,
        _ => return None,
    };
    by_name(name)
}
