//! The microprocess's binary: started by the broker with its control socket as descriptor 0.

fn main() {
    cloison_python::main_with(cloison_python::no_extra_modules)
}
