import _imp, sys
names = set(sys.builtin_module_names) - {'posix'}
probe = '_interpreters _interpchannels _interpqueues _remote_debugging _testinternalcapi _ctypes posix _socket _posixsubprocess mmap select _signal _sqlite3 _ssl faulthandler nt _winapi'.split()
names.update(name for name in probe if _imp.is_builtin(name))
names = {name for name in names if not name.startswith('_sysconfigdata_')}
print(*sorted(names), sep='\n')
