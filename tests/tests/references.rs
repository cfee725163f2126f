//! Objects whose library counts references: closing one reference ends what has been borrowed through it only when it was the last.

use cloison_tests::Project;

const C: &str = r#"
#include <stdlib.h>

struct node { int references; int part; };

static int living;
static struct node *latest;

int nodes(void) { return living; }

struct node *node_new(void)
{
    struct node *node = calloc(1, sizeof *node);
    node->references = 1;
    node->part = 7;
    latest = node;
    living++;
    return node;
}

struct node *node_again(struct node *node)
{
    node->references++;
    return node;
}

struct node *node_latest(void) { return latest; }

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

[functions.node_latest]
c = "struct node *node_latest(void)"
returns = { borrowed = true }

[functions.node_part]
c = "struct part *node_part(struct node *node)"
returns = { borrowed = true }

[functions.part_value]
c = "int part_value(struct part *part)"

[functions.node_release]
c = "void node_release(struct node *node)"
"#;

fn project(program: &str) -> Project {
    let manifest = "[capabilities.lib]\nzone = \"case.zone.toml\"\nallow = \"*\"\n";
    Project::script(program).library("case.so", C).file("case.zone.toml", ZONE).file("cloison.toml", manifest)
}

#[test]
fn what_is_borrowed_lives_as_long_as_any_reference() {
    let expected = "closed: True False 7 True
the last: True StaleHandle True 0
taken: False 7
the last: StaleHandle True 0
dropped: 7 1
the last: 0
";
    project(include_str!("../python/references/program.py")).main(&[]).output().prints(expected);
}

/// Whoever borrows an object that another client ends is told so, before a call and by it.
#[test]
fn what_another_client_has_ended_is_closed() {
    let expected = "before: False 7 False 7
after: True StaleHandle True StaleHandle
<closed part handle of capability 'lib'>
";
    project(include_str!("../python/references/neighbours.py")).main(&[]).output().prints(expected);
}
