/* What a library that has been taken over tries. `attempt(n)` makes one attempt and returns what it got: at least 0 if it
 * succeeded, -errno if not. The same code runs in a zone, in a constructor inside a zone, and (control.c) without any wall.
 * Macros say where the bait is: FOLDER, PORT, ABSTRACT, CANARY (a process). */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static long RESULT(long value) { return value < 0 ? -(long)errno : value; }
extern char **environ;

static long file(const char *path, int flags) {
    int descriptor = open(path, flags, 0644);
    if (descriptor < 0) return -errno;
    char some[64];
    long got = (flags & O_ACCMODE) == O_RDONLY ? read(descriptor, some, sizeof some) : write(descriptor, "attacked", 8);
    long result = RESULT(got);
    close(descriptor);
    return result;
}

static long talk(const struct sockaddr *address, socklen_t length) {
    int descriptor = socket(address->sa_family, SOCK_STREAM, 0);
    if (descriptor < 0) return -errno;
    long result = RESULT(connect(descriptor, address, length));
    if (result == 0) result = RESULT(write(descriptor, "attacked", 8));
    close(descriptor);
    return result;
}

static long tcp(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return talk((struct sockaddr *)&address, sizeof address);
}
static long abstract(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path + 1, ABSTRACT);
    return talk((struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(ABSTRACT));
}
static long path_socket(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, FOLDER "/socket");
    return talk((struct sockaddr *)&address, sizeof address);
}
static long families(void) {
    long made = 0;
    for (int family = 0; family < 47; family++)
        for (int kind = 1; kind <= 5; kind++) {
            int descriptor = socket(family, kind, 0);
            if (descriptor >= 0) made++, close(descriptor);
        }
    return made > 0 ? made : -EACCES;
}

static long child(pid_t pid) {
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid(pid, 0, 0);
    return RESULT(pid);
}
static long clone_raw(void) { return child((pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }
static int idle(void *nothing) { return (int)syscall(SYS_exit, 0); }
static long thread(void) {
    char *stack = malloc(65536);
    return RESULT(clone(idle, stack + 65536, 0x50f00, 0));
}

static long executable(int memory, int flags, int descriptor) {
    unsigned char *code = mmap(0, 4096, memory, flags, descriptor, 0);
    if (code == MAP_FAILED) return -errno;
    if (memory & PROT_WRITE) code[0] = 0xc3;
    if (!(memory & PROT_EXEC) && mprotect(code, 4096, PROT_READ | PROT_EXEC) != 0) return -errno;
    ((void (*)(void))code)();
    return 0;
}
static long aliased(void) {
    int descriptor = memfd_create("alias", 0);
    if (descriptor < 0) return -errno;
    if (write(descriptor, "\xc3", 1) != 1) return -errno;
    return executable(PROT_READ | PROT_EXEC, MAP_SHARED, descriptor);
}

static long another_library(void) { return dlopen(FOLDER "/second.so", RTLD_NOW) != 0 ? 0 : -ENOENT; }
/* Glibc's, which a zone may not have loaded: present on every machine, and readable until the seal. */
static long system_library(void) { return dlopen("libresolv.so.2", RTLD_NOW) != 0 ? 0 : -ENOENT; }

static long variables(void) {
    long count = 0;
    while (environ != 0 && environ[count] != 0) count++;
    return count > 0 ? count : -ENOENT;
}
static long host_name(void) {
    struct utsname names;
    if (uname(&names) != 0) return -errno;
    return strcmp(names.nodename, HOST) == 0 ? 0 : -ENOENT;
}
static long folder_entries(void) {
    DIR *folder = opendir("/");
    if (folder == 0) return -errno;
    long count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != 0;) count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}
static long shared_segment(void) {
    int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    if (id < 0) return -errno;
    shmctl(id, IPC_RMID, 0);
    return id;
}
static long posix_segment(void) {
    int descriptor = open("/dev/shm/cloison-attack", O_CREAT | O_RDWR, 0600);
    if (descriptor < 0) return -errno;
    unlink("/dev/shm/cloison-attack");
    return 0;
}
/* In a zone that is more than it has; outside it is less. */
static long core_files(void) {
    struct rlimit limit = {1, 1};
    return RESULT(setrlimit(RLIMIT_CORE, &limit));
}
static long pages(void) {
    static const char constant[8] = "constant";
    int descriptor = open("/proc/self/mem", O_RDWR);
    if (descriptor < 0) return -errno;
    long result = RESULT(pwrite(descriptor, "attacked", 8, (off_t)(uintptr_t)constant));
    close(descriptor);
    return result;
}
static long canary(int signal) { return RESULT(kill(CANARY, signal)); }

#define ATTEMPTS(X) \
    X(read_file, file(FOLDER "/canary", O_RDONLY)) \
    X(read_passwd, file("/etc/passwd", O_RDONLY)) \
    X(write_file, file(FOLDER "/canary", O_WRONLY)) \
    X(create_file, file(FOLDER "/created", O_WRONLY | O_CREAT)) \
    X(remove_file, RESULT(unlink(FOLDER "/removable"))) \
    X(rename_file, RESULT(rename(FOLDER "/movable", FOLDER "/moved"))) \
    X(change_mode, RESULT(chmod(FOLDER "/canary", 0666))) \
    X(link_file, RESULT(link(FOLDER "/canary", FOLDER "/linked"))) \
    X(make_folder, RESULT(mkdir(FOLDER "/made", 0755))) \
    X(climb, file("/proc/self/cwd/../../../../etc/passwd", O_RDONLY)) \
    X(list_root, folder_entries()) \
    X(environment_of_others, file("/proc/1/environ", O_RDONLY)) \
    X(environment_of_parent, file("/proc/self/../1/status", O_RDONLY)) \
    X(own_memory, pages()) \
    X(tcp, tcp()) \
    X(abstract_socket, abstract()) \
    X(path_socket, path_socket()) \
    X(families, families()) \
    X(socket_pair, RESULT(socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){0}))) \
    X(fork, child(fork())) \
    X(clone, clone_raw()) \
    X(thread, thread()) \
    X(signal_zero, canary(0)) \
    X(signal_kill, canary(SIGKILL)) \
    X(writable_code, executable(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1)) \
    X(code_later, executable(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1)) \
    X(code_in_memfd, aliased()) \
    X(another_library, another_library()) \
    X(system_library, system_library()) \
    X(variables, variables()) \
    X(host_name, host_name()) \
    X(shared_segment, shared_segment()) \
    X(posix_segment, posix_segment()) \
    X(core_files, core_files()) \
    X(priority, RESULT(setpriority(PRIO_PROCESS, 0, 5))) \
    X(working_folder, RESULT(chdir("/usr"))) \
    X(dumpable, RESULT(prctl(PR_SET_DUMPABLE, 1))) \
    X(parent, RESULT(getppid())) \
    X(session, RESULT(setpgid(0, 0))) \
    X(pidfd, RESULT(syscall(SYS_pidfd_open, CANARY, 0))) \
    X(io_uring, RESULT(syscall(SYS_io_uring_setup, 1, &(char[256]){0}))) \
    X(keyring, RESULT(syscall(SYS_keyctl, 0, -3, 1))) \
    X(timer, RESULT(syscall(SYS_setitimer, 0, &(long[4]){0, 0, 0, 0}, 0)))

/* Whoever tries one of these is not told no. Not one of them may succeed in any way. */
#define LETHAL(X) \
    X(execve, syscall(SYS_execve, "/bin/true", (char *[]){"true", 0}, (char *[]){0})) \
    X(execveat, syscall(SYS_execveat, -100, "/bin/true", (char *[]){"true", 0}, (char *[]){0}, 0)) \
    X(ptrace_me, syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)) \
    X(ptrace_canary, syscall(SYS_ptrace, PTRACE_SEIZE, CANARY, 0, 0)) \
    X(read_canary, syscall(SYS_process_vm_readv, CANARY, 0, 0, 0, 0, 0)) \
    X(unshare, syscall(SYS_unshare, 0x10000000)) \
    X(personality, syscall(SYS_personality, 0x0400000)) \
    X(queue_signal, syscall(SYS_rt_sigqueueinfo, CANARY, 0, &(siginfo_t){.si_code = -1})) \
    X(seccomp, syscall(SYS_seccomp, 2, 0, &(char[8]){0})) \
    X(landlock, syscall(SYS_landlock_create_ruleset, 0, 0, 1)) \
    X(thirty_two_bits, thirty_two_bits())

/* getpid by the 32-bit entry, with a number that means another call in 64 bits. */
static long thirty_two_bits(void) {
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
    return result;
#else
    return -ENOSYS;
#endif
}

#define NAME(name, code) #name,
#define CASE(name, code) case __COUNTER__ - BASE - 1: return code;
static const char *const names[] = {ATTEMPTS(NAME) LETHAL(NAME)};
enum { COUNT = sizeof names / sizeof *names };
enum { BASE = __COUNTER__ };

long attempt(int number) {
    errno = 0;
    switch (number) {
        ATTEMPTS(CASE)
    }
    return -9999;
}
enum { LATER = __COUNTER__ };
#undef CASE
#define CASE(name, code) case __COUNTER__ - LATER - 1: { long got = code; return RESULT(got); }
long lethal(int number) {
    errno = 0;
    switch (number) {
        LETHAL(CASE)
    }
    return -9999;
}

#define ONE(name, code) +1
enum { HARMLESS = 0 ATTEMPTS(ONE) };
int harmless_count(void) { return HARMLESS; }
int count(void) { return COUNT; }
const char *name(int number) { return number >= 0 && number < COUNT ? names[number] : ""; }
int uid(void) { return (int)getuid(); }
int effective_gid(void) { return (int)getegid(); }

/* Which of 1024 descriptors are open, as bytes. */
void descriptors(unsigned char *open, unsigned int count) {
    for (unsigned int i = 0; i < count; i++) open[i] = fcntl((int)i, F_GETFD) >= 0;
}

static long early[HARMLESS];
long early_attempt(int number) { return number >= 0 && number < HARMLESS ? early[number] : -9999; }

#ifdef EARLY
__attribute__((constructor)) static void try_early(void) {
    for (int i = 0; i < HARMLESS; i++) early[i] = attempt(i);
}
#endif
#ifdef EARLY_LETHAL
__attribute__((constructor)) static void die_early(void) {
    /* It gets here only if it is not ended. */
    if (lethal(EARLY_LETHAL) >= 0) early[0] = 4242;
}
#endif
