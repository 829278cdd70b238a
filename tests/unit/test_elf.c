/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When what compiler and linker make is the same, and that every byte counts that should. */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/proc.h"
#include "base/str.h"
#include "format/elf.h"
#include "format/elf_parse.h"
#include "scratch.h"

static char *top;

/* Version and release are what has digits and dots here. */
static void mask(void *ctx, struct sha256 *h, const char *text, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++)
		if (!strchr("0123456789.", text[i]))
			sha256_add(h, text + i, 1);
}

static void run(struct strv *argv)
{
	struct proc_opts o = {.argv = (const char *const *)argv->v, .cwd = top, .timeout = 60};
	auto_err struct err err = ERR_INIT;

	if (proc_check(&o, NULL, ERR_BUILD, &err) < 0)
		fail_msg("%s", err.msg);
}

static void words(const char *text)
{
	auto_strv struct strv argv = STRV_INIT;

	strv_split(&argv, text, " ");
	run(&argv);
}

static void write_text(const char *name, const char *text)
{
	auto_free char *path = path_join(top, name);

	assert_int_equal(fs_write(path, text, strlen(text), 0644, NULL), 0);
}

static char *read_all(const char *name, size_t *ret_n)
{
	auto_free char *path = path_join(top, name);
	char *data = NULL;

	assert_int_equal(fs_read(path, ELF_MAX, &data, ret_n, NULL), 0);
	return data;
}

/* "" when there is none */
static void content(const char *name, char hex[SHA256_HEX])
{
	size_t n;
	auto_free char *data = read_all(name, &n);

	*hex = '\0';
	(void)elf_content(data, n, mask, NULL, hex);
}

struct variant {
	const char *name, *source, *flags, *version, *link;
	bool same; /* as the first */
};
#define SOURCE "int f(int x) { return x * 42; }\n"
static const struct variant variants[] = {
	{"a", SOURCE, "-Wl,--build-id=0x1111,-soname,liba.so.1", "1-1.el9", "a-1-1.el9", true},
	{"id", SOURCE, "-Wl,--build-id=0x2222,-soname,liba.so.1", "1-1.el9", "a-1-1.el9", true},
	{"link", SOURCE, "-Wl,--build-id=0x1111,-soname,liba.so.1", "1-1.el9", "a-1-1.11111.el9",
		true},
	{"note", SOURCE, "-Wl,--build-id=0x2222,-soname,liba.so.1", "1-1.1.el9", "a-1-1.1.el9",
		true},
	{"constant", "int f(int x) { return x * 43; }\n", "-Wl,--build-id=0x1111,-soname,liba.so.1",
		"1-1.el9", "a-1-1.el9", false},
	{"soname", SOURCE, "-Wl,--build-id=0x1111,-soname,liba.so.2", "1-1.el9", "a-1-1.el9",
		false},
	{"rpath", SOURCE, "-Wl,--build-id=0x1111,-soname,liba.so.1,-rpath,/x", "1-1.el9",
		"a-1-1.el9", false},
	{"symbol", "int g(int x) { return x * 42; }\n", "-Wl,--build-id=0x1111,-soname,liba.so.1",
		"1-1.el9", "a-1-1.el9", false},
	{"stack", SOURCE, "-Wl,--build-id=0x1111,-soname,liba.so.1,-z,execstack", "1-1.el9",
		"a-1-1.el9", false},
	{"lazy", SOURCE, "-Wl,--build-id=0x1111,-soname,liba.so.1,-z,now", "1-1.el9", "a-1-1.el9",
		false},
	{"size", SOURCE, "-Wl,--build-id=0x111111,-soname,liba.so.1", "1-1.el9", "a-1-1.el9",
		false},
	{"distribution", SOURCE, "-Wl,--build-id=0x1111,-soname,liba.so.1", "1-1.fc9", "a-1-1.el9",
		false},
};

static void build(const struct variant *v)
{
	auto_free char *lib = xasprintf("%s.so", v->name), *link = xasprintf("%s.debug", v->link);
	auto_free char *source = xasprintf("%s.c", v->name);
	auto_strv struct strv argv = STRV_INIT;

	write_text(source, v->source);
	write_text(link, v->link);
	strv_split(&argv, "gcc -shared -fPIC -O1 -nostdlib -s -o", " ");
	strv_addl(&argv, lib, source, v->flags, "-Xlinker", NULL);
	strv_addf(&argv, "--package-metadata={\"name\":\"a\",\"version\":\"%s\"}", v->version);
	run(&argv);
	auto_free char *add = xasprintf("objcopy --add-gnu-debuglink=%s %s", link, lib);
	words(add);
}

static void compare(void **state)
{
	char first[SHA256_HEX], hex[SHA256_HEX];

	(void)state;
	for (size_t i = 0; i < COUNTOF(variants); i++) {
		auto_free char *lib = xasprintf("%s.so", variants[i].name);

		build(&variants[i]);
		content(lib, i ? hex : first);
		if (!*first || (i && str_eq(first, hex) != variants[i].same))
			fail_msg("'%s' is %s", variants[i].name,
				variants[i].same ? "another" : "the same");
	}
}

static void archive(const char *name, const char *source, const char *flags, const char *member)
{
	auto_free char *cc = xasprintf("gcc -c -O1 %s -o %s m.c", flags, member);
	auto_free char *ar = xasprintf("ar rcD %s %s text.txt", name, member);

	write_text("m.c", source);
	write_text("text.txt", "odd");
	words(cc);
	words(ar);
}

static void archives(void **state)
{
	char a[SHA256_HEX], b[SHA256_HEX];

	(void)state;
	archive("one.a", SOURCE, "-g -fdebug-prefix-map=m.c=/src/a-1-1.el9/m.c", "m.o");
	archive("two.a", SOURCE, "-g -fdebug-prefix-map=m.c=/src/a-1-1.1.el9/m.c", "m.o");
	archive("three.a", "int f(int x) { return x * 43; }\n", "-g", "m.o");
	archive("four.a", SOURCE, "-g", "n.o");
	content("one.a", a);
	assert_true(*a);
	content("two.a", b);
	assert_string_equal(a, b);
	content("three.a", b);
	assert_string_not_equal(a, b);
	content("four.a", b);
	assert_string_not_equal(a, b);
	content("m.c", b);
	assert_string_equal(b, "");
}

/* Places whose bytes may be any: the build id, what is named in elf.h, and where that lies. */
static bool may_differ(const struct elf *e, uint64_t table, uint64_t at)
{
	if (at >= 40 && at < 48) /* place of the sections */
		return true;
	for (size_t i = 0; i < e->n_sections; i++) {
		const struct elf_section *s = &e->sections[i];
		uint64_t head = table + i * 64;
		bool link = str_eq(s->name, ".gnu_debuglink");

		if (elf_within(at, 1, head + 24, 8)) /* a place in the file */
			return true;
		if (link && (elf_within(at, 1, head, 64) || elf_within(at, 1, s->offset, s->size)))
			return true;
		if (str_starts(s->name, ".note.") && elf_within(at, 1, s->offset, s->size))
			return true; /* looked at below */
		if (str_eq(s->name, ".note.package") && elf_within(at, 1, head + 32, 8))
			return true; /* its size */
		/* moved sections have no address: it is their place that counts */
		if (s->addr < 0x1000 && elf_within(at, 1, head + 16, 8))
			return true;
	}
	return false;
}

/* One byte at a time is another one: then the content is another, or there is none. */
static void every_byte(void **state)
{
	char first[SHA256_HEX], hex[SHA256_HEX];
	CLEANUP(elf_release) struct elf e = {0};
	uint64_t table;
	size_t n;

	(void)state;
	auto_free char *data = read_all("a.so", &n);
	auto_free char *copy = read_all("a.so", &n);
	content("a.so", first);
	assert_true(elf_parse((const uint8_t *)copy, n, &e));
	table = elf_get(&e, 40, 8);
	for (size_t i = 0; i < n; i++) {
		char was = data[i];

		data[i] = (char)(was ^ 1);
		if (elf_content(data, n, mask, NULL, hex) && str_eq(first, hex) &&
			!may_differ(&e, table, i))
			fail_msg("byte %zu does not count", i);
		data[i] = was;
	}
	for (size_t i = 0; i < e.n_sections; i++) {
		const struct elf_section *s = &e.sections[i];
		size_t at = (size_t)s->offset + (size_t)s->size - 1;

		if (s->type == SHT_NOBITS || !s->size)
			continue;
		data[at] = (char)(data[at] ^ 1);
		if (!elf_content(data, n, mask, NULL, hex))
			*hex = '\0';
		if (str_eq(first, hex) != (str_eq(s->name, ".note.gnu.build-id") ||
						  str_eq(s->name, ".gnu_debuglink")))
			fail_msg("the end of %s", s->name);
		data[at] = (char)(data[at] ^ 1);
	}
}

static void appended(void **state)
{
	char first[SHA256_HEX], hex[SHA256_HEX];
	size_t n;

	(void)state;
	content("a.so", first);
	auto_free char *data = read_all("a.so", &n);
	data = xrealloc(data, n + 9);
	memset(data + n, 0, 9);
	assert_true(elf_content(data, n + 8, mask, NULL, hex));
	assert_string_equal(first, hex); /* only zeros */
	data[n + 7] = 'x';
	assert_true(elf_content(data, n + 8, mask, NULL, hex));
	assert_string_not_equal(first, hex);
	assert_false(elf_content(data, n - 1, mask, NULL, hex));
}

/* A table as large as can be, of names as long as can be: an answer in bounded time. */
static void large(void **state)
{
	const size_t count = 65279, names = 64 + count * 64, n = names + 1024;
	auto_free uint8_t *data = xcalloc(1, n);
	char hex[SHA256_HEX];
	Elf64_Ehdr h = {.e_ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
		.e_shoff = 64,
		.e_ehsize = 64,
		.e_shentsize = 64,
		.e_shnum = (Elf64_Half)count,
		.e_shstrndx = 1};
	Elf64_Shdr s = {.sh_type = SHT_NOBITS, .sh_size = UINT64_MAX, .sh_flags = SHF_ALLOC};

	(void)state;
	memcpy(data, &h, sizeof h);
	memset(data + names, 'x', 500);
	for (size_t i = 2; i < count; i++)
		memcpy(data + 64 + i * 64, &s, sizeof s);
	s = (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = names, .sh_size = 1024};
	memcpy(data + 64 + 64, &s, sizeof s);
	assert_true(elf_content(data, n, mask, NULL, hex));
	memset(data + names, 'x', 600);
	assert_false(elf_content(data, n, mask, NULL, hex));
}

static int setup(void **state)
{
	(void)state;
	return scratch_make("elf", &top);
}

static int teardown(void **state)
{
	(void)state;
	return scratch_remove(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compare),
		cmocka_unit_test(archives),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(appended),
		cmocka_unit_test(large),
	};

	return cmocka_run_group_tests_name("elf", tests, setup, teardown);
}
