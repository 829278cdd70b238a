/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tool_httpd [-l LOG] [-p PORT] DIR: serves the directory on 127.0.0.1 (a free port by default),
 * prints its URL as one line, and runs until SIGTERM or SIGINT, an hour at most. First folders of a
 * path switch misbehaviour on: http://127.0.0.1:PORT/cut/repodata/repomd.xml (../unit/http_server.h
 * lists them). LOG gets a line for each answer: "METHOD TARGET STATUS BYTES [Range]".
 */
#include "../unit/http_server.h"
#include "base/base.h"
#include <signal.h>

int main(int argc, char **argv)
{
	uint64_t port = 0;
	FILE *log = NULL;
	struct srv *s;
	sigset_t set;
	int c, sig;

	while ((c = getopt(argc, argv, "l:p:")) != -1) {
		if (c == 'l' && !(log = fopen(optarg, "ae"))) {
			perror(optarg);
			return 1;
		}
		if (c == '?' || (c == 'p' && (!str_u64(optarg, &port) || port > 65535)))
			return 2;
	}
	if (argc != optind + 1 || !fs_is_dir(argv[optind])) {
		fprintf(stderr, "usage: tool_httpd [-l LOG] [-p PORT] DIR\n");
		return 2;
	}
	/* before any thread, so that all of them leave these to sigwait */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGALRM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)alarm(3600);
	if (!(s = srv_start(argv[optind], (uint16_t)port, log))) {
		perror("tool_httpd");
		return 1;
	}
	printf("%s\n", s->url);
	(void)fflush(stdout);
	(void)sigwait(&set, &sig);
	srv_stop(s);
	if (log)
		(void)fclose(log);
	return 0;
}
