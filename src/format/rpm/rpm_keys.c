/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_keys.c - librpm's keyring, filled by hand. */
#include "format/rpm/rpm_keys.h"
#include "base/fs.h"
#include "base/vec.h"
#include "format/rpm/rpm_lib.h"
#include <ctype.h>
#include <rpm/rpmkeyring.h>
#include <rpm/rpmpgp.h>

#define ARMOR    "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define MAX_KEYS 256

struct key {
	char *fingerprint; /* lowercase hex */
	char *packets;
	size_t n;
};
struct rpm_keys {
	VEC(struct key) keys;
	rpmKeyring ring;
};

static void key_release(struct key *k)
{
	free(k->fingerprint);
	free(k->packets);
}

struct rpm_keys *rpm_keys_new(void)
{
	struct rpm_keys *k = xcalloc(1, sizeof *k);

	k->ring = rpmKeyringNew();
	return k;
}

void rpm_keys_free(struct rpm_keys *k)
{
	if (!k)
		return;
	vec_free(&k->keys, key_release);
	(void)rpmKeyringFree(k->ring);
	free(k);
}

static char *fingerprint(const uint8_t *packets, size_t n)
{
	auto_strbuf struct strbuf sb = STRBUF_INIT;
	uint8_t *fp = NULL;
	size_t len = 0;

	if (pgpPubkeyFingerprint(packets, n, &fp, &len) != 0)
		return NULL;
	for (size_t i = 0; i < len; i++)
		sb_addf(&sb, "%02x", fp[i]);
	free(fp);
	return sb_take(&sb);
}

static bool wanted(const struct strv *fingerprints, const char *have)
{
	if (!fingerprints || !fingerprints->n)
		return true;
	strv_foreach (fingerprints, f) {
		const char *a = *f, *b = have;

		for (; *a; a++) {
			if (isspace((unsigned char)*a))
				continue;
			if (!*b || tolower((unsigned char)*a) != *b)
				break;
			b++;
		}
		if (!*a && !*b)
			return true;
	}
	return false;
}

/* The main key and its subkeys, with which many distributions sign. */
static bool to_ring(rpmKeyring ring, const uint8_t *packets, size_t n)
{
	rpmPubkey key = rpmPubkeyNew(packets, n), *subkeys;
	int count = 0;

	if (!key)
		return false;
	(void)rpmKeyringAddKey(ring, key);
	subkeys = rpmGetSubkeys(key, &count);
	for (int i = 0; i < count; i++) {
		(void)rpmKeyringAddKey(ring, subkeys[i]);
		(void)rpmPubkeyFree(subkeys[i]);
	}
	free(subkeys);
	(void)rpmPubkeyFree(key);
	return true;
}

static bool has(const struct rpm_keys *k, const char *fp)
{
	vec_foreach (&k->keys, it) {
		if (str_eq(it->fingerprint, fp))
			return true;
	}
	return false;
}

/* All certificates of a run of packets; `found` gets the fingerprints of all. */
static size_t add_packets(struct rpm_keys *k, const uint8_t *p, size_t n,
	const struct strv *fingerprints, struct strv *found)
{
	size_t added = 0, len = 0;

	while (n && found->n < MAX_KEYS && pgpPubKeyCertLen(p, n, &len) == 0 && len && len <= n) {
		auto_free char *fp = fingerprint(p, len);

		if (fp) {
			strv_add(found, fp);
			if (wanted(fingerprints, fp) && (has(k, fp) || to_ring(k->ring, p, len))) {
				added++;
				if (!has(k, fp))
					*vec_push(&k->keys) =
						(struct key){.fingerprint = xstrdup(fp),
							.packets = memcpy(xmalloc(len), p, len),
							.n = len};
			}
		}
		p += len;
		n -= len;
	}
	return added;
}

static size_t add_armored(
	struct rpm_keys *k, const char *text, const struct strv *fingerprints, struct strv *found)
{
	size_t added = 0;

	/* librpm reads the first block of a text only */
	for (const char *at = strstr(text, ARMOR); at; at = strstr(at + 1, ARMOR)) {
		uint8_t *packets = NULL;
		size_t n = 0;

		if (pgpParsePkts(at, &packets, &n) == PGPARMOR_PUBKEY)
			added += add_packets(k, packets, n, fingerprints, found);
		free(packets);
	}
	return added;
}

int rpm_keys_add(struct rpm_keys *k, const char *text, size_t n, const struct strv *fingerprints,
	struct err *err)
{
	auto_strv struct strv found = STRV_INIT;
	auto_strbuf struct strbuf log = STRBUF_INIT;
	size_t added;

	rpm_log_begin(&log);
	if (n && (unsigned char)*text & 0x80)
		added = add_packets(k, (const uint8_t *)text, n, fingerprints, &found);
	else
		added = add_armored(k, text, fingerprints, &found);
	rpm_log_end();
	if (added)
		return 0;
	if (!found.n)
		return err_set(err, ERR_SOURCE, "it holds no OpenPGP public key");
	auto_free char *is = strv_join(&found, ", ");
	bool right = false;
	strv_foreach (&found, f)
		right = right || wanted(fingerprints, *f);
	if (right)
		return err_set(err, ERR_SOURCE, "its key %s cannot be used", is);
	auto_free char *asked = strv_join(fingerprints, ", ");
	return err_set(err, ERR_SOURCE, "its key has the fingerprint %s, not %s", is, asked);
}

void rpm_keys_id(const struct rpm_keys *k, char ret[SHA256_HEX])
{
	auto_strv struct strv sums = STRV_INIT;
	struct sha256 *h = sha256_new();

	vec_foreach (&k->keys, it) {
		char one[SHA256_HEX];

		sha256_buf(it->packets, it->n, one);
		strv_add(&sums, one);
	}
	strv_sort(&sums);
	strv_foreach (&sums, s)
		sha256_add_str(h, *s);
	sha256_end(h, ret);
}

void rpm_keys_packets(const struct rpm_keys *k, struct strbuf *ret)
{
	vec_foreach (&k->keys, it)
		sb_addn(ret, it->packets, it->n);
}

/* "RSA/SHA256, <date>, Key ID <16 digits>"; NULL: not signed. */
static char *signature(const char *path)
{
	static const char *const formats[] = {"%{RSAHEADER:pgpsig}", "%{DSAHEADER:pgpsig}",
		"%{SIGPGP:pgpsig}", "%{SIGGPG:pgpsig}"};
	auto_header Header h = NULL;

	if (rpm_header(path, &h, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < COUNTOF(formats); i++) {
		char *s = headerFormat(h, formats[i], NULL);

		if (s && !str_eq(s, "(none)"))
			return s;
		free(s);
	}
	return NULL;
}

/* librpm says only yes or no; the rest is found out when it said no. */
int rpm_keys_check(const struct rpm_keys *k, const char *path, struct err *err)
{
	auto_strbuf struct strbuf log = STRBUF_INIT;
	int r = rpm_verify(path, k->ring, &log, err);

	if (r <= 0 || (r = rpm_verify(path, NULL, &log, err)) < 0)
		return r;
	if (r)
		return err_set(err, ERR_SOURCE, "it is damaged: a digest in it is wrong");
	auto_free char *sig = signature(path);
	if (!sig)
		return err_set(err, ERR_SOURCE, "it is not signed");
	return err_set(err, ERR_SOURCE,
		"its signature is not good by the repository's keys (%.120s)", sig);
}
