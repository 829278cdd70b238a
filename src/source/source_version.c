/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source_version.c - what version the upstream's own build declares. Plain data is read here by
 * readers that execute nothing; all else is asked in one call inside the root.
 */
#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "source/parts.h"

#define LIMIT_METADATA (1 * MIB)

bool source_may_declare(const struct strv *names)
{
	strv_foreach (names, n) {
		if (str_eq(*n, "setup.py") || str_eq(*n, "pyproject.toml") ||
			str_eq(*n, "setup.cfg") || str_eq(*n, "metadata.json") ||
			str_ends(*n, ".gemspec"))
			return true;
	}
	return false;
}

/* A digit in it, none but the characters versions have. 0.0.0 is what setuptools says when it was
 * told nothing. */
static bool looks_like_version(const char *s)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "._+~^!-";

	return *s && strlen(s) <= LIMIT_NAME && strspn(s, fine) == strlen(s) &&
	       strpbrk(s, "0123456789") && !strchr("._+~^!-", *s) && !str_eq(s, "0.0.0");
}

static bool accept(struct source *s, const char *version)
{
	auto_free char *v = version ? str_trim(version) : NULL;

	if (!v || !looks_like_version(v))
		return false;
	str_set(&s->declared, v);
	return true;
}

char *source_read_inert(const struct source *s, const char *name)
{
	auto_close int dir = open(s->upstream, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = dir < 0 ? -1 : fs_open_beneath(dir, name, O_RDONLY | O_NONBLOCK, NULL);
	struct stat st;
	char *text = NULL;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		fs_read_fd(fd, LIMIT_METADATA, &text, NULL, NULL) < 0)
		return NULL;
	return text;
}

/* `key = value` or `key = "value"` in [section]; comments and all else are passed over. */
static char *ini_value(const char *text, const char *section, const char *key)
{
	auto_strv struct strv lines = STRV_INIT;
	auto_free char *head = xasprintf("[%s]", section);
	bool in = false;

	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		auto_free char *line = str_trim(*l);
		size_t n = strlen(key);

		if (*line == '[')
			in = str_starts(line, head);
		if (!in || !str_starts(line, key))
			continue;
		n += strspn(line + n, " \t");
		if (line[n] != '=')
			continue;
		n += 1 + strspn(line + n + 1, " \t");
		if (line[n] == '"' || line[n] == '\'') {
			char quote[2] = {line[n], '\0'};

			return xstrndup(line + n + 1, strcspn(line + n + 1, quote));
		}
		return xstrndup(line + n, strcspn(line + n, " \t#;"));
	}
	return NULL;
}

static bool from_ini(struct source *s, const char *file, const char *section)
{
	auto_free char *text = source_read_inert(s, file);
	auto_free char *value = text ? ini_value(text, section, "version") : NULL;

	return accept(s, value);
}

static bool from_json(struct source *s)
{
	auto_free char *text = source_read_inert(s, "metadata.json");
	auto_json json_t *j = NULL;

	if (!text || json_parse(text, strlen(text), "metadata.json", &j, NULL) < 0)
		return false;
	return accept(s, json_get_str(j, "version"));
}

/*
 * Asked in this order, each on its own and silently: what fails says nothing. The tree is shown
 * read-only and setup.py may write beside itself, hence the copy; with history where it is there
 * (source_history), as pbr and setuptools_scm ask git. PBR_VERSION would make pbr say what we told
 * it.
 */
static const char script[] =
	"unset PBR_VERSION PYTHONPATH\n"
	"w=$(mktemp -d) || exit 0\n"
	"if [ -d \"$1/.git\" ] && command -v git >/dev/null; then\n"
	"	HOME=$w; export HOME\n"
	"	git config --global safe.directory '*'\n"
	"	git clone -q --shared \"$1/.git\" \"$w/tree\" >/dev/null 2>&1 || rm -rf "
	"\"$w/tree\"\n"
	"fi\n"
	"[ -d \"$w/tree\" ] || cp -R \"$1\" \"$w/tree\" 2>/dev/null\n"
	"cd \"$w/tree\" || exit 0\n"
	"if [ -f setup.py ]; then\n"
	"	echo setup.py; python3 setup.py --version </dev/null 2>/dev/null\n"
	"elif [ -f setup.cfg ] || grep -q setuptools pyproject.toml 2>/dev/null; then\n"
	"	echo setuptools\n"
	"	python3 -c 'import setuptools; setuptools.setup()' --version </dev/null "
	"2>/dev/null\n"
	"fi\n"
	"for g in *.gemspec; do\n"
	"	[ -f \"$g\" ] || continue\n"
	"	echo gemspec\n"
	"	ruby -e 'puts Gem::Specification.load(ARGV[0]).version' \"$g\" </dev/null "
	"2>/dev/null\n"
	"done\n"
	"cd /; rm -rf \"$w\"\n"
	"exit 0\n";

/* Each tool's answer is its last line that looks like a version; the first tool that has one wins.
 */
static void take_answer(struct source *s, const char *out)
{
	static const char *const tools[] = {"setup.py", "setuptools", "gemspec"};
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, out);
	strv_foreach (&lines, l) {
		bool head = false;

		for (size_t i = 0; i < COUNTOF(tools); i++)
			head = head || str_eq(*l, tools[i]);
		if (head && s->declared)
			return;
		if (!head)
			(void)accept(s, *l);
	}
}

static int ask(struct runner *r, struct source *s, struct err *err)
{
	const char *const argv[] = {"sh", "-c", script, "ask-version", "/in", NULL};
	struct runner_cmd cmd = {.argv = argv, .bind_src = s->upstream, .bind_dst = "/in"};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct runner_result res = {0};
	int rc = r->run(r, &cmd, &out, &res, err);

	if (rc < 0)
		return err_wrap(err, "ask the upstream for its version");
	take_answer(s, sb_str(&out));
	return 0;
}

/* Whether a tool has to be asked: static metadata was not enough. */
static bool must_ask(const struct source *s)
{
	auto_strv struct strv names = STRV_INIT;

	if (fs_list(s->upstream, &names, NULL) < 0)
		return false;
	strv_foreach (&names, n) {
		if (str_eq(*n, "setup.py") || str_eq(*n, "setup.cfg") ||
			str_eq(*n, "pyproject.toml") || str_ends(*n, ".gemspec"))
			return true;
	}
	return false;
}

int source_ask_version(struct runner *r, struct source *s, struct err *err)
{
	int rc;

	if (!s->upstream || from_ini(s, "pyproject.toml", "project"))
		return 0;
	if (must_ask(s) && (rc = ask(r, s, err)) < 0)
		return rc;
	if (!s->declared && !from_ini(s, "setup.cfg", "metadata"))
		(void)from_json(s);
	return 0;
}
