/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/curl_init.h"
#include <curl/curl.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode once_result;

static void init(void)
{
	once_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int curl_init(struct err *err)
{
	if (pthread_once(&once, init) != 0 || once_result != CURLE_OK)
		return err_set(err, ERR_SYS, "cannot set up libcurl");
	return 0;
}
