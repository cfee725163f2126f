//! Threads in a microprocess: what `docs/threads.md` says.

use cloison_tests::Project;

#[test]
fn threads_run_at_once_to_their_end() {
    let source = include_str!("../python/threads/threads.py");
    Project::script(source).main(&[]).output().prints(include_str!("../python/threads/threads.txt"));
}
