/* A constructor that has been taken over. It looks round, and pretends to be sealed: FILTER is 1 to answer in seccomp's
   place, 2 in Landlock's, 3 in both. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_descriptors, writable_code;

/* The seal's own system calls succeed and do nothing. */
static void pretend(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, FILTER & 1 ? 2 : 0, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_restrict_self, FILTER & 2 ? 1 : 0, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* Whatever is open and can be mapped twice, to write and to run. */
static void look(void) {
    for (int number = 0; number < 64; number++) {
        struct stat status;
        if (fstat(number, &status) != 0) continue;
        open_descriptors |= 1 << number;
        void *data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0);
        void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, number, 0);
        writable_code += data != MAP_FAILED && code != MAP_FAILED;
    }
}

__attribute__((constructor)) static void hostile(void) {
    look();
    if (FILTER) pretend();
}

/* What it has found: descriptors as bits, and how many of them are as good as code. */
int opened(void) { return open_descriptors; }
int code(void) { return writable_code; }
