//! The scenarios of OTP's process, signal, server and supervisor suites, and what is built on processes in the same way. `docs/otp.md`
//! says which scenario is where, and what was left out.

use cloison_tests::Project;

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let source = include_str!(concat!("../python/otp/", stringify!($name), ".py"));
                let expected = include_str!(concat!("../python/otp/", stringify!($name), ".txt"));
                Project::script(source).main(&[]).output().prints(expected);
            }
        )*

        /// Each program that is there is run.
        #[test]
        fn none_is_forgotten() {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("python/otp");
            let mut there: Vec<_> = std::fs::read_dir(folder)
                .unwrap()
                .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".py")?.to_owned()))
                .collect();
            there.sort();
            assert_eq!(there, [$(stringify!($name)),*]);
        }
    };
}

scenarios! {
    executor_asyncio
    executor_crash
    executor_futures
    process_exits
    server_calls
    server_start
    signals
    supervisor_children
    supervisor_restarts
    supervisor_significant
    supervisor_start
    supervisor_stop
    supervisor_strategies
    supervisor_tree
    task_group
}
