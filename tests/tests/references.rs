//! Objects whose library counts references: closing one reference ends what has been borrowed through it only when it was the last.

use cloison_tests::Project;

const C: &str = r#"
#include <stdlib.h>

struct node { int references; int part; };

static int living;

int nodes(void) { return living; }

struct node *node_new(void)
{
    struct node *node = calloc(1, sizeof *node);
    node->references = 1;
    node->part = 7;
    living++;
    return node;
}

struct node *node_again(struct node *node)
{
    node->references++;
    return node;
}

int *node_part(struct node *node) { return &node->part; }

int part_value(const int *part) { return *part; }

void node_release(struct node *node)
{
    if (--node->references > 0)
        return;
    living--;
    node->part = -1;
    free(node);
}
"#;

const ZONE: &str = r#"
[zone]
name = "case"
version = "1.0.0"
library = { path = "case.so" }

[types.node]
c = "struct node;"
handle = true
refcounted = true
free = "node_release"

[types.part]
c = "struct part;"
handle = true
owner = "node"

[functions.nodes]
c = "int nodes(void)"

[functions.node_new]
c = "struct node *node_new(void)"

[functions.node_again]
c = "struct node *node_again(struct node *node)"

[functions.node_part]
c = "struct part *node_part(struct node *node)"
returns = { borrowed = true }

[functions.part_value]
c = "int part_value(struct part *part)"

[functions.node_release]
c = "void node_release(struct node *node)"
"#;

#[test]
fn what_is_borrowed_lives_as_long_as_any_reference() {
    let project = Project::script(include_str!("../python/references/program.py")).library("case.so", C);
    let manifest = "[capabilities.lib]\nzone = \"case.zone.toml\"\nallow = \"*\"\n";
    let project = project.file("case.zone.toml", ZONE);
    let expected = "closed: True False 7 True
the last: StaleHandle 0
taken: False 7
the last: StaleHandle 0
dropped: 7 1
the last: 0
";
    project.file("cloison.toml", manifest).main(&[]).output().prints(expected);
}
