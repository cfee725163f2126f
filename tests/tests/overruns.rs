//! A manifest that promises the library more room than there is: the first call that writes beyond names the parameter.

use cloison_tests::Project;

const SOURCE: &str = include_str!("../c/overruns.c");

const ZONE: &str = include_str!("../c/overruns.zone.toml");

fn prints(source: &str, instances: &str, expected: &str) {
    let project = Project::script(source).library("case.so", SOURCE);
    let project = project.file("case.zone.toml", &ZONE.replace("INSTANCES", instances));
    let manifest = "[capabilities.lib]\nzone = \"case.zone.toml\"\nallow = \"*\"\n";
    let output = project.file("cloison.toml", manifest).main(&[]).output().ends_with(0);
    assert_eq!(output.stdout, expected, "{instances}\n{output}");
}

#[test]
fn the_client_is_told_which_capacity_is_wrong() {
    for instances in ["shared", "per-client", "per-call"] {
        prints(
            include_str!("../python/overruns/the_client_is_told_which_capacity_is_wrong.py"),
            instances,
            "it wrote beyond the 16 bytes of its `md`: the manifest's `capacity` or `length` for that is wrong, or its type in `c`
it wrote beyond the 16 bytes of its `md`: the manifest's `capacity` or `length` for that is wrong, or its type in `c`
294
",
        );
    }
}

#[test]
fn a_map_names_the_item_that_ends_its_zone() {
    for instances in ["shared", "per-client", "per-call"] {
        prints(
            include_str!("../python/overruns/a_map_names_the_item_that_ends_its_zone.py"),
            instances,
            "0 True True\n3 True True\n25 True True\n250 True True\n777 True True\n999 True True\n",
        );
    }
}
