/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/config.h"

static const char template[] =
	"# packmill.yaml - what to package, for which targets (manual: man 5 packmill.yaml).\n"
	"# Check it with `packmill config check`, see the result with `packmill config show`.\n"
	"# Relative paths start from the directory of this file.\n"
	"\n"
	"# The repository's id: [name] in the .repo file that dnf reads.\n"
	"name: packages\n"
	"\n"
	"# State, caches and the published repositories (data/repos).\n"
	"data: ./data\n"
	"\n"
	"# Where others reach data/repos; stands in .repo files and links.\n"
	"#url: https://packages.example.org\n"
	"\n"
	"# What to build for. `host` is this machine; `packmill target list` names the others.\n"
	"targets: [host]\n"
	"\n"
	"# How a commit becomes a version: dlrn (every commit higher than the last), describe "
	"(from\n"
	"# the tag), keep (what the spec says).\n"
	"#version: {policy: dlrn, numbering: 0.date.hash}\n"
	"\n"
	"# Builds at once, and what each of them may use.\n"
	"#limits: {jobs: 2, memory: 4G, time: 2h, disk: 20G, log: 64M}\n"
	"\n"
	"# What projects have unless they say otherwise. {project} and {name} are replaced.\n"
	"#defaults:\n"
	"#  upstream:  {url: \"https://example.org/git/{project}\", branch: main}\n"
	"#  packaging: {url: \"https://example.org/packaging/{name}\"}\n"
	"#  maintainers: [team@example.org]\n"
	"\n"
	"# One entry per package. With an upstream and a packaging repository every commit of\n"
	"# either is built; with a packaging repository alone it holds the spec and the sources.\n"
	"projects: []\n"
	"#  - project: hello\n"
	"#    upstream:  {url: ./git/hello, branch: main}\n"
	"#    packaging: {url: ./git/hello-packaging}\n"
	"\n"
	"# More projects in other files.\n"
	"#include: [more-projects.yaml]\n";

const char *config_template(void)
{
	return template;
}
