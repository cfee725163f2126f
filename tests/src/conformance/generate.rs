//! The libraries, each with its calls.

use super::random::Random;
use super::shapes;
use super::suite::Suite;
use super::types::{Function, SCALARS, Scalar, Type, Types, Wide};
use super::values::{Size, Value, limits};

/// Every scalar at its limits: in, returned, and through a callback.
pub fn scalars() -> Suite {
    let mut types = Types::default();
    let enumerations = shapes::enumerations(&mut types);
    let mut suite = Suite::new(types);
    for (index, scalar) in SCALARS.into_iter().enumerate() {
        echo(&mut suite, &format!("echo{index}"), &Type::Scalar(scalar), &limits(scalar));
        if scalar.c != "char" && !scalar.c.ends_with("8_t") && scalar.size_of_one_byte().is_none() {
            scalar_pointers(&mut suite, index, scalar);
        }
        several(&mut suite, index, scalar);
    }
    for (index, wide) in Wide::ALL.into_iter().enumerate() {
        let values = match wide {
            Wide::LongDouble => limits(Scalar { c: "double", kind: super::types::Kind::Double }),
            Wide::ComplexFloat => vec![Value::Complex(0.5, -1.25), Value::Complex(f64::INFINITY, -0.0)],
            _ => {
                vec![Value::Complex(0.1, -1e300), Value::Complex(f64::NAN, f64::NEG_INFINITY), Value::Complex(0.0, 1.0)]
            }
        };
        echo(&mut suite, &format!("echo_wide{index}"), &Type::Wide(wide), &values);
    }
    for (index, of) in enumerations.iter().enumerate() {
        let Type::Enumeration(id) = of else { continue };
        let values: Vec<_> =
            suite.types.enumerations[*id].values.iter().map(|(_, value)| Value::Integer((*value).into())).collect();
        echo(&mut suite, &format!("echo_enum{index}"), of, &values);
    }
    suite
}

/// A function that returns its argument, called with each of the values, and as a callback too.
fn echo(suite: &mut Suite, name: &str, of: &Type, values: &[Value]) {
    let function = Function { name: name.to_owned(), result: of.clone(), parameters: vec![of.clone()], variadic: None };
    let prototype = suite.types.prototype(&function);
    suite.library += &format!("{prototype} {{ {} return a0; }}\n", suite.types.show_parameters(&function.parameters));
    suite.bind(&function);
    let arguments: Vec<_> = values.iter().map(|value| vec![value.clone()]).collect();
    for arguments in &arguments {
        suite.call(&function, name, arguments);
    }
    suite.relay(&function, &arguments);
}

impl Scalar {
    /// Its kind, if a pointer to it could be a string or bytes.
    fn size_of_one_byte(self) -> Option<Self> {
        use super::types::Kind::{Bool, Signed, Unsigned};
        matches!(self.kind, Bool | Signed(8) | Unsigned(8)).then_some(self)
    }
}

/// Pointers to one number: in, out, in-out.
fn scalar_pointers(suite: &mut Suite, index: usize, scalar: Scalar) {
    let of = Type::Scalar(scalar);
    let (c, show) = (scalar.c, suite.types.show(&of, "*cell"));
    // Nothing else says that it is no text.
    let number = if c == "wchar_t" { ", text = false" } else { "" };
    suite.library += &format!("void in_cell{index}(const {c} *cell) {{ {show} }}\n");
    suite.library += &format!("void change_cell{index}({c} *cell, {c} by) {{ {show} *cell = by; }}\n");
    suite.library += &format!("void out_cell{index}({c} *cell, {c} value) {{ *cell = value; }}\n");
    suite.manifest += &format!(
        "\n[functions.in_cell{index}]\nc = \"void in_cell{index}(const {c} *cell)\"\ncell = {{ in = true{number} }}\n\
         \n[functions.change_cell{index}]\nc = \"void change_cell{index}({c} *cell, {c} by)\"\ncell = {{ in = true, out = true{number} }}\n\
         \n[functions.out_cell{index}]\nc = \"void out_cell{index}({c} *cell, {c} value)\"\ncell = {{ out = true{number} }}\n"
    );
    let shown = suite.types.show(&of, "value");
    let line = super::native::LINE;
    for value in limits(scalar) {
        let (python, native) = (suite.types.in_python(&of, &value), suite.types.in_c(&of, &value));
        let after = format!("page = &result; {shown} {line} }}\n");
        suite.compare(
            format!("n.in_cell{index}({python})"),
            &format!("{{ {c} value = {native}; in_cell{index}(&value); page = &result; put(\"none\"); {line} }}\n"),
        );
        suite.compare(
            format!("n.change_cell{index}({python}, 1)"),
            &format!("{{ {c} value = {native}; change_cell{index}(&value, 1); {after}"),
        );
        suite.compare(
            format!("n.out_cell{index}({python})"),
            &format!("{{ {c} value = 0; out_cell{index}(&value, {native}); {after}"),
        );
    }
}

/// Arrays of numbers: read, and turned round in place.
fn several(suite: &mut Suite, index: usize, scalar: Scalar) {
    let (of, c) = (Type::Scalar(scalar), scalar.c);
    if super::values::is_text(&of) {
        return;
    }
    let show = suite.types.show(&of, "row[i]");
    suite.library += &format!(
        "void in_row{index}(const {c} *row, size_t count) {{ for (size_t i = 0; i < count; i++) {{ {show} put(\" \"); }} }}\n\
         void turn_row{index}({c} *row, size_t count) {{ for (size_t i = 0; i < count / 2; i++) {{ {c} t = row[i]; \
         row[i] = row[count - 1 - i]; row[count - 1 - i] = t; }} }}\n"
    );
    suite.manifest += &format!(
        "\n[functions.in_row{index}]\nc = \"void in_row{index}(const {c} *row, size_t count)\"\nrow = {{ in = true, length = \"count\" }}\n\
         \n[functions.turn_row{index}]\nc = \"void turn_row{index}({c} *row, size_t count)\"\nrow = {{ in = true, out = true, length = \"count\" }}\n"
    );
    let values = limits(scalar);
    // What has one byte is bytes in Python; the others are numbers.
    let python = match scalar.size_of_one_byte() {
        Some(_) => {
            let bytes: Vec<_> = values.iter().map(|value| byte(value).to_string()).collect();
            format!("bytes([{}])", bytes.join(", "))
        }
        None => {
            suite.types.in_python(&Type::Array(Box::new(of.clone()), values.len()), &Value::Several(values.clone()))
        }
    };
    let native: Vec<_> = values.iter().map(|value| suite.types.in_c(&of, value)).collect();
    let (native, count) = (native.join(", "), values.len());
    let row = format!("{c} row[] = {{ {native} }};");
    let line = super::native::LINE;
    suite.compare(
        format!("n.in_row{index}({python})"),
        &format!("{{ {row} in_row{index}(row, {count}); page = &result; put(\"none\"); {line} }}\n"),
    );
    let shown = match scalar.size_of_one_byte() {
        Some(_) => format!("show_bytes(row, {count});"),
        None => suite.types.show(&Type::Array(Box::new(of), count), "row"),
    };
    suite.compare(
        format!("n.turn_row{index}({python})"),
        &format!("{{ {row} turn_row{index}(row, {count}); page = &result; {shown} {line} }}\n"),
    );
}

fn byte(value: &Value) -> u8 {
    match value {
        Value::Integer(value) => *value as u8,
        other => unreachable!("{other:?}"),
    }
}

/// Structs and unions by value: in, returned, and through a callback.
pub fn records() -> Suite {
    let random = &mut Random::new(2);
    let mut types = Types::default();
    let mut parts = shapes::enumerations(&mut types);
    let mut all = shapes::sizes(&mut types);
    all.extend(shapes::classes(&mut types));
    all.extend(shapes::wide(&mut types));
    let unions = shapes::unions(&mut types);
    parts.extend(unions.clone());
    all.extend(unions);
    let bits = shapes::bit_fields(&mut types);
    parts.extend(bits.clone());
    all.extend(bits);
    let padded = shapes::padded(&mut types);
    parts.extend(padded.iter().step_by(5).cloned());
    all.extend(padded);
    parts.extend(Wide::ALL.map(Type::Wide));
    all.extend(shapes::random(&mut types, random, &parts, 80));
    let mut suite = Suite::new(types);
    for (index, of) in all.into_iter().enumerate() {
        // Something in front and behind, so that what follows a struct is seen to be in the right place.
        let parameters = vec![shapes::any_scalar(random), of.clone(), shapes::any_scalar(random)];
        function(&mut suite, random, &format!("f{index}"), of, parameters, 1);
    }
    suite
}

/// A function with these types that says what it was given, called and relayed with values at random.
fn function(suite: &mut Suite, random: &mut Random, name: &str, result: Type, parameters: Vec<Type>, times: usize) {
    let function = Function { name: name.to_owned(), result, parameters, variadic: None };
    let value = suite.types.value(random, Size::Any, &function.result);
    suite.speaking(&function, &value);
    let arguments: Vec<Vec<_>> = (0..times)
        .map(|_| function.parameters.iter().map(|of| suite.types.value(random, Size::Any, of)).collect())
        .collect();
    for arguments in &arguments {
        suite.call(&function, name, arguments);
    }
    suite.relay(&function, &arguments);
}

/// Functions with 0 to 20 arguments of every sort.
pub fn mixed() -> Suite {
    let random = &mut Random::new(3);
    let mut types = Types::default();
    let mut parts = shapes::enumerations(&mut types);
    parts.extend(shapes::unions(&mut types));
    parts.extend(Wide::ALL.map(Type::Wide));
    let records = shapes::random(&mut types, random, &parts, 40);
    parts.extend(shapes::classes(&mut types));
    parts.extend(shapes::padded(&mut types));
    parts.extend(records);
    let mut suite = Suite::new(types);
    for index in 0..210 {
        let of = |random: &mut Random| match random.below(3) {
            0 => random.pick(&parts).clone(),
            _ => shapes::any_scalar(random),
        };
        let parameters = (0..index % 21).map(|_| of(random)).collect();
        let result = if index % 10 == 9 { Type::Void } else { of(random) };
        function(&mut suite, random, &format!("f{index}"), result, parameters, 2);
    }
    suite
}

/// Functions with `...`, each with one form.
pub fn variadics() -> Suite {
    let random = &mut Random::new(4);
    let mut types = Types::default();
    let mut parts: Vec<_> = Wide::ALL.map(Type::Wide).into();
    parts.extend(shapes::random(&mut types, random, &[super::types::scalar("int")], 20));
    parts.extend(shapes::padded(&mut types));
    let promoted = ["int", "unsigned int", "long", "unsigned long long", "double", "double"];
    let mut suite = Suite::new(types);
    for index in 0..60 {
        let fixed = 1 + index % 4;
        let mut parameters: Vec<_> = (0..fixed).map(|_| shapes::any_scalar(random)).collect();
        // C leaves `...` behind a type that is promoted undefined; the first is as good as any where it is not the last.
        parameters[fixed - 1] = super::types::scalar(random.pick::<&str>(&promoted));
        for _ in 0..1 + index % 8 {
            parameters.push(match random.below(3) {
                0 => random.pick(&parts).clone(),
                _ => super::types::scalar(random.pick::<&str>(&promoted)),
            });
        }
        let result = random.pick(&[super::types::scalar("int"), super::types::scalar("double")]).clone();
        let function = Function { name: format!("f{index}"), result, parameters, variadic: Some(fixed) };
        let value = suite.types.value(random, Size::Any, &function.result);
        suite.speaking(&function, &value);
        for _ in 0..2 {
            let arguments: Vec<_> =
                function.parameters.iter().map(|of| suite.types.value(random, Size::Any, of)).collect();
            suite.call(&function, &function.name, &arguments);
        }
    }
    suite
}

/// Pointers to structs: in, out, in-out, one and several.
pub fn pointers() -> Suite {
    let random = &mut Random::new(5);
    let mut types = Types::default();
    let mut parts = shapes::enumerations(&mut types);
    let mut all = shapes::classes(&mut types).into_iter().step_by(3).collect::<Vec<_>>();
    all.extend(shapes::wide(&mut types));
    all.extend(shapes::packed(&mut types));
    all.extend(shapes::bit_fields(&mut types));
    all.extend(shapes::padded(&mut types));
    let unions = shapes::unions(&mut types);
    parts.extend(all.clone());
    parts.extend(unions.clone());
    all.extend(unions);
    all.extend(shapes::random(&mut types, random, &parts, 60));
    let mut suite = Suite::new(types);
    for of in all {
        pointer(&mut suite, random, &of);
    }
    suite
}

fn pointer(suite: &mut Suite, random: &mut Random, of: &Type) {
    let Type::Record(index) = of else { return };
    let (name, c) = (suite.types.records[*index].name.clone(), suite.types.c(of));
    let line = super::native::LINE;
    let values: Vec<_> = (0..4).map(|_| suite.types.value(random, Size::Any, of)).collect();
    let python: Vec<_> = values.iter().map(|value| suite.types.in_python(of, value)).collect();
    let native: Vec<_> = values.iter().map(|value| suite.types.in_c(of, value)).collect();
    suite.library += &format!(
        "void in_{name}(const {c} *at) {{ show_{name}(*at); }}\n\
         void out_{name}({c} *at) {{ *at = {0}; }}\n\
         int change_{name}({c} *at) {{ show_{name}(*at); *at = {0}; return 7; }}\n\
         void in_row_{name}(const {c} *row, int count) {{ for (int i = 0; i < count; i++) show_{name}(row[i]); }}\n\
         void turn_row_{name}({c} *row, int count) {{ {c} t = row[0]; row[0] = row[count - 1]; row[count - 1] = t; }}\n\
         void out_row_{name}({c} *row, int count) {{ for (int i = 0; i < count; i++) row[i] = {0}; }}\n",
        native[0]
    );
    for (what, key) in [
        (format!("void in_{name}(const {c} *at)"), "at = { in = true }"),
        (format!("void out_{name}({c} *at)"), "at = { out = true }"),
        (format!("int change_{name}({c} *at)"), "at = { in = true, out = true }"),
        (format!("void in_row_{name}(const {c} *row, int count)"), "row = { in = true, length = \"count\" }"),
        (format!("void turn_row_{name}({c} *row, int count)"), "row = { in = true, out = true, length = \"count\" }"),
        (
            format!("void out_row_{name}({c} *row, int count)"),
            "row = { out = true, capacity = \"count\", max = \"64 KiB\" }\ncount = { range = [0, 100] }",
        ),
    ] {
        let function = what.split(['(', ' ']).nth(1).expect("a name");
        suite.manifest += &format!("\n[functions.{function}]\nc = \"{what}\"\n{key}\n");
    }
    let row = format!("{c} row[] = {{ {} }};", native.join(", "));
    let shown = suite.types.show(&Type::Array(Box::new(of.clone()), 4), "row");
    let one = format!("{c} value = {};", native[1]);
    suite.compare(
        format!("n.in_{name}({})", python[1]),
        &format!("{{ {one} in_{name}(&value); page = &result; put(\"none\"); {line} }}\n"),
    );
    suite.compare(
        format!("n.out_{name}()"),
        &format!("{{ {c} value; out_{name}(&value); page = &result; show_{name}(value); {line} }}\n"),
    );
    suite.compare(
        format!("n.change_{name}({})", python[1]),
        &format!(
            "{{ {one} change_{name}(&value); page = &result; put(\"[7,\"); show_{name}(value); put(\"]\"); {line} }}\n"
        ),
    );
    suite.compare(
        format!("n.in_row_{name}([{}])", python.join(", ")),
        &format!("{{ {row} in_row_{name}(row, 4); page = &result; put(\"none\"); {line} }}\n"),
    );
    suite.compare(
        format!("n.turn_row_{name}([{}])", python.join(", ")),
        &format!("{{ {row} turn_row_{name}(row, 4); page = &result; {shown} {line} }}\n"),
    );
    suite.compare(
        format!("n.out_row_{name}(4)"),
        &format!("{{ {row} out_row_{name}(row, 4); page = &result; {shown} {line} }}\n"),
    );
}
