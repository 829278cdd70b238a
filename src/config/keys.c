/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new key: a line here, its entry in docs/man/packmill.yaml.5.scd or packmill-target.5.scd (a
 * test compares), and a line in show.c. */
#include "config/keys.h"
#include "config/config.h"

/* version/ knows what they mean; a test holds the two lists together. */
const char *const key_policies[] = {"dlrn", "keep", "describe", NULL};
const char *const key_numberings[] = {"0.date.hash", "0.1.date.hash", "minor.date.hash", NULL};
static const char *const layouts[] = {"standard", "two-git", NULL};
static const char *const failures[] = {"wait", "last-good", NULL};
static const char *const tls_words[] = {"auto", "always", "never", NULL};
static const char *const rebuilds[] = {"never", "on-change", NULL};
static const char *const formats[] = {"rpm", "arch", "deb", NULL};
static const char *const classes[] = {"base", "own", "extra", NULL};

#define AT(member) .offset = offsetof(struct OF, member)

/* The same three keys stand in the instance and in a project. */
#define VERSION_KEYS                                                                               \
	{"policy", &type_word, AT(policy), .words = key_policies,                                  \
		.help = "how a commit becomes a version"},                                         \
		{"numbering", &type_word, AT(numbering), .words = key_numberings,                  \
			.help = "form of the release under policy dlrn"},                          \
	{                                                                                          \
		"minor", &type_number, AT(minor),                                                  \
			.min = 0, .max = 999999,                                                   \
			.help = "first number of numbering minor.date.hash"                        \
	}

#define OF config
static const struct key version_keys[] = {VERSION_KEYS};
#undef OF
#define OF config_project
static const struct key project_version_keys[] = {VERSION_KEYS};
#undef OF

#define VERSION_SAYS .what = "'version'", .example = "{policy: dlrn}"
static const struct schema schema_version = {VERSION_SAYS, SCHEMA_KEYS(version_keys)};
static const struct schema schema_project_version = {
	VERSION_SAYS, SCHEMA_KEYS(project_version_keys)};

#define OF config_git
static const struct key git_keys[] = {
	{"url", &type_git_url, AT(url), .help = "an URL or a path"},
	{"branch", &type_ref, AT(branch), .help = "the branch to follow"},
	{"ref", &type_ref, AT(ref), .help = "a tag or commit to stay at"},
	{"web", &type_commit_url, AT(web), .help = "page of a commit, with {sha}"},
};
#undef OF

static void check_git(const struct node *map, struct diag *d)
{
	const struct node *ref = node_get(map, "ref");

	if (ref && node_get(map, "branch"))
		node_error(d, ref, "'ref' stays where it is and 'branch' moves: give one of them");
}

static const struct schema schema_git = {
	.what = "a git repository",
	.example = "{url: ./git/hello}",
	SCHEMA_KEYS(git_keys),
	.check = check_git,
};

/* What a project has and `defaults` may have. */
#define OF           config_project
#define PRIORITY_MAX 1000000
#define PROJECT_KEYS                                                                               \
	{"layout", &type_word, .flags = KEY_MANUAL, .words = layouts,                              \
		.help = "how the sources lie"},                                                    \
		{"upstream", .sub = &schema_git, AT(upstream), .help = "the software's own git"},  \
		{"packaging", .sub = &schema_git, AT(packaging), .help = "the git with the spec"}, \
		{"path", &type_subpath, AT(path), .help = "directory in the packaging git"},       \
		{"spec", &type_spec, AT(spec), .help = "the spec file when there are several"},    \
		{"component", &type_text, AT(component), .help = "a free label"},                  \
		{"version", .sub = &schema_project_version, .help = "as above, for this project"}, \
		{"priority", &type_signed, AT(priority), .min = -PRIORITY_MAX,                     \
			.max = PRIORITY_MAX, .help = "higher is built first"},                     \
		{"rebuild", &type_word, .flags = KEY_MANUAL, .words = rebuilds,                    \
			.help = "whether a dependency's change builds it again"},                  \
		{"maintainers", &type_mail, AT(maintainers), .flags = KEY_LIST,                    \
			.help = "who is told"},                                                    \
	{                                                                                          \
		"targets", &type_name, AT(targets), .flags = KEY_LIST,                             \
						    .help = "only for these targets"               \
	}
static const struct key defaults_keys[] = {PROJECT_KEYS};
static const struct key project_keys[] = {
	{"project", &type_name, AT(project), .flags = KEY_REQUIRED, .help = "its name"},
	{"name", &type_name, AT(name), .help = "the package's name"},
	PROJECT_KEYS,
};
#undef OF
const struct schema schema_project = {
	.what = "a project", .example = "{project: hello}", SCHEMA_KEYS(project_keys)};
static const struct schema schema_defaults = {
	.what = "'defaults'",
	.example = "{packaging: {url: ./git/hello}}",
	SCHEMA_KEYS(defaults_keys),
	.outside = &schema_project,
	.outside_say = "is each project's own and has no default",
};

#define OF config
static const struct key limits_keys[] = {
	{"jobs", &type_unsigned, AT(jobs), .min = 1, .max = 1024, .help = "builds at once"},
	{"memory", &type_size, AT(limits.memory), .min = 16 * MIB, .help = "memory of a build"},
	{"disk", &type_size, AT(limits.disk), .min = 16 * MIB, .help = "bytes a build writes"},
	{"inodes", &type_count, AT(limits.inodes), .min = 0, .max = INT64_MAX,
		.help = "files a build creates"},
	{"log", &type_size, AT(limits.log), .min = 4 * KIB, .help = "bytes of log kept"},
	{"pids", &type_count, AT(limits.pids), .min = 0, .max = 4194304,
		.help = "processes and threads of a build"},
	{"time", &type_time, AT(limits.time), .help = "wall time of a build step"},
	{"cpus", &type_cpus, AT(limits.cpus), .help = "processors of a build"},
	{"retries", &type_count, AT(retries), .min = 0, .max = 100,
		.help = "more tries when the machine failed, not the package"},
};
static const struct schema schema_limits = {
	.what = "'limits'", .example = "{jobs: 2, memory: 4G}", SCHEMA_KEYS(limits_keys)};

static const struct key cache_keys[] = {
	{"roots", &type_size, AT(cache.roots), .min = MIB, .help = "bytes of kept build roots"},
	{"unused", &type_time, AT(cache.unused), .help = "how long an unused one is kept"},
};
static const struct schema schema_cache = {
	.what = "'cache'", .example = "{roots: 50G, unused: 14d}", SCHEMA_KEYS(cache_keys)};

static const struct key keep_keys[] = {
	{"age", &type_time, AT(keep.age), .help = "how long builds are kept"},
	{"count", &type_count, AT(keep.count), .min = 0, .max = INT64_MAX,
		.help = "builds of a project on a target that are kept"},
	{"newest", &type_count, AT(keep.newest), .min = 0, .max = INT64_MAX,
		.help = "builds of a project that always stay"},
};
static const struct schema schema_keep = {
	.what = "'keep'", .example = "{age: 90d, newest: 5}", SCHEMA_KEYS(keep_keys)};

static const struct key notify_keys[] = {
	{"smtp", &type_host_port, AT(notify.smtp), .help = "the mail server"},
	{"from", &type_sender, AT(notify.from), .help = "the sender"},
	{"user", &type_text, AT(notify.user), .help = "name for the mail server"},
	{"password", &type_text, AT(notify.password), .flags = KEY_SECRET,
		.help = "password for the mail server"},
	{"tls", &type_word, .flags = KEY_MANUAL, .words = tls_words,
		.help = "whether the way to it is encrypted"},
	{"ca", &type_path, AT(notify.ca), .help = "file of certificates to trust"},
	{"operators", &type_mail, AT(notify.operators), .flags = KEY_LIST,
		.help = "who is told of trouble with the machine"},
	{"digest", &type_time, AT(notify.digest), .help = "news of that long in one mail"},
	{"rate", &type_count, AT(notify.rate), .min = 0, .max = INT64_MAX,
		.help = "mails to one address in an hour"},
	{"hook", &type_path, AT(notify.hook), .help = "program to start for each event"},
};

/* What was written and does nothing: the mail that was expected would be missed late. */
static void check_notify(const struct node *map, struct diag *d)
{
	static const char *const of_mail[] = {"from", "user", "password", "ca", "operators"};
	const struct node *tls = node_get(map, "tls"), *ca = node_get(map, "ca");
	const struct node *user = node_get(map, "user"), *password = node_get(map, "password");
	bool clear = tls && str_eq(tls->text, "never");

	if (!node_has(map, "smtp")) {
		for (size_t i = 0; i < COUNTOF(of_mail); i++) {
			const struct node *n = node_get(map, of_mail[i]);

			if (n)
				node_warn(d, n, "'%s' does nothing without 'smtp', the mail server",
					of_mail[i]);
		}
		return;
	}
	if (user && !node_has(map, "password"))
		node_warn(d, user, "'user' does nothing without 'password'");
	if (password && !node_has(map, "user"))
		node_warn(d, password, "'password' does nothing without 'user'");
	if (ca && clear)
		node_warn(d, ca, "'ca' does nothing with 'tls: never'");
	if (password && clear)
		node_warn(d, password, "with 'tls: never' the password can be read on the way");
}

static const struct schema schema_notify = {
	.what = "'notify'",
	.example = "{smtp: 'localhost:25', from: packmill@example.org}",
	SCHEMA_KEYS(notify_keys),
	.check = check_notify,
};

static const struct key lint_keys[] = {
	{"fatal", &type_bool, AT(lint_fatal), .help = "errors of rpmlint fail the build"},
};
static const struct schema schema_lint = {
	.what = "'lint'", .example = "{fatal: true}", SCHEMA_KEYS(lint_keys)};

#define COMMON_KEYS                                                                                \
	{"defaults", .sub = &schema_defaults, .flags = KEY_MANUAL,                                 \
		.help = "what projects have unless they say otherwise"},                           \
		{"projects", .sub = &schema_project, .flags = KEY_MANUAL | KEY_LIST,               \
			.help = "what to package"},                                                \
	{                                                                                          \
		"include", &type_path, .flags = KEY_MANUAL | KEY_LIST,                             \
				       .help = "files with more projects"                          \
	}
static const struct key main_keys[] = {
	{"name", &type_name, AT(name), .flags = KEY_REQUIRED, .help = "the repository's id"},
	{"data", &type_path, AT(data), .help = "directory of state, caches and repositories"},
	{"url", &type_web_url, AT(url), .help = "where repos/ can be reached"},
	{"targets", &type_target, .flags = KEY_MANUAL | KEY_LIST | KEY_REQUIRED,
		.help = "what to build for, such as [host]"},
	{"poll", &type_interval, AT(poll), .help = "time between looks for new commits"},
	{"after_failure", &type_word, .flags = KEY_MANUAL, .words = failures,
		.help = "what builds do whose dependency failed"},
	{"version", .sub = &schema_version, .help = "how commits become versions"},
	{"limits", .sub = &schema_limits, .help = "what a build may use"},
	{"cache", .sub = &schema_cache, .help = "how much is kept of build roots"},
	{"keep", .sub = &schema_keep, .help = "how much is kept of the history"},
	{"notify", .sub = &schema_notify, .help = "mail and hook"},
	{"lint", .sub = &schema_lint, .help = "what rpmlint decides"},
	COMMON_KEYS,
};
static const struct key included_keys[] = {COMMON_KEYS};
#undef OF
const struct schema schema_main = {
	.what = "packmill.yaml",
	.example = "{name: trunk, targets: [host]}",
	SCHEMA_KEYS(main_keys),
	.outside = &schema_project,
	.outside_say = "belongs into a project or into 'defaults'",
};
const struct schema schema_included = {
	.what = "an included file",
	.example = "{projects: [{project: hello}]}",
	SCHEMA_KEYS(included_keys),
	.outside = &schema_main,
	.outside_say = "belongs into the main file, not into an included one",
};

#define OF target
static const struct key root_keys[] = {
	{"packages", &type_package, AT(packages), .flags = KEY_LIST,
		.help = "what every build root has"},
	{"host", &type_bool, AT(host), .help = "this machine's own tools are the root"},
	{"weak", &type_bool, AT(weak), .help = "install what packages recommend, too"},
};
static const struct schema schema_root = {
	.what = "'root'",
	.example = "{packages: [rpm-build, gcc, make]}",
	SCHEMA_KEYS(root_keys),
};
#undef OF

#define OF target_repo
static const struct key repo_keys[] = {
	{"id", &type_name, AT(id), .flags = KEY_REQUIRED, .help = "its id"},
	{"class", &type_word, AT(class_), .words = classes, .help = "whose it is"},
	{"priority", &type_int, AT(priority), .min = 1, .max = 9999, .help = "lower wins"},
	{"url", &type_repo_url, AT(urls), .flags = KEY_LIST | KEY_ONE, .help = "where it is"},
	{"metalink", &type_repo_url, AT(metalink), .help = "list of mirrors with checksums"},
	{"mirrorlist", &type_repo_url, AT(mirrorlist), .help = "list of mirrors"},
	{"gpgkey", &type_key_url, AT(gpgkeys), .flags = KEY_LIST | KEY_ONE,
		.help = "keys that sign it"},
	{"repo_gpgcheck", &type_bool, AT(repo_gpgcheck), .help = "its metadata is signed, too"},
	{"metadata_expire", &type_time, AT(metadata_expire), .help = "how long its metadata keeps"},
	{"exclude", &type_package, AT(exclude), .flags = KEY_LIST | KEY_ONE,
		.help = "packages to ignore"},
	{"includepkgs", &type_package, AT(includepkgs), .flags = KEY_LIST | KEY_ONE,
		.help = "the only packages to see"},
};
#undef OF
const struct schema schema_repo = {
	.what = "a repository",
	.example = "{id: base, url: 'https://example.org/os/'}",
	SCHEMA_KEYS(repo_keys),
};

#define OF target
static const struct key target_keys[] = {
	{"name", &type_name, AT(name), .flags = KEY_REQUIRED, .help = "as the file, without .yaml"},
	{"format", &type_word, AT(format), .words = formats, .help = "kind of packages"},
	{"arch", &type_name, AT(arch), .help = "architecture in rpm's words"},
	{"dist", &type_dist, AT(dist), .help = "value of %{dist}"},
	{"releasever", &type_name, AT(releasever), .help = "value of $releasever in URLs"},
	{"root", .sub = &schema_root, .flags = KEY_REQUIRED, .help = "what a build root holds"},
	{"macros", &type_macro, .flags = KEY_FREE, .help = "more rpm macros"},
	{"modules", &type_module, AT(modules), .flags = KEY_LIST,
		.help = "module streams to enable"},
	{"repos", .sub = &schema_repo, .flags = KEY_MANUAL | KEY_LIST,
		.help = "where packages come from"},
};
#undef OF
const struct schema schema_target = {
	.what = "a target file",
	.example = "{name: mine, root: {host: true}}",
	SCHEMA_KEYS(target_keys),
};
