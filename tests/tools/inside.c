/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inside - tries one thing from inside a sandbox per argument and prints a line "NAME RESULT" for
 * each: "ok", the name of the errno, or a signal. Without arguments it lists what it can try.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TRY(name) static long try_##name(void)
#define CALL(name, ...)                                                                            \
	static long try_##name(void)                                                               \
	{                                                                                          \
		return syscall(__VA_ARGS__);                                                       \
	}

static char zero[4096];

CALL(keyctl, SYS_keyctl, 0, -3, 0)
CALL(add_key, SYS_add_key, "user", "x", "y", 1, -3)
CALL(request_key, SYS_request_key, "user", "x", NULL, 0)
CALL(bpf, SYS_bpf, 0, zero, 120)
CALL(perf_event_open, SYS_perf_event_open, zero, 0, -1, -1, 0)
CALL(userfaultfd, SYS_userfaultfd, 1)
CALL(kexec_load, SYS_kexec_load, 0, 0, 0, 0)
CALL(init_module, SYS_init_module, zero, 1, "")
CALL(finit_module, SYS_finit_module, 0, "", 0)
CALL(open_by_handle_at, SYS_open_by_handle_at, AT_FDCWD, zero, 0)
CALL(io_uring_setup, SYS_io_uring_setup, 4, zero)
CALL(syslog, SYS_syslog, 3, zero, 10)
CALL(swapon, SYS_swapon, "/x", 0)
CALL(reboot, SYS_reboot, 1, 2, 3, 0)
CALL(quotactl, SYS_quotactl, 0x80000100, NULL, 0, 0)
CALL(acct, SYS_acct, "/nonexistent")
CALL(clone3, SYS_clone3, zero, 64)
CALL(fsopen, SYS_fsopen, "tmpfs", 0)
CALL(pidfd_getfd, SYS_pidfd_getfd, -1, 0, 0)
CALL(pivot_root, SYS_pivot_root, ".", ".")

TRY(settimeofday)
{
	struct timezone tz = {0};

	return settimeofday(NULL, &tz);
}

TRY(mount)
{
	return mount("t", "/tmp", "tmpfs", 0, NULL);
}

TRY(umount)
{
	return umount2("/proc", MNT_DETACH);
}

TRY(remount)
{
	return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL);
}

TRY(unshare_user)
{
	return unshare(CLONE_NEWUSER);
}

TRY(unshare_mount)
{
	return unshare(CLONE_NEWNS);
}

TRY(unshare_files)
{
	return unshare(CLONE_FILES); /* no namespace: must stay possible */
}

TRY(clone_user)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}

TRY(setns)
{
	return setns(0, 0);
}

TRY(mknod_null)
{
	unlink("/tmp/null");
	return mknod("/tmp/null", S_IFCHR | 0666, makedev(1, 3));
}

TRY(mknod_disk)
{
	return mknod("/tmp/disk", S_IFBLK | 0666, makedev(254, 0));
}

static long family(int af, int type)
{
	return socket(af, type | SOCK_CLOEXEC, 0);
}

TRY(vsock)
{
	return family(AF_VSOCK, SOCK_STREAM);
}

TRY(vsock_high_bits)
{
	/* the kernel takes an int: bits above it must not help */
	return syscall(SYS_socket, UINT64_C(0x100000000) | AF_VSOCK, SOCK_STREAM, 0);
}

TRY(alg)
{
	return family(AF_ALG, SOCK_SEQPACKET);
}

TRY(packet)
{
	return family(AF_PACKET, SOCK_RAW);
}

TRY(raw_ip)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
}

TRY(internet)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(53)};

	a.sin_addr.s_addr = htonl(0x08080808);
	return connect(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&a, sizeof a);
}

TRY(loopback)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int s = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), got;
	socklen_t n = sizeof a;
	char ch = 'x';

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(s, (struct sockaddr *)&a, sizeof a) || listen(s, 1) ||
		getsockname(s, (struct sockaddr *)&a, &n) ||
		connect(c, (struct sockaddr *)&a, sizeof a) || (got = accept(s, NULL, NULL)) < 0 ||
		write(c, &ch, 1) != 1)
		return -1;
	return read(got, &ch, 1) == 1 ? 0 : -1;
}

/* int 0x80 and x32: the 64-bit filter must not be walked around. */
#if defined __x86_64__
static long call32(long nr, long a, long b, long c)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	if ((int)r >= 0)
		return (int)r;
	errno = -(int)r;
	return -1;
}

static unsigned *low_page(void)
{
	return mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
}

TRY(i386_getpid)
{
	return call32(20, 0, 0, 0);
}

TRY(i386_vsock)
{
	return call32(359, AF_VSOCK, SOCK_STREAM, 0);
}

TRY(i386_socketcall)
{
	unsigned *p = low_page();

	p[0] = AF_VSOCK;
	p[1] = SOCK_STREAM;
	p[2] = 0;
	return call32(102, 1, (long)(uintptr_t)p, 0);
}

TRY(i386_keyctl)
{
	return call32(288, 0, -3, 0);
}

TRY(i386_unshare)
{
	return call32(310, CLONE_NEWUSER, 0, 0);
}

TRY(x32_getpid)
{
	return syscall(0x40000000 | 39);
}

TRY(x32_keyctl)
{
	return syscall(0x40000000 | 250, 0, -3, 0);
}
#endif

static int open_pty(void)
{
	int m = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), unlock = 0;

	if (m < 0 || ioctl(m, TIOCSPTLCK, &unlock) < 0)
		return -1;
	return ioctl(m, TIOCGPTPEER, O_RDWR | O_NOCTTY);
}

TRY(pty)
{
	return open_pty();
}

static long on_pty(unsigned long request, void *arg)
{
	int s = open_pty();

	setsid();
	if (s < 0 || ioctl(s, TIOCSCTTY, 0) < 0)
		return -2;
	return syscall(SYS_ioctl, s, request, arg);
}

TRY(tiocsti)
{
	return on_pty(TIOCSTI, zero);
}

TRY(tiocsti_high_bits)
{
	return on_pty(UINT64_C(0xdead00000000) | TIOCSTI, zero);
}

TRY(tioclinux)
{
	return on_pty(TIOCLINUX, zero);
}

TRY(ptrace)
{
	int pid = fork(), st;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, &st, 0);
	return ptrace(PTRACE_CONT, pid, 0, 0);
}

TRY(personality)
{
	return personality(ADDR_NO_RANDOMIZE);
}

TRY(chroot)
{
	return chroot("/tmp");
}

TRY(setuid)
{
	return setuid(65534);
}

static const char *a_file(void)
{
	static const char name[] = "/tmp/inside-file";

	unlink(name);
	close(open(name, O_CREAT | O_WRONLY, 0644));
	return name;
}

TRY(chown)
{
	return chown(a_file(), 1, 1);
}

TRY(chown_top)
{
	return chown(a_file(), 65535, 65535);
}

TRY(chown_beyond)
{
	return chown(a_file(), 65536, 65536);
}

TRY(chmod_4755)
{
	const char *f = a_file();
	struct stat st;

	if (chmod(f, 04755) < 0 || stat(f, &st) < 0)
		return -1;
	return (st.st_mode & 07777) == 04755 ? 0 : -2;
}

TRY(setcap)
{
	uint32_t v[5] = {0x02000001, 1U << 10, 0, 0, 0}; /* cap_net_bind_service */

	return setxattr(a_file(), "security.capability", v, sizeof v, 0);
}

TRY(mkfifo)
{
	unlink("/tmp/fifo");
	return mkfifo("/tmp/fifo", 0600);
}

TRY(shm)
{
	return open("/dev/shm/x", O_CREAT | O_RDWR, 0600);
}

TRY(memfd)
{
	return memfd_create("x", 0);
}

TRY(fds)
{
	/* nothing but the three streams came in */
	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return errno = EEXIST, -1;
	return 0;
}

TRY(stdin)
{
	char ch;

	return read(0, &ch, 1) == 0 ? 0 : -2;
}

TRY(session)
{
	return getsid(0) > 0 ? 0 : -2; /* 0: its leader is outside of our pid namespace */
}

TRY(no_new_privs)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -2;
}

TRY(sigpipe)
{
	struct sigaction sa;

	sigaction(SIGPIPE, NULL, &sa);
	return sa.sa_handler == SIG_DFL ? 0 : -2;
}

#define T(name)                                                                                    \
	{                                                                                          \
#name, try_##name                                                                  \
	}
static const struct {
	const char *name;
	long (*fn)(void);
} tries[] = {T(keyctl), T(add_key), T(request_key), T(bpf), T(perf_event_open), T(userfaultfd),
	T(kexec_load), T(init_module), T(finit_module), T(open_by_handle_at), T(io_uring_setup),
	T(syslog), T(swapon), T(reboot), T(quotactl), T(acct), T(clone3), T(fsopen), T(pidfd_getfd),
	T(pivot_root), T(settimeofday), T(mount), T(umount), T(remount), T(unshare_user),
	T(unshare_mount), T(unshare_files), T(clone_user), T(setns), T(mknod_null), T(mknod_disk),
	T(vsock), T(vsock_high_bits), T(alg), T(packet), T(raw_ip), T(internet), T(loopback),
#if defined __x86_64__
	T(i386_getpid), T(i386_vsock), T(i386_socketcall), T(i386_keyctl), T(i386_unshare),
	T(x32_getpid), T(x32_keyctl),
#endif
	T(pty), T(tiocsti), T(tiocsti_high_bits), T(tioclinux), T(ptrace), T(personality),
	T(chroot), T(setuid), T(chown), T(chown_top), T(chown_beyond), T(chmod_4755), T(setcap),
	T(mkfifo), T(shm), T(memfd), T(fds), T(stdin), T(session), T(no_new_privs), T(sigpipe)};

/* "r:/path" and "w:/path" open a file, "l:/path" reads a link. */
static long try_path(const char *arg)
{
	char buf[4096];
	int fd;

	if (*arg == 'l')
		return readlink(arg + 2, buf, sizeof buf);
	fd = open(arg + 2, (*arg == 'w' ? O_WRONLY : O_RDONLY) | O_NONBLOCK);
	if (fd < 0 || *arg == 'w')
		return fd;
	return read(fd, buf, 1) < 0 && errno != EISDIR ? -1 : 0;
}

/* In a child, so that nothing one try does reaches the next. */
static void run(const char *name, long (*fn)(void))
{
	int pid, st;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		long r;

		errno = 0;
		r = fn ? fn() : try_path(name);
		printf("%s %s\n", name, r >= 0 ? "ok" : r == -2 ? "wrong" : strerrorname_np(errno));
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &st, 0);
	if (WIFSIGNALED(st))
		printf("%s signal %d\n", name, WTERMSIG(st));
}

int main(int argc, char **argv)
{
	const size_t n = sizeof tries / sizeof *tries;

	for (size_t i = 0; i < n && argc == 1; i++)
		printf("%s\n", tries[i].name);
	for (int a = 1; a < argc; a++) {
		size_t i = 0;

		while (i < n && strcmp(tries[i].name, argv[a]) != 0)
			i++;
		if (i == n && argv[a][1] != ':')
			printf("%s unknown\n", argv[a]);
		else
			run(argv[a], i < n ? tries[i].fn : NULL);
	}
	return 0;
}
