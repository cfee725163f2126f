import getpass, os, platform, pwd, shutil, signal, tempfile, time
print(os.getuid(), os.geteuid(), os.getgroups(), os.uname().sysname, platform.system(), signal.set_wakeup_fd(-1))
print(tempfile.gettempdir(), os.access('/', os.R_OK), shutil.which('ls'), os.path.expanduser('~'), len(os.sched_getaffinity(0)) == os.cpu_count())
for call in (lambda: pwd.getpwuid(os.getuid()), getpass.getuser, lambda: time.clock_settime(0, 0), os.getlogin):
    try: print(call())
    except (KeyError, OSError) as error: print(type(error).__name__)
os.environ['a'] = 'b'
print(os.environb[b'a'], os.path.expandvars(b'$a'), os.getenv('a'), dict(os.environ))
import datetime, warnings; warnings.simplefilter('ignore'); print(datetime.datetime.strptime('1 Mar', '%d %b').month)
